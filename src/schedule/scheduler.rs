//! When a command may leave, and with whose operations.
//!
//! A value that is asked what to do next: `submit` what is called, `poll` for commands to send, say how each ended, and
//! `take_settled` the operations' outcomes. It reads no clock and does no I/O.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    barrier::{BarrierKind, Barriers},
    budget::Budget,
    command::{Body, Command, CommandId, Part},
    conflict::{Conflict, Missed},
    fence::{Fences, Session},
    key_queue::KeyQueue,
    operation::{Action, Epoch, Operation, Outcome, Settled, Ticket, Transport, WriteKind},
    ready::ReadyKeys,
    statement::{Lookup, Member, Statement, StatementEnd},
    tally::Tallies,
    window::{Departure, Windows},
};
use crate::session::{Dates, Expected, StoredRow};

/// The knee of measured throughput: 64 to 256 ids.
pub const MAX_LOOKUPS: usize = 256;
/// The knee of measured throughput: 32 to 128 statements.
pub const MAX_STATEMENTS: usize = 128;
/// Through mongos each id is looked up on the shards of all of them.
pub const MAX_SHARDED: usize = 32;

/// What the servers and the transport allow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    pub lookups: usize,
    pub statements: usize,
    /// Whether several destroys may share a command, whose reply has only the sum of what was removed.
    pub groups_destroys: bool,
    /// Whether a get behind a set can be given what that set stored.
    pub sets_serve_gets: bool,
    /// Whether a grouped find that fails is queried again one by one: one shard's trouble is not everybody's.
    pub isolates_finds: bool,
    /// Whether writes go out on server sessions with transaction numbers.
    pub numbers_writes: bool,
    /// Whether a write concern makes writes wait for other members, or for the journal.
    pub writes_wait: bool,
    /// Connections that the client may open.
    pub pool: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lookups: MAX_LOOKUPS,
            statements: MAX_STATEMENTS,
            groups_destroys: true,
            sets_serve_gets: true,
            isolates_finds: false,
            numbers_writes: false,
            writes_wait: false,
            pool: usize::MAX,
        }
    }
}

#[derive(Debug)]
pub struct Scheduler<T: Transport> {
    pub(super) keys: ReadyKeys<T>,
    pub(super) barriers: Barriers<T>,
    pub(super) windows: Windows,
    pub(super) fences: Fences<T::Key>,
    pub(super) limits: Limits,
    pub(super) in_flight: HashMap<CommandId, InFlight<T>>,
    /// Commands that others have left behind: they go first.
    pub(super) resumed: VecDeque<Resumed<T>>,
    /// Writes that were given up without an answer and that nothing fences off, until they are settled.
    pub(super) unsettled: HashMap<CommandId, Unsettled<T>>,
    /// Sets whose values are not there yet, by sequence number.
    pub(super) unfilled: HashMap<u64, T::Key>,
    /// What was called after a `clear` that has not ended.
    held: VecDeque<Held<T>>,
    pub(super) settled: Vec<Settled<T>>,
    pub(super) conflicts: Vec<Conflict<T>>,
    pub(super) tallies: Tallies<T>,
    /// Bytes of a row, averaged over recent ones.
    pub(super) row_bytes: usize,
    pub(super) next_command: CommandId,
    pub(super) budget: Arc<Budget>,
}

#[derive(Debug)]
enum Held<T: Transport> {
    Operation { sequence: u64, key: T::Key, ticket: T::Ticket, action: Action<T> },
    Barrier { sequence: u64, kind: BarrierKind, ticket: T::Ticket },
}

/// A command whose end is waited for.
#[derive(Debug)]
pub(super) enum InFlight<T: Transport> {
    Find {
        lookups: Vec<Option<Lookup<T>>>,
        keys: Vec<T::Key>,
        departure: Departure,
    },
    Write(WriteInFlight<T>),
    FindExisting(Box<Counted<T>>),
    FindCurrent(Vec<Missed<T>>),
    /// `barrier`: the sequence number of the one that waits for it.
    Fence {
        session: Session,
        barrier: u64,
    },
    Barrier {
        sequence: u64,
    },
}

#[derive(Debug)]
pub(super) struct WriteInFlight<T: Transport> {
    pub kind: WriteKind,
    pub statements: Vec<(Statement<T>, Vec<Member<T>>)>,
    pub session: Option<Session>,
    pub part: Option<Part>,
    pub departure: Departure,
}

#[derive(Debug)]
pub(super) struct Unsettled<T: Transport> {
    pub keys: Vec<T::Key>,
    /// Held, never read: what is not settled still counts as an operation.
    pub _tickets: Vec<T::Ticket>,
}

/// A write whose reply says how many touches matched, but not which.
#[derive(Debug)]
pub(super) struct Counted<T: Transport> {
    pub statements: Vec<(Statement<T>, Vec<Member<T>>)>,
    pub ends: Vec<StatementEnd<T::Error>>,
    /// The indexes of the statements that ask.
    pub asking: Vec<usize>,
}

/// A command that leaves before anything else.
#[derive(Debug)]
pub(super) enum Resumed<T: Transport> {
    Find(Vec<Lookup<T>>),
    Write {
        kind: WriteKind,
        statements: Vec<(Statement<T>, Vec<Member<T>>)>,
        session: Option<Session>,
        part: Option<Part>,
    },
    FindExisting(Box<Counted<T>>),
    FindCurrent(Vec<Missed<T>>),
}

impl<T: Transport> Scheduler<T> {
    pub fn new(limits: Limits, budget: Arc<Budget>) -> Self {
        let mut scheduler = Self {
            keys: ReadyKeys::default(),
            barriers: Barriers::default(),
            windows: Windows::new(limits.pool),
            fences: Fences::default(),
            limits,
            in_flight: HashMap::new(),
            resumed: VecDeque::new(),
            unsettled: HashMap::new(),
            unfilled: HashMap::new(),
            held: VecDeque::new(),
            settled: Vec::new(),
            conflicts: Vec::new(),
            tallies: Tallies::default(),
            row_bytes: 1024,
            next_command: 0,
            budget,
        };
        scheduler.set_limits(limits);
        scheduler
    }

    /// The servers, or what is known of them, have changed.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.windows.set_pool(limits.pool);
        self.windows.writes.waits_for_others = limits.writes_wait;
    }

    /// The servers are others, perhaps elsewhere: what was known of the distance says nothing any more.
    pub fn topology_changed(&mut self) {
        self.windows.forget_distance();
    }

    /// A measurement of the distance from outside the scheduler, such as a ping's time.
    pub fn learn_distance(&mut self, distance: Duration, now: Instant) {
        self.windows.learn_distance(distance, now);
    }

    /// An operation on one id, in the order of the calls. A set may be `Action::Unfilled` and filled later.
    pub fn submit(&mut self, sequence: u64, key: T::Key, ticket: T::Ticket, action: Action<T>) {
        if matches!(action, Action::Unfilled) {
            self.unfilled.insert(sequence, key.clone());
        }
        if self.barriers.is_holding() {
            self.held.push_back(Held::Operation { sequence, key, ticket, action });
        } else {
            self.admit(sequence, &key, ticket, action);
        }
    }

    /// A call on the whole collection that waits for what was called before it.
    pub fn submit_barrier(&mut self, sequence: u64, kind: BarrierKind, ticket: T::Ticket) {
        if self.barriers.is_holding() {
            self.held.push_back(Held::Barrier { sequence, kind, ticket });
        } else {
            self.barriers.push(sequence, kind, ticket);
        }
    }

    /// What the set with this sequence number stores.
    pub fn fill(
        &mut self,
        sequence: u64,
        value: T::Value,
        dates: Dates,
        expected: Option<Box<Expected<T::Value>>>,
    ) {
        let Some(key) = self.unfilled.remove(&sequence) else { return };
        let held = self.held.iter_mut().find_map(|held| match held {
            Held::Operation { sequence: number, action, .. } if *number == sequence => Some(action),
            _ => None,
        });
        match held {
            Some(action) => *action = Action::Set { value, dates, expected },
            None => drop(self.keys.change(&key, |queue| queue.fill(sequence, value, dates, expected))),
        }
    }

    /// The set with this sequence number will not be filled. Its ticket has been settled.
    pub fn withdraw(&mut self, sequence: u64) {
        if let Some(key) = self.unfilled.remove(&sequence) {
            self.purge_key(&key);
            self.held.retain(|held| !held.ticket().is_settled());
            self.release_held();
        }
    }

    /// Operations have been settled from outside, by their deadlines: they make way.
    pub fn expire(&mut self) {
        for key in self.keys.keys() {
            self.purge_key(&key);
        }
        self.held.retain(|held| !held.ticket().is_settled());
        self.barriers.purge();
        self.tallies.purge();
        self.release_held();
    }

    /// Fails everything that has not been sent.
    pub fn fail_waiting(&mut self, error: &T::Error) {
        for key in self.keys.keys() {
            let waiting: Vec<_> =
                self.keys.change(&key, |queue| queue.take_all().collect()).unwrap_or_default();
            for operation in waiting {
                self.barriers.leave(operation.epoch);
                self.settled.push((operation.ticket, Err(error.clone())));
            }
        }
        let barriers = self.barriers.take_waiting();
        self.settled.extend(barriers.into_iter().map(|ticket| (ticket, Err(error.clone()))));
        let held = std::mem::take(&mut self.held);
        self.settled.extend(held.into_iter().map(|held| (held.into_ticket(), Err(error.clone()))));
        self.unfilled.clear();
    }

    /// The outcomes since the last call. The caller settles each ticket, unless something else has.
    pub fn take_settled(&mut self) -> Vec<Settled<T>> {
        let settled = std::mem::take(&mut self.settled);
        self.tallies.sum_up(settled)
    }

    /// Whether nothing waits and nothing is in flight. Writes that were given up without an answer do not count.
    pub fn is_idle(&self) -> bool {
        self.barriers.are_quiet()
            && self.held.is_empty()
            && self.in_flight.is_empty()
            && self.resumed.is_empty()
    }

    pub fn has_unsettled(&self) -> bool {
        !self.unsettled.is_empty()
    }

    /// Whether a write of this id waits for one that was given up without an answer.
    pub fn is_unsettled(&self, key: &T::Key) -> bool {
        self.keys.queue(key).is_some_and(KeyQueue::is_unsettled)
    }

    pub fn operations_in_flight(&self) -> usize {
        self.in_flight
            .values()
            .map(|command| match command {
                InFlight::Find { lookups, .. } => {
                    lookups.iter().flatten().map(|lookup| lookup.gets.len()).sum()
                }
                InFlight::Write(write) => count_members(&write.statements),
                InFlight::FindExisting(counted) => count_members(&counted.statements),
                InFlight::FindCurrent(_) | InFlight::Fence { .. } => 0,
                InFlight::Barrier { .. } => 1,
            })
            .sum()
    }

    pub(super) fn admit(&mut self, sequence: u64, key: &T::Key, ticket: T::Ticket, action: Action<T>) {
        let epoch = self.barriers.enter();
        self.keys.push(key, Operation { sequence, ticket, action, epoch });
    }

    pub(super) fn purge_key(&mut self, key: &T::Key) {
        let purged = self.keys.change(key, |queue| queue.purge()).unwrap_or_default();
        for operation in purged {
            self.unfilled.remove(&operation.sequence);
            self.barriers.leave(operation.epoch);
        }
    }

    /// What a `clear` has held back goes before anything that arrives later, up to the next `clear` among it.
    pub(super) fn release_held(&mut self) {
        while !self.barriers.is_holding() {
            match self.held.pop_front() {
                None => return,
                Some(held) if held.ticket().is_settled() => {}
                Some(Held::Operation { sequence, key, ticket, action }) => {
                    self.admit(sequence, &key, ticket, action);
                }
                Some(Held::Barrier { sequence, kind, ticket }) => self.barriers.push(sequence, kind, ticket),
            }
        }
    }

    pub(super) fn leave(&mut self, epochs: Vec<Epoch>) {
        for epoch in epochs {
            self.barriers.leave(epoch);
        }
    }

    /// Settles each get with the row as it sees it: after the touches called before it, at its own time.
    pub(super) fn settle_gets(&mut self, lookup: Lookup<T>, row: Option<&StoredRow<T::Value>>) {
        for (get, overlay) in lookup.gets {
            let Action::Get { latest_expired } = get.action else { continue };
            let live = row.and_then(|row| row.live_row(overlay, latest_expired));
            self.barriers.leave(get.epoch);
            self.settled.push((get.ticket, Ok(Outcome::Row(live))));
        }
    }

    pub(super) fn fail_gets(&mut self, lookup: Lookup<T>, error: &T::Error) {
        for (get, _) in lookup.gets {
            self.barriers.leave(get.epoch);
            self.settled.push((get.ticket, Err(error.clone())));
        }
    }

    pub(super) fn command(&mut self, body: Body<T>, deadline: Instant, operations: usize) -> Command<T> {
        self.next_command += 1;
        Command { id: self.next_command, body, deadline, operations }
    }
}

impl<T: Transport> Held<T> {
    fn ticket(&self) -> &T::Ticket {
        match self {
            Self::Operation { ticket, .. } | Self::Barrier { ticket, .. } => ticket,
        }
    }

    fn into_ticket(self) -> T::Ticket {
        match self {
            Self::Operation { ticket, .. } | Self::Barrier { ticket, .. } => ticket,
        }
    }
}

pub(super) fn count_members<T: Transport>(statements: &[(Statement<T>, Vec<Member<T>>)]) -> usize {
    statements.iter().map(|(_, members)| members.len()).sum()
}
