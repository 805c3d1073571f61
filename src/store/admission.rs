//! Where operations come in: each takes its sequence number, its deadline and its share of the bounds in the call.

use std::{
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Instant,
};

use super::{
    bounds::{Admission, Payload, budget, check_size, check_together},
    deadlines,
    inbox::Filling,
    sink::Event,
    store::Store,
    ticket::{Core, Ticket},
};
use crate::{
    error::Error,
    schedule::{Conflict, MAX_FOUND},
    session::{Dates, Expected, Kind, Outcome, Request, Value},
};

/// The sequence number of an operation that has none.
const REFUSED: u64 = u64::MAX;

/// What became of a call of `submit`.
pub enum Submitted {
    /// It has its sequence number, or has been refused: the sink gets the outcome.
    Accepted(u64),
    /// There is no room for its payload: it may `reserve` its sequence number, and keeps the payload meanwhile.
    NoRoom,
}

impl Store {
    /// Takes the operation's sequence number, its deadline and its share of the bounds, all before it returns. The
    /// outcome comes later, always through the sink. Sent after `flush` at the latest.
    pub fn submit(&self, request: Request, token: usize) -> Submitted {
        let payload = match &request {
            Request::Set { id, value, expected, .. } => {
                let checked = check_size(id.bytes().len(), value.size())
                    .and_then(|()| check_together(value.size(), expected_bytes(expected.as_deref())));
                if let Err(error) = checked {
                    self.refuse(token, Kind::Set, error);
                    return Submitted::Accepted(REFUSED);
                }
                Payload::AtOnce(request.payload_bytes())
            }
            _ => Payload::Nothing,
        };
        match self.bound.admit(payload) {
            Ok(Some(admission)) => {
                let kind = request.kind();
                Submitted::Accepted(self.accept(request, self.ticket(token, kind, Some(admission))))
            }
            Ok(None) => Submitted::NoRoom,
            Err(error) => {
                self.refuse(token, request.kind(), error);
                Submitted::Accepted(REFUSED)
            }
        }
    }

    /// Takes the sequence number of a set whose value comes later, with `fill`, or not, with `withdraw`. Returns it, and
    /// whether there is room for the value now; otherwise an event says when there is.
    pub fn reserve(self: &Arc<Self>, request: Request, token: usize) -> (u64, bool) {
        let kind = request.kind();
        let store = Arc::downgrade(self);
        let sequence = Arc::new(Mutex::new(None));
        let known = Arc::clone(&sequence);
        let on_granted = Box::new(move || {
            let sequence: Option<u64> = *known.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Some(store), Some(sequence)) = (store.upgrade(), sequence) {
                store.sink.event(Event::Room(sequence));
            }
        });
        let admitted = self.bound.admit(Payload::InTurn(request.payload_bytes(), on_granted));
        let admission = match admitted {
            Ok(admission) => admission,
            Err(error) => {
                self.refuse(token, kind, error);
                return (REFUSED, true);
            }
        };
        let ticket = self.ticket(token, kind, admission);
        // Granted in the meantime, nobody could say yet for which operation: hence the look after the number is known.
        let mut number = sequence.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = self.accept(request, ticket.clone());
        *number = Some(taken);
        let has_room = ticket.has_room();
        drop(number);
        (taken, has_room)
    }

    /// Wakes the engine for what was submitted since. The shim calls it when the code that called operations has run to
    /// its end, so that those of one turn leave together.
    pub fn flush(&self) {
        if self.unflushed.swap(false, Ordering::Relaxed) {
            self.wake.notify_one();
        }
    }

    /// What the set with this sequence number stores, and what it expects, if it is conditional.
    pub fn fill(&self, sequence: u64, value: Value, dates: Dates, expected: Option<Box<Expected>>) {
        {
            let mut inbox = self.inbox();
            let Some(ticket) = inbox.unfilled.remove(&sequence) else { return };
            let checked = check_size(0, value.size())
                .and_then(|()| check_together(value.size(), expected_bytes(expected.as_deref())));
            match checked {
                Ok(()) => inbox.fillings.push(Filling { sequence, value, dates, expected }),
                Err(error) => {
                    inbox.withdrawn.push(sequence);
                    drop(inbox);
                    self.settle(&ticket, Err(error));
                }
            }
        }
        self.wake.notify_one();
    }

    /// A conditional set has found another row than it expects: it waits for `fill` or `withdraw` once more.
    pub(super) fn refill(&self, conflict: Conflict<Core>) {
        let Conflict { sequence, ticket, row, resent } = conflict;
        let mut inbox = self.inbox();
        inbox.unfilled.insert(sequence, ticket);
        let is_abandoned = inbox.abandoned;
        drop(inbox);
        if is_abandoned {
            self.withdraw(sequence);
        } else {
            self.sink.event(Event::Conflict { sequence, row, resent });
        }
    }

    /// The set with this sequence number will not happen: what waits behind it goes on.
    pub fn withdraw(&self, sequence: u64) {
        let Some(ticket) = self.inbox().unfilled.remove(&sequence) else { return };
        self.settle(
            &ticket,
            Err(Error::new("MongoRuntimeError", "the set was withdrawn: it could not be prepared")),
        );
        self.inbox().withdrawn.push(sequence);
        self.wake.notify_one();
    }

    /// Refuses new operations, lets the accepted ones finish, then disconnects. May be called again.
    pub fn close(&self, token: usize) {
        let ticket = self.ticket(token, Kind::Close, Some(self.bound.admit_close()));
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

    /// Nobody can see outcomes any more (the environment has gone, or the store was dropped): accepted writes are still
    /// sent, what was not filled never will be.
    pub fn abandon(&self) {
        let unfilled: Vec<(u64, Ticket)> = {
            let mut inbox = self.inbox();
            inbox.closing = true;
            inbox.abandoned = true;
            inbox.unfilled.drain().collect()
        };
        for (sequence, ticket) in unfilled {
            self.settle(&ticket, Err(Error::new("MongoClientClosedError", "the store has been closed")));
            self.inbox().withdrawn.push(sequence);
        }
        self.wake.notify_one();
    }

    /// The sink has handed an outcome of so many bytes over.
    pub fn delivered(&self, reply_bytes: usize) {
        if reply_bytes == 0 {
            return;
        }
        let was_full = budget().replies_are_full();
        budget().reply_delivered(reply_bytes);
        if was_full && !budget().replies_are_full() {
            self.wake.notify_one();
        }
    }

    fn ticket(&self, token: usize, kind: Kind, admission: Option<Admission>) -> Ticket {
        let now = Instant::now();
        Ticket::new(token, kind, now, now + self.operation_timeout, admission)
    }

    fn accept(&self, request: Request, ticket: Ticket) -> u64 {
        let kind = ticket.kind;
        let mut inbox = self.inbox();
        if inbox.closing {
            drop(inbox);
            self.settle(&ticket, Err(Error::new("MongoClientClosedError", "the store has been closed")));
            return REFUSED;
        }
        let is_call = matches!(request, Request::Discard { .. });
        let sequence = inbox.next_sequence;
        inbox.next_sequence += if kind == Kind::DestroyWhere { MAX_FOUND } else { 1 };
        if matches!(request, Request::Reserve { .. }) {
            inbox.unfilled.insert(sequence, ticket.clone());
        }
        inbox.watchlist.push(ticket.clone());
        inbox.requests.push((sequence, request, ticket));
        // A command that ends looks here anyway.
        let wake = match kind {
            _ if is_call => true,
            Kind::Get => std::mem::take(&mut inbox.wants_reads),
            Kind::Set | Kind::Touch | Kind::Destroy => std::mem::take(&mut inbox.wants_writes),
            _ => true,
        };
        drop(inbox);
        deadlines::wake();
        if wake {
            self.unflushed.store(true, Ordering::Relaxed);
        }
        sequence
    }

    fn refuse(&self, token: usize, kind: Kind, error: Error) {
        let ticket = self.ticket(token, kind, None);
        self.settle(&ticket, Err(error));
    }
}

fn expected_bytes(expected: Option<&Expected>) -> usize {
    expected.map_or(0, Expected::value_bytes)
}
