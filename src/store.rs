//! A store: where operations come in, and where their outcomes go out.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use mongodb::options::{Acknowledgment, SelectionCriteria};
use tokio::sync::Notify;

use crate::{
    batch::Target,
    bounds::{self, Bounds},
    client_options::ConnectionSpec,
    config::{AutoRemove, StoreConfig},
    deadlines::{self, Watched},
    deployment::{Deployment, State},
    engine::Work,
    error::{Error, Result},
    id::Id,
    layout::{Dates, Layout, Row, Value},
    monitor::{Since, Subscriber, View},
    operation::{Event, Kind, Outcome, Request, Sink, Ticket},
    stats::Stats,
};

/// Operations of a store without an outcome, by default.
const DEFAULT_MAX_QUEUE: usize = 100_000;
/// The place of an operation that has none.
const REFUSED: u64 = u64::MAX;
/// The default deadline, unless server selection may take longer.
const DEFAULT_OPERATION_TIMEOUT: Duration = Duration::from_secs(30);

pub struct Store {
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) deployment: Arc<Deployment>,
    pub(crate) target: Target,
    pub(crate) database: String,
    pub(crate) auto_remove: AutoRemove,
    pub(crate) sweep_interval: Duration,
    pub(crate) stats: Stats,
    /// Something for the engine to look at.
    pub(crate) wake: Notify,
    pub(crate) work: Mutex<Work>,
    /// The engine has not been woken for what was submitted last.
    unflushed: AtomicBool,
    /// Finds wait until JavaScript has taken what was found.
    pub(crate) stalled: AtomicBool,
    pub(crate) bounds: Bounds,
    operation_timeout: Duration,
    /// `waitQueueTimeoutMS`: how long an operation may wait to be sent while a server is known.
    wait_queue_timeout: Option<Duration>,
    /// `None`: the primary.
    selection: Option<SelectionCriteria>,
    inbox: Mutex<Inbox>,
    since: Mutex<Since>,
    connected: AtomicBool,
}

/// What the JavaScript thread leaves for the I/O thread.
#[derive(Default)]
pub(crate) struct Inbox {
    pub requests: Vec<(u64, Request, Arc<Ticket>)>,
    /// Payloads of sets that took their places earlier.
    pub deliveries: Vec<Delivered>,
    reserved: HashMap<u64, (Id, Arc<Ticket>)>,
    /// The engine has room for another command and wants to be woken by the next read, the next write.
    pub hungry_for_reads: bool,
    pub hungry_for_writes: bool,
    pub closing: bool,
    /// Waiting for the close.
    pub closers: Vec<Arc<Ticket>>,
    /// Engine at work no more: nobody would answer.
    pub closed: bool,
    next_seq: u64,
    /// What may still time out, oldest first: reads and writes, which lose their servers separately.
    watched: [VecDeque<Arc<Ticket>>; 2],
}

/// What a set stores, for the place that it took before this was known.
pub(crate) struct Delivered {
    pub seq: u64,
    pub id: Id,
    pub value: Value,
    pub dates: Dates,
}

impl Store {
    pub fn open(config: StoreConfig, sink: Arc<dyn Sink>) -> Result<Arc<Self>> {
        let spec = ConnectionSpec::parse(&config)?;
        for message in &spec.warnings {
            sink.event(Event::Warning { code: "CONNECT_MONGO_OPTION", message: message.clone() });
        }
        let unacknowledged = spec.write_concern.as_ref().is_some_and(|concern| {
            concern.w == Some(Acknowledgment::Nodes(0)) && concern.journal != Some(true)
        });
        let target = Target {
            collection: config.collection,
            layout: Layout::new(&config.layout),
            read_concern: spec
                .read_concern
                .as_ref()
                .and_then(|concern| bson::serialize_to_raw_document_buf(concern).ok()),
            write_concern: spec
                .write_concern
                .as_ref()
                .and_then(|concern| bson::serialize_to_raw_document_buf(concern).ok()),
            unacknowledged,
        };
        let default_timeout = DEFAULT_OPERATION_TIMEOUT.max(spec.server_selection_timeout);
        let operation_timeout =
            config.operation_timeout.or(spec.operation_timeout).unwrap_or(default_timeout);
        let database = spec.database.clone();
        let wait_queue_timeout = spec.wait_queue_timeout;
        let pool = spec.max_pool_size;
        let selection = spec.read_preference.clone().map(SelectionCriteria::ReadPreference);
        let deployment = Deployment::acquire(spec)?;
        let store = Arc::new(Self {
            sink,
            target,
            database,
            auto_remove: config.auto_remove,
            sweep_interval: config.sweep_interval,
            stats: Stats::default(),
            wake: Notify::new(),
            work: Mutex::new(Work::new(pool)),
            unflushed: AtomicBool::new(false),
            stalled: AtomicBool::new(false),
            bounds: Bounds::new(config.max_queue.unwrap_or(DEFAULT_MAX_QUEUE)),
            operation_timeout,
            wait_queue_timeout,
            selection,
            inbox: Mutex::default(),
            since: Mutex::new(Since::nobody_known()),
            connected: AtomicBool::new(false),
            deployment,
        });
        let subscriber: Weak<Store> = Arc::downgrade(&store);
        store.deployment.monitor.subscribe(subscriber.clone());
        deadlines::watch(subscriber).map_err(|error| {
            Error::new("MongoRuntimeError", format!("the deadline thread could not be started: {error}"))
        })?;
        store.deployment.runtime.spawn(Arc::clone(&store).run());
        Ok(store)
    }

    /// Takes the operation's place in the order, its deadline and its share of the bounds, all before it returns. The
    /// outcome comes later, always through the sink. Sent after `flush` at the latest. Returns the place, for `deliver` and `withdraw`.
    pub fn submit(&self, request: Request, token: usize) -> u64 {
        let kind = request.kind();
        let payload_bytes = request.payload_bytes();
        let now = Instant::now();
        let ticket = Ticket::new(token, kind, now, now + self.operation_timeout, payload_bytes);
        let admitted = self.bounds.admit(payload_bytes);
        if let Err(error) = admitted {
            self.settle(&ticket, Err(error));
            return REFUSED;
        }
        let (seq, wake) = {
            let mut inbox = self.inbox();
            if inbox.closing {
                drop(inbox);
                self.settle(&ticket, Err(Error::new("MongoClientClosedError", "the store has been closed")));
                return REFUSED;
            }
            let seq = inbox.next_seq;
            inbox.next_seq += 1;
            if let Request::Reserve { id, .. } = &request {
                inbox.reserved.insert(seq, (id.clone(), Arc::clone(&ticket)));
            }
            inbox.watched[usize::from(kind.writes())].push_back(Arc::clone(&ticket));
            inbox.requests.push((seq, request, ticket));
            // A command that ends looks here anyway.
            let wake = match kind {
                Kind::Get => std::mem::take(&mut inbox.hungry_for_reads),
                Kind::Set | Kind::Touch | Kind::Destroy => std::mem::take(&mut inbox.hungry_for_writes),
                _ => true,
            };
            (seq, wake)
        };
        deadlines::rouse();
        if wake {
            self.unflushed.store(true, Ordering::Relaxed);
        }
        seq
    }

    /// Wakes the engine for what was submitted since. The shim calls it when the code that called operations has run to
    /// its end, so that those of one turn leave together.
    pub fn flush(&self) {
        if self.unflushed.swap(false, Ordering::Relaxed) {
            self.wake.notify_one();
        }
    }

    /// What the set at `place` stores.
    pub fn deliver(&self, place: u64, value: Value, dates: Dates) {
        {
            let mut inbox = self.inbox();
            let Some((id, _)) = inbox.reserved.remove(&place) else { return };
            inbox.deliveries.push(Delivered { seq: place, id, value, dates });
        }
        self.wake.notify_one();
    }

    /// The set at `place` will not happen: what waits behind it goes on.
    pub fn withdraw(&self, place: u64) {
        let Some((_, ticket)) = self.inbox().reserved.remove(&place) else { return };
        self.settle(
            &ticket,
            Err(Error::new("MongoRuntimeError", "the set was withdrawn: it could not be prepared")),
        );
        self.work().has_overdue = true;
        self.wake.notify_one();
    }

    /// Refuses new operations, lets the accepted ones finish, then disconnects. May be called again.
    pub fn close(&self, token: usize) {
        let now = Instant::now();
        let ticket = Ticket::new(token, Kind::Close, now, now + self.operation_timeout, 0);
        // A full queue does not keep a store from closing.
        let _ = self.bounds.admit(0);
        let mut inbox = self.inbox();
        inbox.closing = true;
        if inbox.closed {
            drop(inbox);
            self.settle(&ticket, Ok(Outcome::Closed));
        } else {
            inbox.closers.push(ticket);
            drop(inbox);
            self.wake.notify_one();
        }
    }

    /// Nobody can see outcomes any more (the environment has gone, or the store was dropped): reads are pointless,
    /// accepted writes are still sent.
    pub fn abandon(&self) {
        self.inbox().closing = true;
        self.wake.notify_one();
    }

    /// The sink has handed an outcome over.
    pub fn delivered(&self, payload_bytes: usize, reply_bytes: usize) {
        self.bounds.release(payload_bytes);
        bounds::reply_delivered(reply_bytes);
        if self.stalled.load(Ordering::Relaxed) && !bounds::replies_are_full() {
            self.wake.notify_one();
        }
    }

    pub fn stats(&self) -> String {
        let in_flight = self.work().operations_in_flight();
        let pending = self.bounds.operations();
        self.stats.json(self.connected.load(Ordering::Relaxed), pending.saturating_sub(in_flight), in_flight)
    }

    /// How long an operation may take.
    pub(crate) fn patience(&self) -> Duration {
        self.operation_timeout
    }

    /// Whether no accepted operation is left.
    pub fn is_idle(&self) -> bool {
        self.inbox().requests.is_empty() && self.work().is_idle()
    }

    /// Blocks until `stores` have sent what they accepted, or `patience` is over.
    pub fn wait_until_idle(stores: &[Arc<Self>], patience: Duration) {
        let end = Instant::now() + patience;
        while Instant::now() < end && !stores.iter().all(|store| store.is_idle()) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn selection(&self) -> Option<SelectionCriteria> {
        self.selection.clone()
    }

    /// Gives an operation its outcome, unless it has one.
    pub(crate) fn settle(&self, ticket: &Ticket, outcome: Result<Outcome>) {
        if ticket.claim() {
            self.hand_out(ticket, outcome);
        }
    }

    /// Fails an operation that waits; one that is in a command is left to its deadline.
    fn settle_unsent(&self, ticket: &Ticket, error: impl FnOnce() -> Error) -> bool {
        let claimed = ticket.claim_unsent();
        if claimed {
            self.hand_out(ticket, Err(error()));
        }
        claimed
    }

    fn hand_out(&self, ticket: &Ticket, outcome: Result<Outcome>) {
        self.stats.operation(ticket.kind, ticket.admitted.elapsed(), outcome.is_err());
        bounds::reply_waits(reply_bytes(&outcome));
        self.sink.settle(ticket, outcome);
    }

    /// Emits `connected` and `disconnected` when the state changes.
    pub(crate) fn note_connection(&self, writable: bool) {
        let ready = matches!(&*self.deployment.watch().borrow(), State::Ready(_));
        let connected = ready && writable;
        if self.connected.swap(connected, Ordering::Relaxed) != connected {
            self.sink.event(if connected { Event::Connected } else { Event::Disconnected });
        }
    }

    pub(crate) fn server_selection_error(&self) -> Error {
        let patience = self.deployment.spec.server_selection_timeout.as_millis();
        let last = self.deployment.monitor.view().last_error;
        let reason = last.as_ref().map_or_else(String::new, |error| format!(": {}", error.message));
        let error = Error::new(
            "MongoServerSelectionError",
            format!("no suitable server was found within {patience} ms (serverSelectionTimeoutMS){reason}"),
        );
        if let Some(cause) = last { error.with_cause(cause) } else { error }
    }

    fn wait_queue_error(&self) -> Error {
        let patience = self.wait_queue_timeout.unwrap_or_default().as_millis();
        let message = format!("timed out after {patience} ms (waitQueueTimeoutMS): not sent");
        Error::new("MongoWaitQueueTimeoutError", message)
    }

    fn timeout_error(&self, kind: Kind, sent: bool) -> Error {
        let fate = match (kind, sent) {
            (Kind::Clear, _) => "clear is still running",
            (_, false) => "not sent",
            (_, true) => "outcome unknown",
        };
        let patience = self.operation_timeout.as_millis();
        let message = format!("timed out after {patience} ms (operationTimeoutMS): {fate}");
        Error::new("MongoOperationTimeoutError", message)
    }
}

/// What an outcome holds in memory until JavaScript has taken it.
pub fn reply_bytes(outcome: &Result<Outcome>) -> usize {
    let bytes = |row: &Row| row.value.bytes.len();
    match outcome {
        Ok(Outcome::Row(Some(row))) => bytes(row),
        Ok(Outcome::Page { rows, .. }) => rows.iter().map(|(_, row)| bytes(row)).sum(),
        _ => 0,
    }
}

impl Subscriber for Store {
    fn topology_changed(&self, view: &View) {
        let readable = view.is_readable(self.selection.as_ref());
        self.since.lock().unwrap_or_else(PoisonError::into_inner).update(view.is_writable(), readable);
        self.note_connection(view.is_writable());
    }
}

impl Watched for Store {
    fn expire(&self, now: Instant) -> bool {
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = self.deployment.spec.server_selection_timeout;
        let (mut overdue, mut impatient) = (Vec::new(), Vec::new());
        let waiting = {
            let mut inbox = self.inbox();
            for (watched, nobody_since) in inbox.watched.iter_mut().zip([since.unreadable, since.unwritable])
            {
                // Finished operations behind one that hangs must not pile up.
                if watched.len() > 2 * self.bounds.operations() + 1024 {
                    watched.retain(|ticket| !ticket.is_settled());
                }
                while let Some(ticket) = watched.front() {
                    let unselected =
                        nobody_since.is_some_and(|since| now >= since.max(ticket.admitted) + patience);
                    if !(ticket.is_settled() || unselected || now >= ticket.deadline) {
                        break;
                    }
                    overdue.extend(watched.pop_front().filter(|ticket| !ticket.is_settled()));
                }
                if let (Some(patience), None) = (self.wait_queue_timeout, nobody_since) {
                    let waited = watched.iter().take_while(|ticket| now >= ticket.admitted + patience);
                    impatient.extend(waited.filter(|ticket| !ticket.is_settled()).cloned());
                }
            }
            inbox.watched.iter().any(|watched| !watched.is_empty())
        };
        let mut made_way = !overdue.is_empty();
        for ticket in &overdue {
            if now < ticket.deadline {
                self.settle(ticket, Err(self.server_selection_error()));
            } else if !self.settle_unsent(ticket, || self.timeout_error(ticket.kind, false)) {
                self.settle(ticket, Err(self.timeout_error(ticket.kind, true)));
            }
        }
        for ticket in &impatient {
            made_way |= self.settle_unsent(ticket, || self.wait_queue_error());
        }
        if made_way {
            self.work().has_overdue = true;
            self.wake.notify_one();
        }
        waiting
    }
}
