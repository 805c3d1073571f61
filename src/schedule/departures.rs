//! Which command leaves next.
//!
//! Group commit without timers: while a window has room an operation leaves at once; otherwise it waits, and leaves with
//! others.

use std::time::{Duration, Instant};

use super::{
    command::{Body, Command, Write},
    fence::Session,
    key_queue::KeyQueue,
    operation::{Ticket, Transport, WriteKind},
    scheduler::{InFlight, Resumed, Scheduler, WriteInFlight, count_members},
    statement::{Lookup, Member, Statement},
    window::Traffic,
};

/// A command stays under this where it can.
const SOFT_COMMAND_BYTES: usize = 1 << 20;
/// A larger value travels alone, so that small ones do not wait for it.
const LARGE_VALUE_BYTES: usize = 256 << 10;
/// A find asks for no more rows than will keep its reply under this.
const REPLY_BYTES: usize = 4 << 20;
/// What is ready is spread over the free commands, but not thinner than this (measured at 128 at once, both transports:
/// 64 gained 1.05 to 1.3 over one command for all; with 16, smaller commands cost more than they gain).
const LEAST_SHARE: usize = 64;
/// Between two looks that nothing but time asks for.
const TICK: Duration = Duration::from_millis(1);

impl<T: Transport> Scheduler<T> {
    /// The next command to send, if one may leave now. To be asked until there is none.
    pub fn poll(&mut self, now: Instant) -> Option<Command<T>> {
        if let Some(command) = self.poll_resumed(now) {
            return Some(command);
        }
        if let Some(command) = self.poll_barriers() {
            return Some(command);
        }
        // The oldest goes first; one whose window is full does not hold up the other kind.
        let read = self.keys.oldest_read().map(|(sequence, _)| sequence);
        let write = self.keys.oldest_write().map(|(sequence, ..)| sequence);
        let reads_first = read < write || write.is_none();
        if reads_first {
            self.poll_reads(now).or_else(|| self.poll_writes(now))
        } else {
            self.poll_writes(now).or_else(|| self.poll_reads(now))
        }
    }

    /// Whether a read that arrives now changes what happens: it leaves at once, or is the first that waits, for which
    /// `next_wake` names a time.
    pub fn heeds_reads(&self, now: Instant) -> bool {
        self.windows.free(Traffic::Read, now) > 0 || self.keys.ready_reads() == 0
    }

    pub fn heeds_writes(&self, now: Instant) -> bool {
        self.windows.free(Traffic::Write, now) > 0 || self.keys.ready_writes() == 0
    }

    /// When to poll again, should nothing happen until then: an operation may have waited long enough by then.
    pub fn next_wake(&mut self, now: Instant) -> Option<Instant> {
        let read = self.keys.oldest_read().map(|(_, ticket)| ticket.admitted());
        let write = self.keys.oldest_write().map(|(_, ticket, _)| ticket.admitted());
        let looks = [(Traffic::Read, read), (Traffic::Write, write)].map(|(traffic, admitted)| {
            Some((admitted? + self.windows.widening_wait(traffic)?).max(now + TICK))
        });
        looks.into_iter().flatten().min()
    }

    fn poll_resumed(&mut self, now: Instant) -> Option<Command<T>> {
        for _ in 0..self.resumed.len() {
            let resumed = self.resumed.pop_front()?;
            match self.resume(resumed, now) {
                Ok(command) => return Some(command),
                Err(waits) => self.resumed.push_back(waits),
            }
        }
        None
    }

    fn resume(&mut self, resumed: Resumed<T>, now: Instant) -> Result<Command<T>, Resumed<T>> {
        let traffic = if let Resumed::Write { .. } = &resumed { Traffic::Write } else { Traffic::Read };
        if self.windows.free(traffic, now) == 0 {
            return Err(resumed);
        }
        match resumed {
            Resumed::Find(lookups) => Ok(self.send_find(lookups, now)),
            Resumed::FindExisting(counted) => {
                let keys =
                    counted.asking.iter().map(|index| counted.statements[*index].0.key.clone()).collect();
                let members = counted.statements.iter().flat_map(|(_, members)| members);
                let deadline = last_deadline(members, now);
                let command = self.command(Body::FindExisting { keys }, deadline, 0);
                self.in_flight.insert(command.id, InFlight::FindExisting(counted));
                Ok(command)
            }
            Resumed::FindCurrent(missed) => Ok(self.send_find_current(missed, now)),
            Resumed::Write { kind, statements, session, part } => match session {
                Some(session) if self.fences.take(session).is_none() => {
                    Err(Resumed::Write { kind, statements, session: Some(session), part })
                }
                session => {
                    let write = WriteInFlight {
                        kind,
                        session,
                        part,
                        departure: self.windows.start(Traffic::Write, statements.len(), now),
                        statements,
                    };
                    Ok(self.send_write(write, now))
                }
            },
        }
    }

    /// A barrier that holds others back is not sent before every write that was never answered is settled or fenced off.
    fn poll_barriers(&mut self) -> Option<Command<T>> {
        let settled = self.fences.is_settled() && self.unsettled.is_empty();
        if !settled
            && let Some((barrier, ticket)) = self.barriers.open_holding()
            && let deadline = ticket.deadline()
            && let Some(session) = self.fences.take_unsettled()
        {
            let command = self.command(Body::Fence { session }, deadline, 0);
            self.in_flight.insert(command.id, InFlight::Fence { session, barrier });
            return Some(command);
        }
        loop {
            let barrier = self.barriers.start_open(settled)?;
            let (sequence, kind, ticket) = (barrier.sequence, barrier.kind, barrier.ticket.clone());
            if !ticket.send() {
                self.barriers.finish(sequence);
                self.release_held();
                continue;
            }
            let deadline = ticket.deadline();
            let command = self.command(Body::Barrier { sequence, kind, ticket }, deadline, 1);
            self.in_flight.insert(command.id, InFlight::Barrier { sequence });
            return Some(command);
        }
    }

    fn poll_reads(&mut self, now: Instant) -> Option<Command<T>> {
        let (_, oldest) = self.keys.oldest_read()?;
        let waited = now.saturating_duration_since(oldest.admitted());
        if self.budget.replies_are_full() {
            return None;
        }
        let free = self.windows.free(Traffic::Read, now);
        if free == 0 && !self.windows.widens(Traffic::Read, waited) {
            return None;
        }
        let fits_reply = REPLY_BYTES / self.row_bytes.max(1);
        let most = fits_reply.clamp(1, self.limits.lookups);
        let limit = share(self.keys.ready_reads(), free, most);
        let mut lookups: Vec<Lookup<T>> = Vec::with_capacity(limit.min(self.keys.ready_reads()));
        let mut left = Vec::new();
        let mut bytes = 0;
        while lookups.len() < limit && bytes <= SOFT_COMMAND_BYTES {
            let Some(key) = self.keys.first_read().cloned() else { break };
            let lookup = self.keys.change(&key, |queue| queue.begin_read(&key, &mut left)).flatten();
            bytes += T::key_bytes(&key);
            lookups.extend(lookup);
        }
        self.leave(left);
        if lookups.is_empty() { None } else { Some(self.send_find(lookups, now)) }
    }

    fn poll_writes(&mut self, now: Instant) -> Option<Command<T>> {
        let (_, oldest, kind) = self.keys.oldest_write()?;
        let waited = now.saturating_duration_since(oldest.admitted());
        let free = self.windows.free(Traffic::Write, now);
        let may = Departing {
            small: free > 0 || self.windows.widens(Traffic::Write, waited),
            large: self.windows.free(Traffic::Large, now) > 0,
            free,
        };
        let other = if kind == WriteKind::Update { WriteKind::Delete } else { WriteKind::Update };
        [kind, other].into_iter().find_map(|kind| self.poll_writes_of(kind, may, now))
    }

    fn poll_writes_of(&mut self, kind: WriteKind, may: Departing, now: Instant) -> Option<Command<T>> {
        let mut batch = WriteBatch::default();
        let limit = match kind {
            WriteKind::Delete if !self.limits.groups_destroys => 1,
            _ => share(self.keys.ready_writes_of(kind), may.free, self.limits.statements),
        };
        let mut left = Vec::new();
        let mut after = None;
        while batch.statements.len() < limit && batch.bytes <= SOFT_COMMAND_BYTES && !batch.is_large {
            let Some((sequence, key)) = self.keys.next_write(kind, after) else { break };
            let key = key.clone();
            after = Some(sequence);
            let size = self.keys.queue(&key).map_or(0, KeyQueue::next_write_bytes);
            let is_large = size > LARGE_VALUE_BYTES;
            if batch.has_room(size, is_large, may) && self.admits(&key, &mut batch.session) {
                let serves_gets = self.limits.sets_serve_gets;
                let begin = |queue: &mut KeyQueue<T>| queue.begin_write(&key, kind, serves_gets, &mut left);
                let begun = self.keys.change(&key, begin).flatten();
                batch.bytes += size + T::key_bytes(&key);
                batch.is_large = is_large && begun.is_some();
                batch.statements.extend(begun);
            } else if !may.small && !is_large {
                // Only a large value could leave, and those that wait stand first sooner or later.
                break;
            }
        }
        self.leave(left);
        let WriteBatch { statements, session, is_large, .. } = batch;
        if statements.is_empty() {
            session.into_iter().for_each(|session| self.fences.give_back(session));
            return None;
        }
        let traffic = if is_large { Traffic::Large } else { Traffic::Write };
        let departure = self.windows.start(traffic, statements.len(), now);
        Some(self.send_write(WriteInFlight { kind, statements, session, part: None, departure }, now))
    }

    /// Whether a write of this id may go out in a command on `session`, which the command's first id chooses.
    fn admits(&mut self, key: &T::Key, session: &mut Option<Session>) -> bool {
        if !self.limits.numbers_writes {
            return true;
        }
        if session.is_none() {
            *session = self.fences.take_for(key);
        }
        session.is_some() && self.fences.admits(key, *session)
    }

    fn send_find(&mut self, lookups: Vec<Lookup<T>>, now: Instant) -> Command<T> {
        let departure = self.windows.start(Traffic::Read, lookups.len(), now);
        let keys: Vec<T::Key> = lookups.iter().map(|lookup| lookup.key.clone()).collect();
        let gets = || lookups.iter().flat_map(|lookup| &lookup.gets);
        let deadline = gets().map(|(get, _)| get.ticket.deadline()).max().unwrap_or(now);
        let operations = gets().count();
        let command = self.command(Body::Find { keys: keys.clone() }, deadline, operations);
        let lookups = lookups.into_iter().map(Some).collect();
        self.in_flight.insert(command.id, InFlight::Find { lookups, keys, departure });
        command
    }

    fn send_write(&mut self, write: WriteInFlight<T>, now: Instant) -> Command<T> {
        let deadline = last_deadline(write.statements.iter().flat_map(|(_, members)| members), now);
        let body = Body::Write(Write {
            kind: write.kind,
            statements: write.statements.iter().map(|(statement, _)| statement.clone()).collect(),
            session: write.session,
            part: write.part.clone(),
        });
        let command = self.command(body, deadline, count_members(&write.statements));
        self.in_flight.insert(command.id, InFlight::Write(write));
        command
    }
}

/// What the windows let through.
#[derive(Clone, Copy)]
struct Departing {
    small: bool,
    large: bool,
    /// Commands with small values.
    free: usize,
}

struct WriteBatch<T: Transport> {
    statements: Vec<(Statement<T>, Vec<Member<T>>)>,
    session: Option<Session>,
    bytes: usize,
    is_large: bool,
}

impl<T: Transport> Default for WriteBatch<T> {
    fn default() -> Self {
        Self { statements: Vec::new(), session: None, bytes: 0, is_large: false }
    }
}

impl<T: Transport> WriteBatch<T> {
    fn has_room(&self, size: usize, is_large: bool, may: Departing) -> bool {
        match (self.statements.is_empty(), is_large) {
            (true, true) => may.large,
            (true, false) => may.small,
            (false, true) => false,
            (false, false) => self.bytes + size <= SOFT_COMMAND_BYTES,
        }
    }
}

/// How many of `ready` leave in one command when `free` commands may leave.
fn share(ready: usize, free: usize, most: usize) -> usize {
    ready.div_ceil(free.max(1)).max(LEAST_SHARE).min(most)
}

fn last_deadline<'a, T: Transport>(members: impl Iterator<Item = &'a Member<T>>, now: Instant) -> Instant {
    members.map(|member| member.operation.ticket.deadline()).max().unwrap_or(now)
}
