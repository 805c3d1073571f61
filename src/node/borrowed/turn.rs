//! One turn: what has happened since the last one goes into the scheduler, what it decides goes out.

use std::{
    collections::HashMap,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    codes::{barrier, expects, from_javascript, kind_of_call, timeout, to_javascript},
    inbox::{Messages, Operands},
    operation::{Borrowed, Failure, Handle, Key, Released, Slot, Ticket, TicketState},
    outbox::{Outbox, number_of},
    watchlist::Watchlist,
};
use crate::{
    node::strings::Numbers,
    schedule::{
        Action, BarrierKind, Body, Command, CommandId, Conflict, Limits, MAX_FOUND, Scheduler, WriteKind,
        WriteReply,
    },
    session::{Dates, Expected, Kind, StoredRow},
    store::{
        bounds::budget,
        stats::{Stats, Verb},
    },
};

/// While a payload waits for the process's bound, other threads may make room without a word.
const ROOM_LOOK: Duration = Duration::from_millis(10);

/// A set's value on its way into the scheduler.
struct Waiting {
    sequence: u64,
    set: Ticket,
    value: Handle,
    dates: Dates,
    expected: Option<Box<Expected<Handle>>>,
}

/// A borrowed connection's scheduler, on the JavaScript thread.
pub struct Turns {
    pub(super) scheduler: Scheduler<Borrowed>,
    stats: Stats,
    timeout: Duration,
    next_sequence: u64,
    watched: Watchlist,
    open: usize,
    released: Released,
    released_errors: Released,
    outbox: Outbox,
    /// Sets whose values are not there yet, by slot.
    unfilled: HashMap<Slot, (u64, Ticket)>,
    /// Sets with a value for which there is no room yet, in their order.
    without_room: Vec<Waiting>,
    /// Calls that wait for nothing, by slot.
    calls: HashMap<Slot, Ticket>,
    pub(super) barriers: HashMap<Slot, Ticket>,
    /// What has been said of a write's reply, until its end is known.
    pub(super) replies: HashMap<CommandId, WriteReply<Failure>>,
    pub(super) existing: HashMap<CommandId, Vec<bool>>,
    pub(super) current: HashMap<CommandId, Vec<Option<StoredRow<Handle>>>>,
    pub(super) to_destroy: HashMap<CommandId, Vec<Key>>,
    is_connected: bool,
}

impl Turns {
    pub fn new(groups_destroys: bool, timeout: Duration) -> Self {
        let limits = Limits { groups_destroys, ..Limits::default() };
        Self {
            scheduler: Scheduler::new(limits, Arc::clone(budget())),
            stats: Stats::default(),
            timeout,
            next_sequence: 0,
            watched: Watchlist::default(),
            open: 0,
            released: Rc::default(),
            released_errors: Rc::default(),
            outbox: Outbox::default(),
            unfilled: HashMap::new(),
            without_room: Vec::new(),
            calls: HashMap::new(),
            barriers: HashMap::new(),
            replies: HashMap::new(),
            existing: HashMap::new(),
            current: HashMap::new(),
            to_destroy: HashMap::new(),
            is_connected: false,
        }
    }

    /// From now on commands can be sent.
    pub fn connect(&mut self, limits: Limits, timeout: Duration) {
        self.scheduler.set_limits(limits);
        self.scheduler.topology_changed();
        self.timeout = timeout;
        self.is_connected = true;
    }

    pub fn turn(&mut self, inbox: &Numbers, outbox: &mut Numbers) {
        let now = Instant::now();
        self.absorb(inbox, now);
        self.expire(now);
        self.fill_what_has_room();
        if self.is_connected {
            while let Some(command) = self.scheduler.poll(now) {
                self.send(command);
            }
        }
        self.collect();
        self.outbox.released(to_javascript::RELEASED, &self.released);
        self.outbox.released(to_javascript::RELEASED_ERROR, &self.released_errors);
        let wake = self.next_wake(now);
        self.outbox.drain_into(outbox, wake);
    }

    /// Only takes in what has happened: the inbox is full.
    pub fn absorb(&mut self, inbox: &Numbers, now: Instant) {
        for (code, operands) in Messages::new(inbox.read()) {
            self.hear(code, &operands, now);
        }
    }

    pub fn stats(&self, connected: bool) -> String {
        let in_flight = self.scheduler.operations_in_flight();
        self.stats.json(connected, self.open.saturating_sub(in_flight), in_flight)
    }

    fn hear(&mut self, code: u32, operands: &Operands, now: Instant) {
        match code {
            from_javascript::GET => {
                let action = Action::Get { latest_expired: operands.millis(2) };
                self.submit(Kind::Get, operands, action, now);
            }
            from_javascript::SET => self.set(operands, now),
            from_javascript::UNFILLED => {
                let (sequence, ticket) = self.submit(Kind::Set, operands, Action::Unfilled, now);
                let share = budget().request(operands.whole(2), Box::new(|| {}));
                ticket.share.replace(Some(share));
                self.unfilled.insert(ticket.slot, (sequence, ticket));
            }
            from_javascript::FILL => {
                if let Some((sequence, set)) = self.unfilled.remove(&operands.short(0)) {
                    let (bytes, serves_gets) = (operands.whole(1), operands.yes(2));
                    let value = Handle::OfSet { set: set.clone(), bytes, serves_gets };
                    let (dates, expected) = (operands.dates(3), expected(&set, operands));
                    self.without_room.push(Waiting { sequence, set, value, dates, expected });
                }
            }
            from_javascript::WITHDRAW => {
                if let Some((sequence, ticket)) = self.unfilled.remove(&operands.short(0)) {
                    self.settle_by_javascript(&ticket, true);
                    self.scheduler.withdraw(sequence);
                }
            }
            from_javascript::TOUCH => {
                let action = Action::Touch { dates: operands.dates(2) };
                self.submit(Kind::Touch, operands, action, now);
            }
            from_javascript::DESTROY => drop(self.submit(Kind::Destroy, operands, Action::Destroy, now)),
            from_javascript::BARRIER => self.barrier(operands.short(0), operands.short(1), now),
            from_javascript::CALL => {
                let ticket = self.ticket(operands.short(0), kind_of_call(operands.short(1)), None, now);
                self.calls.insert(ticket.slot, ticket);
            }
            from_javascript::CALL_SENT => {
                if let Some(ticket) = self.calls.get(&operands.short(0)) {
                    ticket.send();
                    self.stats.command(Verb::Other, 1);
                }
            }
            from_javascript::CALL_END => {
                if let Some(ticket) = self.calls.remove(&operands.short(0)) {
                    self.settle_by_javascript(&ticket, operands.yes(1));
                }
            }
            from_javascript::FAIL_WAITING => self.scheduler.fail_waiting(&self.kept(operands.short(0))),
            _ => self.hear_of_command(code, operands.long(0), operands, now),
        }
    }

    /// The value is in JavaScript anyway; what waits for room is its turn.
    fn set(&mut self, operands: &Operands, now: Instant) {
        let bytes = operands.whole(2);
        let (sequence, set) = self.submit(Kind::Set, operands, Action::Unfilled, now);
        set.share.replace(Some(budget().request(bytes, Box::new(|| {}))));
        let value = Handle::OfSet { set: set.clone(), bytes, serves_gets: operands.yes(3) };
        let dates = operands.dates(4);
        if has_room(&set) {
            self.scheduler.fill(sequence, value, dates, None);
        } else {
            self.without_room.push(Waiting { sequence, set, value, dates, expected: None });
        }
    }

    fn submit(
        &mut self,
        kind: Kind,
        operands: &Operands,
        action: Action<Borrowed>,
        now: Instant,
    ) -> (u64, Ticket) {
        let key = operands.short(1);
        let ticket = self.ticket(operands.short(0), kind, Some(key), now);
        let sequence = self.sequence();
        self.scheduler.submit(sequence, key, ticket.clone(), action);
        (sequence, ticket)
    }

    fn barrier(&mut self, slot: Slot, kind: u32, now: Instant) {
        let (kind, barrier) = match kind {
            barrier::CLEAR => (Kind::Clear, BarrierKind::Clear),
            barrier::COUNT => (Kind::Count, BarrierKind::Count),
            barrier::FIND_TO_DESTROY => (Kind::DestroyWhere, BarrierKind::FindToDestroy),
            barrier::WHERE => (Kind::Where, BarrierKind::Count),
            _ => (Kind::Scan, BarrierKind::Scan),
        };
        let ticket = self.ticket(slot, kind, None, now);
        let sequence = self.sequence();
        if barrier == BarrierKind::FindToDestroy {
            self.next_sequence += MAX_FOUND;
        }
        self.scheduler.submit_barrier(sequence, barrier, ticket);
    }

    fn ticket(&mut self, slot: Slot, kind: Kind, key: Option<Key>, now: Instant) -> Ticket {
        let ticket = Ticket::new(slot, kind, key, now, now + self.timeout, Rc::clone(&self.released));
        self.watched.push(&ticket);
        self.open += 1;
        ticket
    }

    fn sequence(&mut self) -> u64 {
        self.next_sequence += 1;
        self.next_sequence
    }

    fn send(&mut self, command: Command<Borrowed>) {
        let number = number_of(&command);
        let Command { id, body, operations, .. } = command;
        match body {
            Body::Find { keys } => {
                self.stats.command(Verb::Find, operations);
                self.outbox.find(to_javascript::FIND, number, operations, &keys);
            }
            Body::FindExisting { keys } => {
                self.stats.command(Verb::Find, keys.len());
                self.existing.insert(id, vec![false; keys.len()]);
                self.outbox.find(to_javascript::FIND_EXISTING, number, keys.len(), &keys);
            }
            Body::FindCurrent { keys } => {
                self.stats.command(Verb::Find, keys.len());
                self.current.insert(id, vec![None; keys.len()]);
                self.outbox.find(to_javascript::FIND_CURRENT, number, keys.len(), &keys);
            }
            Body::Write(write) => {
                let verb = if write.kind == WriteKind::Delete { Verb::Delete } else { Verb::Update };
                self.stats.command(verb, operations);
                self.outbox.write(number, operations, &write);
            }
            Body::Barrier { ticket, .. } => {
                self.stats.command(Verb::Other, 1);
                self.outbox.push(to_javascript::RUN_BARRIER, &[number, f64::from(ticket.slot)]);
                self.barriers.insert(ticket.slot, ticket);
            }
            Body::Fence { .. } => unreachable!("a borrowed connection's writes have no numbers of ours"),
        }
    }

    pub(super) fn kept(&self, number: u32) -> Failure {
        Failure::kept(number, &self.released_errors)
    }

    fn fill_what_has_room(&mut self) {
        // Room is granted in the order of the calls, and values come in the order of their encryption: whoever has both goes,
        // or those that have room would wait for one that waits for theirs.
        for waiting in std::mem::take(&mut self.without_room) {
            if !waiting.set.is_settled() && !has_room(&waiting.set) {
                self.without_room.push(waiting);
                continue;
            }
            let Waiting { sequence, set, value, dates, expected } = waiting;
            if set.is_settled() {
                self.scheduler.withdraw(sequence);
            } else {
                self.scheduler.fill(sequence, value, dates, expected);
            }
        }
    }

    fn expire(&mut self, now: Instant) {
        let mut any = false;
        while let Some(state) = self.watched.take_overdue(now) {
            any = true;
            let fate = self.fate_of(&state);
            self.settled(&state, now, true);
            self.outbox.push(to_javascript::TIMED_OUT, &[f64::from(state.slot), f64::from(fate)]);
            self.unfilled.remove(&state.slot);
            // What has not been sent never will be.
            if !state.is_sent() {
                self.calls.remove(&state.slot);
            }
        }
        if any {
            self.scheduler.expire();
            for id in self.scheduler.overdue() {
                self.scheduler.abandon(id, &Failure::BehindTimeout, now);
            }
            self.collect();
        }
    }

    fn fate_of(&self, state: &TicketState) -> u32 {
        match (state.is_sent(), state.kind) {
            (false, _) if state.key.is_some_and(|key| self.scheduler.is_unsettled(&key)) => {
                timeout::NOT_SENT_BEHIND_UNSETTLED
            }
            (false, _) => timeout::NOT_SENT,
            (true, Kind::Clear) => timeout::STILL_RUNNING,
            (true, kind) if kind.writes() => timeout::OUTCOME_UNKNOWN,
            (true, _) => timeout::NO_ANSWER,
        }
    }

    pub(super) fn collect(&mut self) {
        for (ticket, outcome) in self.scheduler.take_settled() {
            if ticket.claim() {
                self.settled(&ticket, Instant::now(), outcome.is_err());
                self.outbox.outcome(ticket.slot, outcome);
            }
        }
        for Conflict { sequence, ticket, row, .. } in self.scheduler.take_conflicts() {
            let row = match row.map(|row| row.value) {
                Some(Handle::Row { row, .. }) => f64::from(row),
                _ => -1.0,
            };
            self.outbox.push(to_javascript::CONFLICT, &[f64::from(ticket.slot), row]);
            self.unfilled.insert(ticket.slot, (sequence, ticket));
        }
    }

    /// JavaScript knows the outcome already.
    pub(super) fn settle_by_javascript(&mut self, ticket: &TicketState, failed: bool) {
        if ticket.claim() {
            self.settled(ticket, Instant::now(), failed);
        }
    }

    fn settled(&mut self, ticket: &TicketState, now: Instant, failed: bool) {
        self.open -= 1;
        drop(ticket.share.take());
        self.stats.operation(ticket.kind, now.saturating_duration_since(ticket.admitted), failed);
    }

    /// Milliseconds until something is due by time alone; infinity if nothing is.
    fn next_wake(&mut self, now: Instant) -> f64 {
        let deadline = self.watched.next_deadline();
        let look = if self.is_connected { self.scheduler.next_wake(now) } else { None };
        let room = (!self.without_room.is_empty()).then(|| now + ROOM_LOOK);
        let next = [deadline, look, room].into_iter().flatten().min();
        next.map_or(f64::INFINITY, |at| at.saturating_duration_since(now).as_secs_f64() * 1000.0)
    }
}

/// Of a set that is filled.
fn expected(set: &Ticket, operands: &Operands) -> Option<Box<Expected<Handle>>> {
    match operands.short(5) {
        expects::NO_ROW => Some(Box::new(Expected::NoRow)),
        expects::ROW => {
            let value = Handle::OfSet { set: set.clone(), bytes: operands.whole(6), serves_gets: false };
            // Which rows are live, JavaScript says in the statement.
            Some(Box::new(Expected::Row { value, latest_expired: None }))
        }
        _ => None,
    }
}

fn has_room(ticket: &TicketState) -> bool {
    ticket.share.borrow().as_ref().is_none_or(crate::schedule::Share::is_granted)
}
