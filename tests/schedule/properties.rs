//! Random calls, completions, failures, deadlines and clock steps against a sequential model of each id.
//!
//! Whatever happens, a get sees what the calls before it have left, as far as anybody can know it: a write that
//! succeeded is there, one that was refused is not, and one whose outcome is unknown may be, until a later write of the
//! id is acknowledged. Seeds that ever failed are kept in `properties.proptest-regressions`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;
use pure_rooms::schedule::{
    BarrierKind, Body, Command, CommandId, Fate, FindEnd, Limits, Session, Write, WriteEnd, WriteKind,
    WriteReply,
};

use crate::bench::{Bench, Came, EXPIRES, Made};

const KEYS: u8 = 4;

#[derive(Clone, Debug)]
enum Step {
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
    /// An operation's deadline.
    Ring(usize),
    Advance(u64),
}

#[derive(Clone, Copy, Debug)]
enum Failure {
    Refused,
    Rejected,
    Unconfirmed,
    /// Answered, and carried out in part.
    Interrupted,
    Unanswered,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..KEYS;
    let failure = prop_oneof![
        Just(Failure::Refused),
        Just(Failure::Rejected),
        Just(Failure::Unconfirmed),
        Just(Failure::Interrupted),
        Just(Failure::Unanswered),
    ];
    let large = prop::bool::weighted(0.1);
    let serves = prop::bool::weighted(0.8);
    prop_oneof![
        5 => key.clone().prop_map(Step::Get),
        5 => (key.clone(), large, serves).prop_map(|(key, large, serves)| Step::Set { key, large, serves }),
        1 => key.clone().prop_map(Step::Unfilled),
        2 => prop::bool::weighted(0.8).prop_map(Step::Fill),
        2 => key.clone().prop_map(Step::Touch),
        3 => key.prop_map(Step::Destroy),
        1 => (0..3u8).prop_map(Step::Barrier),
        8 => any::<usize>().prop_map(Step::Execute),
        8 => any::<usize>().prop_map(Step::Reply),
        3 => (any::<usize>(), failure).prop_map(|(command, failure)| Step::Fail(command, failure)),
        1 => any::<usize>().prop_map(Step::Arrive),
        1 => any::<usize>().prop_map(Step::Ring),
        2 => (0..20u64).prop_map(Step::Advance),
    ]
}

/// What was called, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Call {
    Get(u8),
    Set(u8),
    Touch(u8),
    Destroy(u8),
    Barrier(BarrierKind),
}

/// A command on its way, and its reply once the server has carried it out.
struct Flying {
    command: Command<Made>,
    /// The number of its write on its session.
    txn_number: u64,
    reply: Option<Reply>,
}

enum Reply {
    Rows(Vec<Option<u64>>),
    Written(WriteReply<&'static str>),
    Existing(Vec<bool>),
    Done,
}

struct World {
    bench: Bench,
    numbered: bool,
    calls: Vec<Call>,
    unfilled: Vec<u64>,
    rows: BTreeMap<u8, u64>,
    flying: Vec<Flying>,
    /// Writes that nobody waits for any more, and that may still arrive.
    late: Vec<(CommandId, Write<Made>, u64)>,
    next_number: u64,
    /// The highest number that the server has carried out on each session.
    carried_out: HashMap<Session, u64>,
    /// Barriers whose outcome the transport has delivered.
    done: BTreeSet<u64>,
}

impl World {
    fn new(numbered: bool) -> Self {
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
            done: BTreeSet::new(),
        }
    }

    fn step(&mut self, step: &Step) {
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
    fn send(&mut self) {
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
            Body::FindExisting { .. } | Body::Fence { .. } => {}
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

    fn choose(&self, choice: usize, wanted: impl Fn(&Flying) -> bool) -> Option<usize> {
        let fitting: Vec<usize> =
            (0..self.flying.len()).filter(|index| wanted(&self.flying[*index])).collect();
        (!fitting.is_empty()).then(|| fitting[choice % fitting.len()])
    }

    fn execute(&mut self, choice: usize) {
        let Some(index) = self.choose(choice, |flying| flying.reply.is_none()) else { return };
        let number = self.flying[index].txn_number;
        let reply = match &self.flying[index].command.body {
            Body::Find { keys } => Reply::Rows(keys.iter().map(|key| self.rows.get(key).copied()).collect()),
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
    }

    fn fail(&mut self, choice: usize, failure: Failure) {
        let fails = |flying: &Flying| {
            matches!(flying.command.body, Body::Write(_) | Body::Find { .. }) && flying.reply.is_none()
        };
        let Some(index) = self.choose(choice, fails) else { return };
        let Flying { command, txn_number, .. } = self.flying.remove(index);
        let id = command.id;
        let write = match command.body {
            Body::Write(write) => write,
            _ => {
                let end = match failure {
                    Failure::Rejected => FindEnd::Rejected("rejected"),
                    Failure::Interrupted => FindEnd::Incomplete(Some("broken")),
                    _ => FindEnd::Failed("failed"),
                };
                return self.bench.end_find(id, end);
            }
        };
        match failure {
            Failure::Refused => self.bench.fail(id, "refused", Fate::NotApplied),
            Failure::Rejected => {
                let txn_number = self.numbered.then_some(0);
                self.bench.end_write(id, WriteEnd::Rejected { error: "rejected", txn_number });
            }
            Failure::Unconfirmed => {
                let reply = apply(&write, txn_number, &mut self.rows, &mut self.carried_out);
                let reply = WriteReply { write_concern_error: Some("not confirmed"), ..reply };
                self.bench.end_write(id, WriteEnd::Reply(reply));
            }
            Failure::Interrupted => {
                let mut part = write;
                part.statements.truncate(part.statements.len().div_ceil(2));
                apply(&part, txn_number, &mut self.rows, &mut self.carried_out);
                self.bench.fail(id, "interrupted", Fate::Unknown);
            }
            Failure::Unanswered if self.numbered => {
                self.late.push((id, write, txn_number));
                self.bench.fail(id, "unanswered", Fate::Unanswered);
            }
            Failure::Unanswered => {
                self.late.push((id, write, txn_number));
                self.bench.scheduler.abandon(id, &"abandoned", self.bench.now);
                self.bench.collect();
            }
        }
    }

    /// With transaction numbers the server refuses what a later write of the session has fenced off. Without, the ids
    /// wait for it.
    fn arrive(&mut self, choice: usize) {
        if self.late.is_empty() {
            return;
        }
        let (id, write, number) = self.late.remove(choice % self.late.len());
        let fenced =
            write.session.is_some_and(|session| self.carried_out.get(&session).is_some_and(|n| *n > number));
        if !fenced {
            apply(&write, number, &mut self.rows, &mut self.carried_out);
        }
        self.bench.scheduler.settle(id);
    }

    fn ring(&mut self, choice: usize) {
        let open: Vec<u64> = self
            .bench
            .tickets
            .iter()
            .filter(|ticket| !ticket.settled.get())
            .map(|ticket| ticket.sequence)
            .collect();
        if open.is_empty() {
            return;
        }
        let sequence = open[choice % open.len()];
        let sent = self.bench.tickets[usize::try_from(sequence).unwrap()].sent.get();
        self.bench.ring(sequence);
        self.bench.outcomes.push((sequence, Came::Failed(if sent { "outcome unknown" } else { "not sent" })));
        self.bench.expire();
    }

    fn ticket_is_settled(&self, sequence: u64) -> bool {
        self.bench.tickets[usize::try_from(sequence).unwrap()].settled.get()
    }

    /// Everything that can end, ends.
    fn drain(&mut self) {
        for sequence in std::mem::take(&mut self.unfilled) {
            self.bench.fill(sequence);
        }
        for _ in 0..10_000 {
            self.send();
            self.execute(0);
            self.reply(0);
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

    /// Replays the calls in their order.
    fn check(&self) {
        let mut outcomes: HashMap<u64, Came> = HashMap::new();
        for (sequence, came) in &self.bench.outcomes {
            let earlier = outcomes.insert(*sequence, came.clone());
            assert_eq!(earlier, None, "#{sequence} has two outcomes");
        }
        let mut models: BTreeMap<u8, Model> = (0..KEYS).map(|key| (key, Model::default())).collect();
        for (sequence, call) in self.calls.iter().enumerate() {
            let sequence = sequence as u64;
            let outcome = outcomes.get(&sequence);
            match *call {
                Call::Get(key) => {
                    let came = outcome.unwrap_or_else(|| panic!("the get #{sequence} has no outcome"));
                    if let Came::Row(row) = came {
                        let model = &models[&key];
                        assert!(model.allows(*row), "#{sequence} saw {row:?} of {key}, where {model:?}");
                    }
                }
                Call::Set(key) => {
                    let came = outcome.unwrap_or_else(|| panic!("the set #{sequence} has no outcome"));
                    models.get_mut(&key).unwrap().write(Some(sequence), came);
                }
                Call::Destroy(key) => {
                    let came = outcome.unwrap_or_else(|| panic!("the destroy #{sequence} has no outcome"));
                    models.get_mut(&key).unwrap().write(None, came);
                }
                Call::Touch(_) => assert!(outcome.is_some(), "the touch #{sequence} has no outcome"),
                Call::Barrier(kind) => {
                    let done = self.done.contains(&sequence);
                    assert!(done || outcome.is_some(), "the barrier #{sequence} has no outcome");
                    if kind == BarrierKind::Clear {
                        let came = if done { Came::Removed(true) } else { outcome.unwrap().clone() };
                        models.values_mut().for_each(|model| model.clear(&came));
                    }
                }
            }
        }
        for (key, model) in models {
            let row = self.rows.get(&key).copied();
            assert!(model.allows(row), "in the end {key} is {row:?}, where {model:?}");
        }
    }
}

/// What an id's row may be.
#[derive(Debug)]
struct Model {
    possible: BTreeSet<Option<u64>>,
    /// What writes of unknown outcome may still bring.
    late: BTreeSet<Option<u64>>,
    /// A clear that was given up may still empty the row.
    late_clear: bool,
}

impl Default for Model {
    fn default() -> Self {
        Self { possible: BTreeSet::from([None]), late: BTreeSet::new(), late_clear: false }
    }
}

impl Model {
    fn allows(&self, row: Option<u64>) -> bool {
        self.possible.contains(&row) || self.late.contains(&row) || (self.late_clear && row.is_none())
    }

    fn write(&mut self, row: Option<u64>, came: &Came) {
        match came {
            Came::Failed("refused" | "rejected" | "not sent" | "withdrawn") => {}
            Came::Failed(
                "not confirmed" | "interrupted" | "unanswered" | "abandoned" | "outcome unknown",
            ) => {
                self.late.insert(row);
            }
            Came::Failed(other) => panic!("not the error of a write: {other}"),
            _ => {
                self.possible = BTreeSet::from([row]);
                self.late.clear();
            }
        }
    }

    fn clear(&mut self, came: &Came) {
        match came {
            Came::Failed("not sent") => {}
            Came::Failed(_) => self.late_clear = true,
            _ => {
                self.possible = BTreeSet::from([None]);
                self.late.clear();
            }
        }
    }
}

fn apply(
    write: &Write<Made>,
    number: u64,
    rows: &mut BTreeMap<u8, u64>,
    carried_out: &mut HashMap<Session, u64>,
) -> WriteReply<&'static str> {
    if let Some(session) = write.session {
        let highest = carried_out.entry(session).or_default();
        *highest = number.max(*highest);
    }
    let mut reply =
        WriteReply { n: Some(0), upserted: Vec::new(), errors: Vec::new(), write_concern_error: None };
    for (index, statement) in write.statements.iter().enumerate() {
        let known = rows.contains_key(&statement.key);
        match (&statement.value, statement.kind) {
            (_, WriteKind::Delete) => drop(rows.remove(&statement.key)),
            (Some(value), WriteKind::Update) => drop(rows.insert(statement.key, value.number)),
            (None, WriteKind::Update) => {}
        }
        if !known && statement.value.is_some() {
            reply.upserted.push(index);
        }
        reply.n = reply.n.map(|n| n + u64::from(known || statement.value.is_some()));
    }
    reply
}

fn written(body: &Body<Made>) -> Vec<u8> {
    match body {
        Body::Write(write) => write.statements.iter().map(|statement| statement.key).collect(),
        _ => Vec::new(),
    }
}

fn blocked(body: &Body<Made>) -> Vec<u8> {
    match body {
        Body::Write(write) => {
            let blocking = write.statements.iter().filter(|statement| !statement.only_touches());
            blocking.map(|statement| statement.key).collect()
        }
        _ => Vec::new(),
    }
}

fn found(body: &Body<Made>) -> Vec<u8> {
    if let Body::Find { keys } = body { keys.clone() } else { Vec::new() }
}

fn session(body: &Body<Made>) -> Option<Session> {
    match body {
        Body::Write(write) => write.session,
        Body::Fence { session } => Some(*session),
        _ => None,
    }
}

fn run(numbered: bool, steps: &[Step]) {
    let mut world = World::new(numbered);
    for step in steps {
        world.step(step);
    }
    world.drain();
    world.check();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn with_transaction_numbers_each_id_is_sequential(steps in prop::collection::vec(step(), 1..80)) {
        run(true, &steps);
    }

    #[test]
    fn on_a_borrowed_connection_each_id_is_sequential(steps in prop::collection::vec(step(), 1..80)) {
        run(false, &steps);
    }
}
