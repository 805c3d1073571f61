//! One turn: what has happened since the last one goes into the scheduler, what it decides goes out.

use std::{
    collections::{HashMap, VecDeque},
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    codes::{barrier, find_end, from_javascript, kind_of_call, timeout, to_javascript, write_fate},
    inbox::{Messages, Operands},
    operation::{Borrowed, Failure, Handle, Key, Released, Slot, Ticket, TicketState},
    outbox::{Outbox, number_of},
    watchlist::Watchlist,
};
use crate::{
    node::strings::Numbers,
    schedule::{
        Action, BarrierKind, Body, CommandId, Fate, FindEnd, Limits, Scheduler, WriteEnd, WriteKind,
        WriteReply,
    },
    session::{Dates, Kind, StoredRow},
    store::{
        bounds::budget,
        stats::{Stats, Verb},
    },
};

/// While a payload waits for the process's bound, other threads may make room without a word.
const ROOM_LOOK: Duration = Duration::from_millis(10);

/// A borrowed connection's scheduler, on the JavaScript thread.
pub struct Turns {
    scheduler: Scheduler<Borrowed>,
    stats: Stats,
    timeout: Duration,
    next_sequence: u64,
    watched: Watchlist,
    open: usize,
    released: Released,
    outbox: Outbox,
    /// Sets whose values are not there yet, by slot.
    unfilled: HashMap<Slot, (u64, Ticket)>,
    /// Sets with a value for which there is no room yet, in their order.
    without_room: VecDeque<(u64, Ticket, Handle, Dates)>,
    /// Calls that wait for nothing, by slot.
    calls: HashMap<Slot, Ticket>,
    barriers: HashMap<Slot, Ticket>,
    /// What has been said of a write's reply, until its end is known.
    replies: HashMap<CommandId, WriteReply<Failure>>,
    existing: HashMap<CommandId, Vec<bool>>,
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
            outbox: Outbox::default(),
            unfilled: HashMap::new(),
            without_room: VecDeque::new(),
            calls: HashMap::new(),
            barriers: HashMap::new(),
            replies: HashMap::new(),
            existing: HashMap::new(),
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
                let number = number_of(&command);
                self.send(number, command.body, command.operations);
            }
        }
        self.collect();
        for slot in std::mem::take(&mut *self.released.borrow_mut()) {
            self.outbox.slot(to_javascript::RELEASED, slot);
        }
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
                    let handle = Handle::OfSet {
                        set: set.clone(),
                        bytes: operands.whole(1),
                        serves_gets: operands.yes(2),
                    };
                    self.without_room.push_back((sequence, set, handle, operands.dates(3)));
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
            from_javascript::FAIL_WAITING => self.scheduler.fail_waiting(&Failure::Kept(operands.short(0))),
            _ => self.hear_of_command(code, operands.long(0), operands, now),
        }
    }

    fn hear_of_command(&mut self, code: u32, id: CommandId, operands: &Operands, now: Instant) {
        match code {
            from_javascript::FOUND => {
                let value = Handle::Row { row: operands.short(2), bytes: operands.whole(3) };
                let (expiry, last_modified) = (operands.expiry(4), operands.dates(5).last_modified);
                self.scheduler.found(id, operands.whole(1), &StoredRow { value, expiry, last_modified });
            }
            from_javascript::FIND_END => {
                let error = operands.optional(2).map(Failure::Kept);
                let end = match (operands.short(1), error) {
                    (find_end::REJECTED, Some(error)) => FindEnd::Rejected(error),
                    (find_end::FAILED, Some(error)) => FindEnd::Failed(error),
                    (find_end::INCOMPLETE, error) => FindEnd::Incomplete(error),
                    _ => FindEnd::Complete,
                };
                self.scheduler.end_find(id, end, true, now);
            }
            from_javascript::UPSERTED => self.reply(id).upserted.push(operands.whole(1)),
            from_javascript::STATEMENT_FAILED => {
                let error = (operands.whole(1), Failure::Kept(operands.short(2)));
                self.reply(id).errors.push(error);
            }
            from_javascript::WRITTEN => {
                let mut reply = self.replies.remove(&id).unwrap_or_default();
                reply.n = operands.optional(1).map(u64::from);
                reply.write_concern_error = operands.optional(2).map(Failure::Kept);
                self.end_write(id, WriteEnd::Reply(reply), now);
            }
            from_javascript::WRITE_FAILED => {
                let fate =
                    if operands.short(2) == write_fate::UNKNOWN { Fate::Unknown } else { Fate::NotApplied };
                self.end_write(id, WriteEnd::Failed { error: Failure::Kept(operands.short(1)), fate }, now);
            }
            from_javascript::WRITE_REJECTED => {
                let error = Failure::Kept(operands.short(1));
                self.end_write(id, WriteEnd::Rejected { error, txn_number: None }, now);
            }
            from_javascript::EXISTS => {
                if let Some(found) =
                    self.existing.get_mut(&id).and_then(|existing| existing.get_mut(operands.whole(1)))
                {
                    *found = true;
                }
            }
            from_javascript::EXISTING_END => {
                let existing = self.existing.remove(&id).filter(|_| operands.yes(1));
                self.scheduler.end_find_existing(id, existing.as_deref());
            }
            from_javascript::BARRIER_END => {
                if let Some(ticket) = self.barriers.remove(&operands.short(1)) {
                    self.settle_by_javascript(&ticket, operands.yes(2));
                }
                self.scheduler.end_barrier(id);
            }
            _ => {}
        }
        self.collect();
    }

    /// The value is in JavaScript anyway; what waits for room is its turn.
    fn set(&mut self, operands: &Operands, now: Instant) {
        let bytes = operands.whole(2);
        let (sequence, set) = self.submit(Kind::Set, operands, Action::Unfilled, now);
        set.share.replace(Some(budget().request(bytes, Box::new(|| {}))));
        let value = Handle::OfSet { set: set.clone(), bytes, serves_gets: operands.yes(3) };
        let dates = operands.dates(4);
        if has_room(&set) && self.without_room.is_empty() {
            self.scheduler.fill(sequence, value, dates);
        } else {
            self.without_room.push_back((sequence, set, value, dates));
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
            _ => (Kind::Scan, BarrierKind::Scan),
        };
        let ticket = self.ticket(slot, kind, None, now);
        let sequence = self.sequence();
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

    fn send(&mut self, number: f64, body: Body<Borrowed>, operations: usize) {
        match body {
            Body::Find { keys } => {
                self.stats.command(Verb::Find, operations);
                self.outbox.find(to_javascript::FIND, number, &keys);
            }
            Body::FindExisting { keys } => {
                self.stats.command(Verb::Find, keys.len());
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a command's number"
                )]
                self.existing.insert(number as CommandId, vec![false; keys.len()]);
                self.outbox.find(to_javascript::FIND_EXISTING, number, &keys);
            }
            Body::Write(write) => {
                let verb = if write.kind == WriteKind::Delete { Verb::Delete } else { Verb::Update };
                self.stats.command(verb, operations);
                self.outbox.write(number, &write);
            }
            Body::Barrier { ticket, .. } => {
                self.stats.command(Verb::Other, 1);
                self.outbox.push(to_javascript::RUN_BARRIER, &[number, f64::from(ticket.slot)]);
                self.barriers.insert(ticket.slot, ticket);
            }
            Body::Fence { .. } => unreachable!("a borrowed connection's writes have no numbers of ours"),
        }
    }

    fn reply(&mut self, id: CommandId) -> &mut WriteReply<Failure> {
        self.replies.entry(id).or_default()
    }

    /// A write that had been given up is settled by any reply.
    fn end_write(&mut self, id: CommandId, end: WriteEnd<Failure>, now: Instant) {
        self.scheduler.settle(id);
        self.scheduler.end_write(id, end, true, false, now);
    }

    fn fill_what_has_room(&mut self) {
        while self.without_room.front().is_some_and(|(_, set, ..)| set.is_settled() || has_room(set)) {
            let Some((sequence, set, value, dates)) = self.without_room.pop_front() else { break };
            if set.is_settled() {
                self.scheduler.withdraw(sequence);
            } else {
                self.scheduler.fill(sequence, value, dates);
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

    fn collect(&mut self) {
        for (ticket, outcome) in self.scheduler.take_settled() {
            if ticket.claim() {
                self.settled(&ticket, Instant::now(), outcome.is_err());
                self.outbox.outcome(ticket.slot, outcome);
            }
        }
    }

    /// JavaScript knows the outcome already.
    fn settle_by_javascript(&mut self, ticket: &TicketState, failed: bool) {
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

fn has_room(ticket: &TicketState) -> bool {
    ticket.share.borrow().as_ref().is_none_or(crate::schedule::Share::is_granted)
}
