//! A server, a network and an app of the tests' own: they carry out what the scheduler sends, lose replies and give up.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pure_rooms::{
    schedule::{
        BarrierKind, Body, Command, CommandId, Conflict, FindEnd, Limits, Session, Write, WriteEnd,
        WriteReply,
    },
    session::Expected,
};

use crate::{
    bench::{Bench, Came, EXPIRES, Made, Text, row},
    server::{apply, blocked, found, session, written},
};

pub const KEYS: u8 = 4;

#[derive(Clone, Debug)]
pub enum Step {
    Get(u8),
    Set {
        key: u8,
        large: bool,
        serves: bool,
    },
    Unfilled(u8),
    /// The oldest unfilled set is filled, or withdrawn.
    Fill(bool),
    Touch(u8),
    Destroy(u8),
    Barrier(u8),
    /// The server carries a command out.
    Execute(usize),
    /// The reply of a command that was carried out arrives.
    Reply(usize),
    Fail(usize, Failure),
    /// A write that was given up arrives at the server after all.
    Arrive(usize),
    /// A set of which it is asked that the row is as an earlier look has shown it; 0: that there is none.
    Conditional(u8, u8),
    /// The app looks at a conflict.
    Resolve(usize),
    /// An operation's deadline.
    Ring(usize),
    Advance(u64),
}

#[derive(Clone, Copy, Debug)]
pub enum Failure {
    Refused,
    Rejected,
    Unconfirmed,
    /// Answered, and carried out in part.
    Interrupted,
    Unanswered,
}

/// What was called, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Call {
    Get(u8),
    Set(u8),
    Touch(u8),
    Destroy(u8),
    Barrier(BarrierKind),
}

/// A command on its way, and its reply once the server has carried it out.
pub struct Flying {
    pub command: Command<Made>,
    /// The number of its write on its session.
    pub txn_number: u64,
    pub reply: Option<Reply>,
}

pub enum Reply {
    Rows(Vec<Option<u64>>),
    Current(Vec<Option<u64>>),
    Written(WriteReply<&'static str>),
    Existing(Vec<bool>),
    Done,
}

pub struct World {
    pub bench: Bench,
    pub numbered: bool,
    pub calls: Vec<Call>,
    unfilled: Vec<u64>,
    pub rows: BTreeMap<u8, u64>,
    pub flying: Vec<Flying>,
    /// Writes that nobody waits for any more, and that may still arrive.
    pub late: Vec<(CommandId, Write<Made>, u64)>,
    next_number: u64,
    /// The highest number that the server has carried out on each session.
    pub carried_out: HashMap<Session, u64>,
    /// What each conditional set expects, as it was last filled.
    pub expected: HashMap<u64, Expected<Text>>,
    pub conflicts: Vec<Conflict<Made>>,
    /// Rows that the app has looked at in a conflict.
    pub shown: BTreeSet<u64>,
    /// Barriers whose outcome the transport has delivered.
    pub done: BTreeSet<u64>,
}

impl World {
    pub fn new(numbered: bool) -> Self {
        Self {
            bench: Bench::with(Limits { numbers_writes: numbered, ..Limits::default() }),
            numbered,
            calls: Vec::new(),
            unfilled: Vec::new(),
            rows: BTreeMap::new(),
            flying: Vec::new(),
            late: Vec::new(),
            next_number: 0,
            carried_out: HashMap::new(),
            expected: HashMap::new(),
            conflicts: Vec::new(),
            shown: BTreeSet::new(),
            done: BTreeSet::new(),
        }
    }

    pub fn step(&mut self, step: &Step) {
        match *step {
            Step::Get(key) => {
                self.calls.push(Call::Get(key));
                self.bench.get(key);
            }
            Step::Set { key, large, serves } => {
                self.calls.push(Call::Set(key));
                self.bench.set_of(key, if large { 300 << 10 } else { 100 }, serves);
            }
            Step::Unfilled(key) => {
                self.calls.push(Call::Set(key));
                let sequence = self.bench.unfilled(key);
                self.unfilled.push(sequence);
            }
            Step::Fill(fills) => self.fill(fills),
            Step::Touch(key) => {
                self.calls.push(Call::Touch(key));
                self.bench.touch(key, EXPIRES + 1);
            }
            Step::Destroy(key) => {
                self.calls.push(Call::Destroy(key));
                self.bench.destroy(key);
            }
            Step::Barrier(kind) => {
                let kind = [BarrierKind::Clear, BarrierKind::Count, BarrierKind::Scan][usize::from(kind)];
                self.calls.push(Call::Barrier(kind));
                self.bench.barrier(kind);
            }
            Step::Conditional(key, age) => self.set_conditionally(key, age),
            Step::Resolve(choice) => self.resolve(choice),
            Step::Execute(choice) => self.execute(choice),
            Step::Reply(choice) => self.reply(choice),
            Step::Fail(choice, failure) => self.fail(choice, failure),
            Step::Arrive(choice) => self.arrive(choice),
            Step::Ring(choice) => self.ring(choice),
            Step::Advance(millis) => self.bench.advance(millis),
        }
        self.send();
    }

    fn fill(&mut self, fills: bool) {
        if self.unfilled.is_empty() {
            return;
        }
        let sequence = self.unfilled.remove(0);
        if fills {
            self.bench.fill(sequence);
        } else if !self.ticket_is_settled(sequence) {
            self.bench.ring(sequence);
            self.bench.outcomes.push((sequence, Came::Failed("withdrawn")));
            self.bench.scheduler.withdraw(sequence);
        } else {
            self.bench.scheduler.withdraw(sequence);
        }
    }

    /// Sends what may leave, and checks what the rules say of commands that are in flight together.
    pub fn send(&mut self) {
        while let Some(command) = self.bench.poll() {
            self.next_number += 1;
            self.check_departure(&command);
            self.flying.push(Flying { command, txn_number: self.next_number, reply: None });
        }
    }

    fn check_departure(&self, command: &Command<Made>) {
        let busy = |kind: fn(&Body<Made>) -> Vec<u8>| {
            self.flying.iter().flat_map(|flying| kind(&flying.command.body)).collect::<Vec<u8>>()
        };
        let (writing, blocking, finding) = (busy(written), busy(blocked), busy(found));
        match &command.body {
            Body::Write(write) => {
                let keys = written(&command.body);
                assert_eq!(
                    keys.iter().collect::<BTreeSet<_>>().len(),
                    keys.len(),
                    "an id is in one statement"
                );
                self.check_conditions(write, command.operations);
                for key in &keys {
                    assert!(!writing.contains(key), "an id is in one write at a time");
                }
                for key in blocked(&command.body) {
                    assert!(!finding.contains(&key), "no set or destroy beside a find of its id");
                }
                let large = |bytes: usize| bytes > 256 << 10;
                let sizes = write.statements.iter().filter_map(|statement| statement.value.as_ref());
                assert!(!sizes.clone().any(|value| large(value.bytes)) || write.statements.len() == 1);
                assert_eq!(write.session.is_some(), self.numbered);
                let sessions = self.flying.iter().filter_map(|flying| session(&flying.command.body));
                assert!(write.session.is_none_or(|used| !sessions.into_iter().any(|busy| busy == used)));
            }
            Body::Find { keys } => {
                for key in keys {
                    assert!(!blocking.contains(key), "no find beside a set or destroy of its id");
                    assert!(!finding.contains(key), "no find beside another of its id");
                }
            }
            Body::Barrier { kind, ticket, .. } => self.check_barrier(*kind, ticket.sequence),
            Body::FindExisting { .. } | Body::FindCurrent { .. } | Body::Fence { .. } => {}
        }
        let is_clearing = |flying: &Flying| {
            let Body::Barrier { kind: BarrierKind::Clear, ticket, .. } = &flying.command.body else {
                return None;
            };
            (!ticket.settled.get()).then_some(ticket.sequence)
        };
        if let Some(clear) = self.flying.iter().find_map(is_clearing) {
            for ticket in &self.bench.tickets[usize::try_from(clear).unwrap() + 1..] {
                assert!(!ticket.sent.get(), "{ticket:?} was called after the clear #{clear}");
            }
        }
    }

    /// Everything before a barrier has ended when it leaves.
    fn check_barrier(&self, kind: BarrierKind, sequence: u64) {
        for ticket in &self.bench.tickets[..usize::try_from(sequence).unwrap()] {
            let call = self.calls[usize::try_from(ticket.sequence).unwrap()];
            let may_be_open = matches!(call, Call::Barrier(BarrierKind::Scan));
            assert!(may_be_open || ticket.settled.get(), "{ticket:?} was called before #{sequence}");
        }
        assert!(kind != BarrierKind::Clear || self.numbered || self.late.is_empty() || !self.may_arrive());
    }

    /// Whether a late write could still change something: on a borrowed connection, nothing fences it off.
    fn may_arrive(&self) -> bool {
        !self.numbered && self.bench.scheduler.has_unsettled()
    }

    pub fn choose(&self, choice: usize, wanted: impl Fn(&Flying) -> bool) -> Option<usize> {
        let fitting: Vec<usize> =
            (0..self.flying.len()).filter(|index| wanted(&self.flying[*index])).collect();
        (!fitting.is_empty()).then(|| fitting[choice % fitting.len()])
    }

    fn execute(&mut self, choice: usize) {
        let Some(index) = self.choose(choice, |flying| flying.reply.is_none()) else { return };
        let number = self.flying[index].txn_number;
        let reply = match &self.flying[index].command.body {
            Body::Find { keys } => Reply::Rows(keys.iter().map(|key| self.rows.get(key).copied()).collect()),
            Body::FindCurrent { keys } => {
                Reply::Current(keys.iter().map(|key| self.rows.get(key).copied()).collect())
            }
            Body::FindExisting { keys } => {
                Reply::Existing(keys.iter().map(|key| self.rows.contains_key(key)).collect())
            }
            Body::Fence { session } => {
                let highest = self.carried_out.entry(*session).or_default();
                *highest = number.max(*highest);
                Reply::Done
            }
            Body::Barrier { kind, .. } => {
                if *kind == BarrierKind::Clear {
                    self.rows.clear();
                }
                Reply::Done
            }
            Body::Write(write) => Reply::Written(apply(write, number, &mut self.rows, &mut self.carried_out)),
        };
        self.flying[index].reply = Some(reply);
    }

    fn reply(&mut self, choice: usize) {
        let Some(index) = self.choose(choice, |flying| flying.reply.is_some()) else { return };
        let Flying { command, reply, .. } = self.flying.remove(index);
        let now = self.bench.now;
        match (reply, command.body) {
            (Some(Reply::Rows(rows)), _) => {
                for (index, row) in rows.into_iter().enumerate() {
                    if let Some(number) = row {
                        self.bench.found(command.id, index, number);
                    }
                }
                self.bench.end_find(command.id, FindEnd::Complete);
            }
            (Some(Reply::Current(rows)), _) => {
                let rows = rows.into_iter().map(|number| number.map(row)).collect();
                self.bench.scheduler.end_find_current(command.id, Ok(rows));
            }
            (Some(Reply::Written(reply)), _) => self.bench.end_write(command.id, WriteEnd::Reply(reply)),
            (Some(Reply::Existing(existing)), _) => {
                self.bench.scheduler.end_find_existing(command.id, Some(&existing));
            }
            (Some(Reply::Done), Body::Barrier { ticket, .. }) => {
                if !ticket.settled.replace(true) {
                    self.done.insert(ticket.sequence);
                }
                self.bench.scheduler.end_barrier(command.id);
            }
            (Some(Reply::Done), _) => self.bench.scheduler.end_fence(command.id, Ok(())),
            (None, _) => unreachable!("a reply was chosen"),
        }
        self.bench.now = now;
        self.bench.collect();
        self.conflicts.extend(self.bench.scheduler.take_conflicts());
    }

    pub fn ticket_is_settled(&self, sequence: u64) -> bool {
        self.bench.tickets[usize::try_from(sequence).unwrap()].settled.get()
    }

    /// Everything that can end, ends.
    pub fn drain(&mut self) {
        for sequence in std::mem::take(&mut self.unfilled) {
            self.bench.fill(sequence);
        }
        for _ in 0..10_000 {
            self.send();
            self.execute(0);
            self.reply(0);
            self.resolve(0);
            if self.flying.is_empty() {
                self.arrive(0);
            }
            if self.flying.is_empty() && self.bench.scheduler.is_idle() && self.late.is_empty() {
                break;
            }
            self.bench.advance(1);
        }
        assert!(self.bench.scheduler.is_idle(), "nothing hangs");
        assert!(!self.bench.scheduler.has_unsettled());
    }
}
