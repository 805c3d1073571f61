//! Interleavings on one id, and what each asks of the queue.

use std::{sync::Arc, time::Instant};

use super::*;
use crate::{
    barriers::Epoch,
    layout::{Dates, Value},
    line::Action,
    operation::Kind,
    wire::tag,
};

/// Every row of these tests lives until then; the gets look at time 0.
const EXPIRES: i64 = 1_000;

struct Bench {
    queue: Queue,
    seq: u64,
}

impl Bench {
    fn new() -> Self {
        Self { queue: Queue::default(), seq: 0 }
    }

    fn add(&mut self, id: &str, kind: Kind, action: Action) -> Arc<Ticket> {
        self.seq += 1;
        let now = Instant::now();
        let ticket = Ticket::new(usize::try_from(self.seq).unwrap(), kind, now, now, 0);
        let op = Op { seq: self.seq, ticket: Arc::clone(&ticket), action, epoch: Epoch::default() };
        self.queue.admit(Id::text(id.as_bytes()), op);
        ticket
    }

    fn get(&mut self, id: &str) -> Arc<Ticket> {
        self.add(id, Kind::Get, Action::Get { latest_expired: 0 })
    }

    fn set(&mut self, id: &str, text: &str) -> Arc<Ticket> {
        let dates = Dates { expires: Some(EXPIRES), last_modified: None };
        self.add(id, Kind::Set, Action::Set { value: value(text), dates })
    }

    fn touch(&mut self, id: &str, expires: i64) -> Arc<Ticket> {
        let dates = Dates { expires: Some(expires), last_modified: None };
        self.add(id, Kind::Touch, Action::Touch { dates })
    }

    fn destroy(&mut self, id: &str) -> Arc<Ticket> {
        self.add(id, Kind::Destroy, Action::Destroy)
    }

    fn updates(&mut self) -> Vec<Statement> {
        self.queue.take_writes(WriteKind::Update, 100, 1 << 20, |_| true)
    }

    fn deletes(&mut self) -> Vec<Statement> {
        self.queue.take_writes(WriteKind::Delete, 100, 1 << 20, |_| true)
    }

    fn acknowledge(&mut self, id: &str) -> Vec<(Op, Option<Row>)> {
        self.queue.finish_write(&Id::text(id.as_bytes()), true, Vec::new())
    }
}

fn value(text: &str) -> Value {
    Value { tag: tag::STRING, bytes: text.as_bytes().into() }
}

fn text(row: Option<&Row>) -> Option<String> {
    row.map(|row| String::from_utf8(row.value.bytes.to_vec()).unwrap())
}

fn members(statement: &Statement) -> Vec<usize> {
    statement.members.iter().map(|member| member.op.ticket.token).collect()
}

#[test]
fn an_id_is_in_one_write_at_a_time_and_does_not_hold_up_others() {
    let mut bench = Bench::new();
    bench.set("a", "1");
    assert_eq!(bench.updates().len(), 1);
    bench.set("a", "2");
    bench.set("b", "1");
    let next = bench.updates();
    assert_eq!(next.len(), 1, "a is busy");
    assert_eq!(next[0].id, Id::text(b"b"));
    bench.acknowledge("a");
    assert_eq!(bench.updates()[0].id, Id::text(b"a"));
}

#[test]
fn a_batch_takes_the_oldest_first() {
    let mut bench = Bench::new();
    for id in ["c", "a", "b"] {
        bench.set(id, "1");
    }
    let two = bench.queue.take_writes(WriteKind::Update, 2, 1 << 20, |_| true);
    let ids: Vec<&[u8]> = two.iter().map(|statement| statement.id.bytes()).collect();
    assert_eq!(ids, [b"c", b"a"]);
}

#[test]
fn consecutive_writes_fold_into_the_last_state() {
    let mut bench = Bench::new();
    bench.touch("a", 7);
    bench.set("a", "1");
    bench.set("a", "2");
    bench.touch("a", 2_000);
    let statements = bench.updates();
    assert_eq!(statements.len(), 1);
    assert_eq!(members(&statements[0]), [1, 2, 3, 4]);
    assert_eq!(statements[0].value.as_ref().unwrap().bytes, value("2").bytes);
    assert_eq!(statements[0].dates.expires, Some(2_000));
}

#[test]
fn gets_between_sets_are_answered_by_the_set_before_them() {
    let mut bench = Bench::new();
    for number in ["1", "2", "3"] {
        bench.set("a", number);
        bench.get("a");
    }
    assert!(!bench.queue.has_ready_reads());
    let statement = bench.updates().remove(0);
    let answers: Vec<_> =
        statement.members.iter().filter_map(|member| text(member.answer.as_ref())).collect();
    assert_eq!(answers, ["1", "2", "3"]);
}

#[test]
fn a_get_behind_a_set_in_flight_is_answered_when_that_is_acknowledged() {
    let mut bench = Bench::new();
    bench.set("a", "1");
    bench.updates();
    let get = bench.get("a");
    assert!(bench.queue.take_reads(10).is_empty());
    let answered = bench.acknowledge("a");
    assert_eq!(answered[0].0.ticket.token, get.token);
    assert_eq!(text(answered[0].1.as_ref()).as_deref(), Some("1"));
    assert!(bench.queue.is_empty());
}

#[test]
fn after_a_failed_set_its_gets_query() {
    let mut bench = Bench::new();
    bench.set("a", "1");
    bench.get("a");
    let mut statement = bench.updates().remove(0);
    bench.get("a");
    let orphan = statement.members.pop().unwrap().op;
    let answered = bench.queue.finish_write(&statement.id, false, vec![orphan]);
    assert!(answered.is_empty());
    assert_eq!(bench.queue.take_reads(10)[0].gets.len(), 2);
}

#[test]
fn a_get_behind_a_destroy_finds_nothing() {
    let mut bench = Bench::new();
    bench.destroy("a");
    bench.get("a");
    let statement = bench.deletes().remove(0);
    assert_eq!(members(&statement), [1, 2]);
    bench.get("a");
    let answered = bench.acknowledge("a");
    assert_eq!(answered.len(), 1);
    assert!(answered[0].1.is_none());
}

#[test]
fn a_fold_never_crosses_a_destroy() {
    let mut bench = Bench::new();
    bench.set("a", "1");
    bench.destroy("a");
    bench.set("a", "2");
    assert_eq!(members(&bench.updates()[0]), [1]);
    assert!(bench.deletes().is_empty());
    bench.acknowledge("a");
    assert_eq!(members(&bench.deletes()[0]), [2]);
    bench.acknowledge("a");
    assert_eq!(members(&bench.updates()[0]), [3]);
}

#[test]
fn a_fold_never_crosses_a_get_that_must_query() {
    let mut bench = Bench::new();
    bench.touch("a", 5);
    bench.get("a");
    bench.set("a", "1");
    assert_eq!(members(&bench.updates()[0]), [1]);
    bench.acknowledge("a");
    assert!(bench.updates().is_empty(), "the get comes first");
    assert_eq!(bench.queue.take_reads(10).len(), 1);
    assert!(bench.updates().is_empty(), "the get is under way");
    bench.queue.finish_read(&Id::text(b"a"));
    assert_eq!(members(&bench.updates()[0]), [3]);
}

#[test]
fn a_touch_does_not_delay_a_get() {
    let mut bench = Bench::new();
    bench.touch("a", 5);
    bench.updates();
    bench.touch("a", 6);
    bench.get("a");
    let lookups = bench.queue.take_reads(10);
    assert_eq!(lookups[0].gets[0].1.expires, Some(6), "both touches lie over the row");
    bench.acknowledge("a");
    assert_eq!(members(&bench.updates()[0]), [2], "it was called before the get");
}

#[test]
fn a_touch_waits_for_the_gets_before_it() {
    let mut bench = Bench::new();
    bench.get("a");
    assert_eq!(bench.queue.take_reads(10).len(), 1);
    bench.touch("a", 5);
    assert!(bench.updates().is_empty());
    bench.queue.finish_read(&Id::text(b"a"));
    assert_eq!(bench.updates().len(), 1);
}

#[test]
fn identical_unsent_gets_share_a_lookup_and_later_ones_do_not() {
    let mut bench = Bench::new();
    bench.get("a");
    bench.get("a");
    assert_eq!(bench.queue.take_reads(10)[0].gets.len(), 2);
    bench.get("a");
    assert!(bench.queue.take_reads(10).is_empty(), "a find under way may miss what was acknowledged since");
    bench.queue.finish_read(&Id::text(b"a"));
    assert_eq!(bench.queue.take_reads(10)[0].gets.len(), 1);
}

#[test]
fn expired_operations_are_neither_sent_nor_in_the_way() {
    let mut bench = Bench::new();
    bench.destroy("a").claim();
    bench.set("a", "1");
    bench.queue.purge();
    assert_eq!(members(&bench.updates()[0]), [2]);
    bench.set("b", "1").claim();
    assert!(bench.updates().is_empty());
    bench.acknowledge("a");
    assert!(bench.queue.is_empty());
}

#[test]
fn a_payload_is_delivered_into_the_place_that_the_call_took() {
    let mut bench = Bench::new();
    let reserved = bench.add("a", Kind::Set, Action::Reserved);
    bench.destroy("a");
    bench.set("b", "1");
    assert_eq!(members(&bench.updates()[0]), [3], "others are not held up");
    assert!(bench.updates().is_empty());
    assert!(bench.deletes().is_empty(), "the destroy was called after it");
    let id = Id::text(b"a");
    let dates = Dates { expires: Some(EXPIRES), last_modified: None };
    bench.queue.deliver(&id, u64::try_from(reserved.token).unwrap(), value("late"), dates);
    assert_eq!(members(&bench.updates()[0]), [1]);
    bench.acknowledge("a");
    assert_eq!(members(&bench.deletes()[0]), [2]);
}

#[test]
fn a_place_whose_payload_fails_is_freed() {
    let mut bench = Bench::new();
    bench.add("a", Kind::Set, Action::Reserved).claim();
    bench.destroy("a");
    bench.queue.purge();
    assert_eq!(members(&bench.deletes()[0]), [2]);
}

#[test]
fn a_large_value_travels_alone() {
    let mut bench = Bench::new();
    let large = "x".repeat(LARGE_VALUE_BYTES + 1);
    bench.set("a", "1");
    bench.set("b", &large);
    bench.set("c", "1");
    let small: Vec<_> = bench.updates().iter().map(members).collect();
    assert_eq!(small, [[1], [3]]);
    assert_eq!(bench.updates().len(), 1);
}

/// Whatever order sets, touches, destroys and gets come in: each get sees the state that the calls before it left.
#[test]
fn random_interleavings_are_linear_per_id() {
    use std::collections::{HashMap, HashSet};

    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut draw = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    for _ in 0..2_000 {
        let mut bench = Bench::new();
        let mut expected: HashMap<usize, Option<String>> = HashMap::new();
        let mut model: Option<String> = None;
        let mut server: Option<String> = None;
        let mut writing: Option<Statement> = None;
        let mut reading: Option<(Lookup, Option<String>)> = None;
        let mut told = HashSet::new();
        let id = Id::text(b"a");
        for step in 0..60 {
            let calls = step < 30;
            match draw(8) {
                0 if calls => {
                    let text = step.to_string();
                    bench.set("a", &text);
                    model = Some(text);
                }
                1 if calls => {
                    bench.destroy("a");
                    model = None;
                }
                2 if calls => drop(bench.touch("a", EXPIRES)),
                3 | 4 if calls => {
                    let ticket = bench.get("a");
                    expected.insert(ticket.token, model.clone());
                }
                5 if reading.is_none() => {
                    reading = bench.queue.take_reads(1).pop().map(|lookup| (lookup, server.clone()));
                }
                6 if writing.is_none() => {
                    writing = bench.updates().pop().or_else(|| bench.deletes().pop());
                    if let Some(statement) = &writing {
                        if statement.is_destroy() {
                            server = None;
                        } else if let Some(value) = &statement.value {
                            server = Some(String::from_utf8(value.bytes.to_vec()).unwrap());
                        }
                    }
                }
                _ => {
                    if let Some((lookup, found)) = reading.take() {
                        for (op, _) in lookup.gets {
                            assert_eq!(found, expected[&op.ticket.token]);
                            told.insert(op.ticket.token);
                        }
                        bench.queue.finish_read(&id);
                    } else if let Some(statement) = writing.take() {
                        let riders = statement
                            .members
                            .into_iter()
                            .filter(|member| matches!(member.op.action, Action::Get { .. }));
                        let riders: Vec<_> = riders.map(|member| (member.op, member.answer)).collect();
                        for (op, row) in riders.into_iter().chain(bench.acknowledge("a")) {
                            assert_eq!(text(row.as_ref()), expected[&op.ticket.token]);
                            told.insert(op.ticket.token);
                        }
                    }
                }
            }
        }
        // Whatever is left can be carried out.
        for _ in 0..200 {
            if let Some((lookup, found)) = reading
                .take()
                .or_else(|| bench.queue.take_reads(1).pop().map(|lookup| (lookup, server.clone())))
            {
                for (op, _) in lookup.gets {
                    assert_eq!(found, expected[&op.ticket.token]);
                    told.insert(op.ticket.token);
                }
                bench.queue.finish_read(&id);
            }
            let Some(statement) = writing.take().or_else(|| {
                let statement = bench.updates().pop().or_else(|| bench.deletes().pop())?;
                if statement.is_destroy() {
                    server = None;
                } else if let Some(value) = &statement.value {
                    server = Some(String::from_utf8(value.bytes.to_vec()).unwrap());
                }
                Some(statement)
            }) else {
                continue;
            };
            for member in statement.members {
                if matches!(member.op.action, Action::Get { .. }) {
                    assert_eq!(text(member.answer.as_ref()), expected[&member.op.ticket.token]);
                    told.insert(member.op.ticket.token);
                }
            }
            for (op, row) in bench.acknowledge("a") {
                assert_eq!(text(row.as_ref()), expected[&op.ticket.token]);
                told.insert(op.ticket.token);
            }
        }
        assert_eq!(told.len(), expected.len(), "every get was answered");
        assert!(bench.queue.is_empty());
    }
}
