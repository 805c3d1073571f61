//! What a store is made of, and how an operation gets its one outcome.

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak, atomic::AtomicBool},
    time::{Duration, Instant},
};

use mongodb::options::{Acknowledgment, SelectionCriteria, WriteConcern};
use tokio::sync::Notify;

use super::{
    bounds::{OperationBound, budget},
    deadlines,
    inbox::Inbox,
    sink::{Event, Sink},
    stats::Stats,
    sweep_answer::SweepAnswer,
    ticket::Ticket,
    work::Work,
};
use crate::{
    command::target::Target,
    error::{Error, Result},
    mongo::{
        clients::{self, Lease},
        context::Settings,
        topology::{Subscriber, Unserved, View},
    },
    options::{
        ConnectionSpec,
        config::{AutoRemove, StoreConfig},
    },
    session::Outcome,
};

/// Operations of a store without an outcome, by default.
const DEFAULT_MAX_QUEUE: usize = 100_000;
/// The default deadline, unless server selection may take longer.
const DEFAULT_OPERATION_TIMEOUT: Duration = Duration::from_secs(30);

pub struct Store {
    pub(super) sink: Arc<dyn Sink>,
    pub(super) lease: Lease,
    pub(super) settings: Arc<Settings>,
    pub(super) auto_remove: AutoRemove,
    pub(super) sweep_interval: Duration,
    pub(super) stats: Stats,
    /// Whether the end of each command is an event.
    pub(super) watches_commands: AtomicBool,
    /// Something for the engine to look at.
    pub(super) wake: Notify,
    /// A write may have made a row, and with it the collection.
    pub(super) made_rows: Arc<Notify>,
    pub(super) sweep_answer: Arc<SweepAnswer>,
    work: Mutex<Work>,
    /// The engine has not been woken for what was submitted last.
    pub(super) unflushed: AtomicBool,
    pub(super) bound: OperationBound,
    pub(super) operation_timeout: Duration,
    /// `waitQueueTimeoutMS`: how long an operation may wait to be sent while a server is known.
    pub(super) wait_queue_timeout: Option<Duration>,
    inbox: Mutex<Inbox>,
    unserved: Mutex<Unserved>,
    presence: Mutex<Presence>,
    /// What is wrong with the collection, once that is known: see soundness.rs.
    pub(super) verdict: OnceLock<Option<Error>>,
}

/// Whether there is a server that takes writes, as the app has been told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Presence {
    Awaited,
    Connected,
    Lost,
}

impl Store {
    pub fn open(config: StoreConfig, sink: Arc<dyn Sink>) -> Result<Arc<Self>> {
        let spec = ConnectionSpec::parse(&config)?;
        for message in &spec.warnings {
            sink.event(Event::Warning { code: "CONNECT_MONGO_OPTION", message: message.clone() });
        }
        let operation_timeout = config
            .operation_timeout
            .or(spec.operation_timeout)
            .unwrap_or(DEFAULT_OPERATION_TIMEOUT.max(spec.server_selection_timeout));
        let settings = Arc::new(settings(&config, &spec));
        if settings.compares_values && settings.target.unacknowledged {
            let message = "conflicts needs acknowledged writes, and the write concern is w: 0";
            return Err(Error::new("MongoInvalidArgumentError", message));
        }
        let wait_queue_timeout = spec.wait_queue_timeout;
        let pool = usize::try_from(spec.max_pool_size).unwrap_or(usize::MAX);
        let store = Arc::new(Self {
            sink,
            work: Mutex::new(Work::new(&settings.target.layout, pool)),
            settings,
            auto_remove: config.auto_remove,
            sweep_interval: config.sweep_interval,
            stats: Stats::default(),
            watches_commands: AtomicBool::new(false),
            wake: Notify::new(),
            made_rows: Arc::default(),
            sweep_answer: Arc::default(),
            unflushed: AtomicBool::new(false),
            bound: OperationBound::new(config.max_queue.unwrap_or(DEFAULT_MAX_QUEUE)),
            operation_timeout,
            wait_queue_timeout,
            inbox: Mutex::default(),
            unserved: Mutex::new(Unserved::from_now()),
            presence: Mutex::new(Presence::Awaited),
            verdict: OnceLock::new(),
            lease: clients::acquire(spec)?,
        });
        let watched: Weak<Store> = Arc::downgrade(&store);
        store.lease.connection.topology.subscribe(watched.clone());
        deadlines::watch(watched).map_err(|error| {
            Error::new("MongoRuntimeError", format!("the deadline thread could not be started: {error}"))
        })?;
        store.lease.spawner.spawn(Arc::clone(&store).run());
        Ok(store)
    }

    pub fn stats(&self) -> String {
        let in_flight = self.work().operations_in_flight();
        let pending = self.bound.operations();
        let connected = self.presence() == Presence::Connected;
        self.stats.json(connected, pending.saturating_sub(in_flight), in_flight)
    }

    /// Whether no accepted operation is left.
    pub fn is_idle(&self) -> bool {
        let work = self.work();
        self.inbox().requests.is_empty() && work.is_idle()
    }

    /// Blocks until `stores` have sent what they accepted, or `limit` is over.
    pub fn wait_until_idle(stores: &[Arc<Self>], limit: Duration) {
        let end = Instant::now() + limit;
        while Instant::now() < end && !stores.iter().all(|store| store.is_idle()) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(super) fn inbox(&self) -> MutexGuard<'_, Inbox> {
        lock(&self.inbox)
    }

    pub(super) fn work(&self) -> MutexGuard<'_, Work> {
        lock(&self.work)
    }

    pub(super) fn unserved(&self) -> Unserved {
        *lock(&self.unserved)
    }

    pub(super) fn operations(&self) -> usize {
        self.bound.operations()
    }

    /// Operations have been settled by their deadlines: the engine makes way.
    pub(super) fn has_expired(&self) {
        self.work().has_expired = true;
        self.wake.notify_one();
    }

    /// Gives an operation its outcome, unless it has one.
    pub(super) fn settle(&self, ticket: &Ticket, outcome: Result<Outcome>) {
        if ticket.claim.settle() {
            self.hand_out(ticket, outcome);
        }
    }

    /// Fails an operation that waits; one that is in a command is left to its deadline.
    pub(super) fn settle_unsent(&self, ticket: &Ticket, error: impl FnOnce() -> Error) -> bool {
        let claimed = ticket.claim.settle_unsent();
        if claimed {
            self.hand_out(ticket, Err(error()));
        }
        claimed
    }

    fn hand_out(&self, ticket: &Ticket, outcome: Result<Outcome>) {
        self.stats.operation(ticket.kind, ticket.admitted.elapsed(), outcome.is_err());
        let bytes = outcome.as_ref().map_or(0, Outcome::bytes);
        if bytes > 0 {
            budget().reply_waits(bytes);
        }
        self.sink.settle(ticket, outcome.map_err(|error| error.told(ticket.kind.writes())));
    }

    /// Emits `connected` and `disconnected` when the state changes. Until the first attempt to connect has ended, there
    /// is nothing to tell of.
    pub(super) fn note_connection(&self, writable: bool) {
        if self.lease.connection.is_ready() && writable {
            self.note(Presence::Connected);
        } else if self.presence() != Presence::Awaited {
            self.note(Presence::Lost);
        }
    }

    pub(super) fn note_failed_attempt(&self) {
        self.note(Presence::Lost);
    }

    /// The event leaves under the lock, so that events leave in the order of the changes.
    fn note(&self, now: Presence) {
        let mut presence = lock(&self.presence);
        if std::mem::replace(&mut *presence, now) != now {
            self.sink.event(if now == Presence::Connected { Event::Connected } else { Event::Disconnected });
        }
    }

    fn presence(&self) -> Presence {
        *lock(&self.presence)
    }
}

impl Subscriber for Store {
    fn topology_changed(&self, view: &View) {
        let readable = view.is_readable(self.settings.selection.as_ref());
        lock(&self.unserved).update(view.is_writable(), readable);
        self.note_connection(view.is_writable());
    }
}

fn settings(config: &StoreConfig, spec: &ConnectionSpec) -> Settings {
    let unacknowledged = spec
        .write_concern
        .as_ref()
        .is_some_and(|concern| concern.w == Some(Acknowledgment::Nodes(0)) && concern.journal != Some(true));
    let raw = |concern| bson::serialize_to_raw_document_buf(concern).ok();
    Settings {
        target: Target {
            collection: config.collection.clone(),
            layout: config.layout,
            fields: config.fields.clone(),
            read_concern: spec
                .read_concern
                .as_ref()
                .and_then(|concern| bson::serialize_to_raw_document_buf(concern).ok()),
            write_concern: spec.write_concern.as_ref().and_then(raw),
            unacknowledged,
        },
        writes_wait: spec.write_concern.as_ref().map(waits),
        database: spec.database.clone(),
        selection: spec.read_preference.clone().map(SelectionCriteria::ReadPreference),
        pages_by_gt: AtomicBool::new(false),
        compares_values: config.compares_values,
        retry_reads: spec.retry_reads,
        retry_writes: spec.retry_writes,
        api_strict: spec.server_api.as_ref().is_some_and(|api| api.strict == Some(true)),
    }
}

/// Whether a write with this concern waits for more than the primary's memory.
fn waits(concern: &WriteConcern) -> bool {
    let alone = matches!(concern.w, Some(Acknowledgment::Nodes(0 | 1)));
    !alone || concern.journal == Some(true)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
