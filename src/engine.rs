//! Queue → lanes → outcomes: when a command is sent, and with whose operations.
//!
//! Group commit without timers: an idle lane sends at once; while commands are under way, arriving operations wait and
//! leave together.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use tokio::time::sleep_until;

use crate::{
    barriers::{Barriers, Epoch, Place},
    bounds,
    delivery::LaneSession,
    deployment::{Connected, State},
    error::Error,
    fences::Fences,
    id::Id,
    lanes::Lanes,
    line::{Action, LARGE_VALUE_BYTES, Op, Statement, WriteKind},
    operation::{Event, Outcome, Request, Ticket},
    queue::Queue,
    reads,
    store::{Delivered, Store},
    sweep, whole, writes,
};

/// The knee of measured throughput: 64 to 256 ids.
const MAX_LOOKUPS: usize = 256;
/// The knee of measured throughput: 32 to 128 statements.
const MAX_STATEMENTS: usize = 128;
/// Through mongos each id is looked up on the shards of all of them.
const MAX_SHARDED: usize = 32;
/// A command stays under this where it can.
const SOFT_COMMAND_BYTES: usize = 1 << 20;
/// A find asks for no more rows than will keep its reply under this.
const REPLY_BYTES: usize = 4 << 20;

/// The engine's state; the I/O thread's, but for `stats()`.
pub struct Work {
    pub queue: Queue,
    pub read_lanes: Lanes,
    pub write_lanes: Lanes,
    pub fences: Fences,
    /// Bytes of a row, averaged over recent ones.
    pub row_bytes: usize,
    /// Operations have been settled by their deadlines and are still in the queue.
    pub has_overdue: bool,
    pub in_flight: usize,
    barriers: Barriers,
    /// `clear`, `count` and first pages, in order, until everything before them has ended.
    waiting: VecDeque<Barrier>,
    /// A `clear` holds back what was called after it.
    clearing: Option<Arc<Ticket>>,
    held: VecDeque<(u64, Request, Arc<Ticket>)>,
    /// Pings, scans and the like under way.
    whole_commands: usize,
}

/// A command on the whole collection that has not been sent.
struct Barrier {
    /// What it waits for: everything before this. A ping, a sweep or a later page waits for nobody.
    place: Option<Place>,
    request: Request,
    ticket: Arc<Ticket>,
    /// Of what follows: later barriers wait for this one too.
    epoch: Epoch,
}

impl Work {
    pub fn new(pool: u32) -> Self {
        Self {
            queue: Queue::default(),
            read_lanes: Lanes::new(pool),
            write_lanes: Lanes::new(pool),
            fences: Fences::default(),
            row_bytes: 1024,
            has_overdue: false,
            in_flight: 0,
            barriers: Barriers::default(),
            waiting: VecDeque::new(),
            clearing: None,
            held: VecDeque::new(),
            whole_commands: 0,
        }
    }

    pub fn operations_in_flight(&self) -> usize {
        self.in_flight
    }

    pub fn end_whole_command(&mut self) {
        self.whole_commands -= 1;
    }

    pub fn is_idle(&self) -> bool {
        self.queue.is_empty()
            && self.waiting.is_empty()
            && self.held.is_empty()
            && self.clearing.is_none()
            && self.whole_commands == 0
            && self.read_lanes.busy() + self.write_lanes.busy() == 0
    }

    /// Statements for one command of `kind`, with a session that may carry them.
    fn take_writes(
        &mut self,
        kind: WriteKind,
        limit: usize,
    ) -> Option<(WriteKind, Vec<Statement>, Option<LaneSession>)> {
        let fences = &mut self.fences;
        let session = self.queue.ready_writes(kind).find_map(|id| fences.take_for(id))?;
        let bound = session.as_ref().map(|session| session.id);
        let statements =
            self.queue.take_writes(kind, limit, SOFT_COMMAND_BYTES, |id| fences.admits(id, bound));
        if statements.is_empty() {
            if let Some(session) = session {
                self.fences.put_back(session);
            }
            return None;
        }
        Some((kind, statements, session))
    }

    fn lookups_per_find(&self, sharded: bool) -> usize {
        let limit = if sharded { MAX_SHARDED } else { MAX_LOOKUPS };
        (REPLY_BYTES / self.row_bytes.max(1)).clamp(1, limit)
    }

    /// What has been settled by its deadline makes way.
    fn purge(&mut self) {
        if std::mem::take(&mut self.has_overdue) {
            self.queue.purge();
            self.waiting.retain(|barrier| !barrier.ticket.is_settled());
            self.held.retain(|(_, _, ticket)| !ticket.is_settled());
        }
        if self.clearing.as_ref().is_some_and(|ticket| ticket.is_settled()) {
            self.clearing = None;
        }
    }
}

impl Store {
    /// The engine's task, for the life of the store.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut state = self.deployment.watch();
        // Connections that other stores share may be there already.
        state.mark_changed();
        let mut upkeep = None;
        let mut ever_connected = false;
        let connect_deadline = Instant::now() + self.deployment.spec.server_selection_timeout;
        let mut overdue = false;
        while !self.is_finished() {
            let tick = self.pump();
            tokio::select! {
                () = self.wake.notified() => {}
                Ok(()) = state.changed() => {
                    let now = state.borrow_and_update().clone();
                    match now {
                        State::Connecting => {}
                        State::Failed(error) => self.fail_waiting(&error),
                        State::Ready(_) => {
                            ever_connected = true;
                            upkeep.get_or_insert_with(|| self.deployment.runtime.spawn(sweep::upkeep(Arc::downgrade(&self))));
                        }
                    }
                    self.note_connection(self.deployment.monitor.is_writable());
                }
                () = sleep_until(tick.unwrap_or(connect_deadline).into()), if tick.is_some() => {}
                () = sleep_until(connect_deadline.into()), if !ever_connected && !overdue => {
                    overdue = true;
                    self.sink.event(Event::Error(self.server_selection_error(), "connect"));
                    self.sink.event(Event::Disconnected);
                }
            }
        }
        if let Some(task) = upkeep {
            task.abort();
        }
        // Sessions end before their client.
        self.work().fences = Fences::default();
        Arc::clone(&self.deployment).release().await;
        let closers = {
            let mut inbox = self.inbox();
            inbox.closed = true;
            std::mem::take(&mut inbox.closers)
        };
        for ticket in closers {
            self.settle(&ticket, Ok(Outcome::Closed));
        }
    }

    /// Starts every command that may start now. Returns when to look again, should nothing happen until then.
    pub(crate) fn pump(self: &Arc<Self>) -> Option<Instant> {
        let mut work = self.work();
        let connected = loop {
            self.absorb(&mut work);
            work.purge();
            let connected = self.deployment.connected();
            if let Some(connected) = &connected {
                self.start_whole_commands(&mut work, connected);
                self.start_reads(&mut work, connected);
                self.start_writes(&mut work, connected);
            }
            let mut inbox = self.inbox();
            if inbox.requests.is_empty()
                && inbox.deliveries.is_empty()
                && work.held.is_empty() | work.clearing.is_some()
            {
                // Without a connection every arrival is a reason to try again.
                inbox.hungry_for_reads = connected.is_none() || work.read_lanes.is_free();
                inbox.hungry_for_writes = connected.is_none() || work.write_lanes.is_free();
                if inbox.closing && work.is_idle() {
                    self.wake.notify_one();
                }
                break connected;
            }
        };
        // Without a connection nothing can be sent, whatever the time.
        connected?;
        // A kind whose lanes are full is not woken by arrivals: the engine looks for itself who has waited too long.
        let now = Instant::now();
        let next_look = |lanes: &Lanes, oldest: Option<&Ticket>| {
            let patience = lanes.patience();
            (!lanes.is_free() || oldest.is_some())
                .then(|| oldest.map_or(now, |ticket| ticket.admitted) + patience)
        };
        let looks = [
            next_look(&work.read_lanes, work.queue.oldest_read()),
            next_look(&work.write_lanes, work.queue.oldest_write().map(|(ticket, _)| ticket)),
        ];
        looks.into_iter().flatten().min().map(|at| at.max(now + TICK))
    }

    fn is_finished(&self) -> bool {
        let work = self.work();
        let inbox = self.inbox();
        inbox.closing && inbox.requests.is_empty() && work.is_idle()
    }

    /// Moves what has arrived to its place.
    fn absorb(&self, work: &mut Work) {
        let (arrived, delivered) = {
            let mut inbox = self.inbox();
            (std::mem::take(&mut inbox.requests), std::mem::take(&mut inbox.deliveries))
        };
        if !arrived.is_empty() {
            self.deployment.ask();
        }
        if work.clearing.is_none() {
            while let Some((seq, request, ticket)) = work.held.pop_front() {
                self.place(work, seq, request, ticket);
                if work.clearing.is_some() {
                    break;
                }
            }
        }
        for (seq, request, ticket) in arrived {
            if work.clearing.is_some() {
                work.held.push_back((seq, request, ticket));
            } else {
                self.place(work, seq, request, ticket);
            }
        }
        Self::hand_over(work, delivered);
    }

    /// Payloads for places that were taken earlier. Behind a `clear` the place itself still waits.
    fn hand_over(work: &mut Work, deliveries: Vec<Delivered>) {
        for Delivered { seq, id, value, dates } in deliveries {
            match work.held.iter_mut().find(|(held, ..)| *held == seq) {
                Some((_, request, _)) => *request = Request::Set { id, value, dates },
                None => work.queue.deliver(&id, seq, value, dates),
            }
        }
    }

    fn place(&self, work: &mut Work, seq: u64, request: Request, ticket: Arc<Ticket>) {
        let admit = |work: &mut Work, id: Id, action: Action, ticket: Arc<Ticket>| {
            let epoch = work.barriers.epoch();
            work.queue.admit(id, Op { seq, ticket, action, epoch });
        };
        match request {
            Request::Get { id, now } => {
                let latest_expired = self.target.layout.latest_expired(now);
                admit(work, id, Action::Get { latest_expired }, ticket);
            }
            Request::Set { id, value, dates } => admit(work, id, Action::Set { value, dates }, ticket),
            Request::Reserve { id, .. } => admit(work, id, Action::Reserved, ticket),
            Request::Touch { id, dates } => admit(work, id, Action::Touch { dates }, ticket),
            Request::Destroy { id } => admit(work, id, Action::Destroy, ticket),
            request => {
                if matches!(request, Request::Clear) {
                    work.clearing = Some(Arc::clone(&ticket));
                }
                let waits = match &request {
                    Request::Clear | Request::Count => true,
                    Request::Scan(scan) => scan.after.is_none(),
                    _ => false,
                };
                let place = waits.then(|| work.barriers.place());
                // A scan holds nothing back.
                let holds = matches!(request, Request::Clear | Request::Count);
                let epoch = if holds { work.barriers.epoch() } else { Epoch::default() };
                work.waiting.push_back(Barrier { place, request, ticket, epoch });
            }
        }
    }

    fn start_whole_commands(self: &Arc<Self>, work: &mut Work, connected: &Connected) {
        let mut still = VecDeque::new();
        while let Some(barrier) = work.waiting.pop_front() {
            if barrier.place.is_some_and(|place| !work.barriers.is_open(place)) {
                still.push_back(barrier);
                continue;
            }
            let Barrier { request, ticket, epoch, .. } = barrier;
            if !ticket.send() {
                continue;
            }
            work.whole_commands += 1;
            let (store, connected) = (Arc::clone(self), connected.clone());
            self.deployment.runtime.spawn(async move {
                whole::run(&store, &connected, request, &ticket).await;
                drop(epoch);
                store.work().end_whole_command();
                store.pump();
            });
        }
        work.waiting = still;
    }

    fn start_reads(self: &Arc<Self>, work: &mut Work, connected: &Connected) {
        let limit = work.lookups_per_find(self.deployment.monitor.is_sharded());
        while let Some(oldest) = work.queue.oldest_read() {
            let waited = oldest.admitted.elapsed();
            let stalled = bounds::replies_are_full();
            self.stalled.store(stalled, Ordering::Relaxed);
            if stalled || !(work.read_lanes.is_free() || work.read_lanes.widen(waited)) {
                return;
            }
            let lookups = work.queue.take_reads(limit);
            if !lookups.is_empty() {
                work.read_lanes.start_command();
                work.in_flight += lookups.iter().map(|lookup| lookup.gets.len()).sum::<usize>();
                self.deployment.runtime.spawn(reads::run(Arc::clone(self), connected.clone(), lookups));
            }
        }
    }

    fn start_writes(self: &Arc<Self>, work: &mut Work, connected: &Connected) {
        let sharded = self.deployment.monitor.is_sharded();
        let limit = if sharded { MAX_SHARDED } else { MAX_STATEMENTS.min(connected.facts.max_statements) };
        while let Some((oldest, kind)) = work.queue.oldest_write() {
            let waited = oldest.admitted.elapsed();
            if oldest.payload_bytes > LARGE_VALUE_BYTES {
                work.write_lanes.add();
            }
            if !(work.write_lanes.is_free() || work.write_lanes.widen(waited)) {
                return;
            }
            let other = if kind == WriteKind::Update { WriteKind::Delete } else { WriteKind::Update };
            let limit_of = |kind| match kind {
                WriteKind::Delete if !self.target.layout.groups_destroys() => 1,
                _ => limit,
            };
            let Some((kind, statements, session)) =
                [kind, other].into_iter().find_map(|kind| work.take_writes(kind, limit_of(kind)))
            else {
                return;
            };
            work.write_lanes.start_command();
            work.in_flight += statements.iter().map(|statement| statement.members.len()).sum::<usize>();
            let task = writes::run(Arc::clone(self), connected.clone(), kind, statements, session);
            self.deployment.runtime.spawn(task);
        }
    }

    /// The connection failed for a reason that waiting does not mend: everyone who waits is told.
    fn fail_waiting(&self, error: &Error) {
        self.sink.event(Event::Error(error.clone(), "connect"));
        let mut work = self.work();
        self.absorb(&mut work);
        let mut waiting: Vec<Arc<Ticket>> = work.queue.take_all().into_iter().map(|op| op.ticket).collect();
        waiting.extend(work.waiting.drain(..).map(|barrier| barrier.ticket));
        waiting.extend(work.held.drain(..).map(|(.., ticket)| ticket));
        work.clearing = None;
        drop(work);
        for ticket in waiting {
            self.settle(&ticket, Err(error.clone()));
        }
    }
}

/// Between two looks of the engine that nothing but time asks for.
const TICK: Duration = Duration::from_millis(1);
