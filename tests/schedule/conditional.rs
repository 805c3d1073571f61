//! Conditional sets: alone in their statements, in their place until they are stored, and never against what they expect.

use pure_rooms::{
    schedule::{BarrierKind, Body, Command, CommandId, Fate, WriteEnd, WriteReply},
    session::Expected,
};

use crate::bench::{Bench, Came, EXPIRES, Text, dates, expecting, keys, row, stored};

fn miss(bench: &mut Bench, id: CommandId, index: usize, statements: u64) {
    let reply = WriteReply { n: Some(statements - 1), missed: vec![index], ..WriteReply::default() };
    bench.end_write(id, WriteEnd::Reply(reply));
}

fn find_current(bench: &mut Bench) -> (CommandId, Vec<u8>) {
    match bench.poll() {
        Some(Command { id, body: Body::FindCurrent { keys }, .. }) => (id, keys),
        other => panic!("no look at the rows leaves, but {other:?}"),
    }
}

#[test]
fn it_folds_with_nothing_and_shares_a_command_with_other_ids() {
    let mut bench = Bench::new();
    bench.touch(1, 2_000);
    bench.conditional(1, expecting(7));
    bench.set(1);
    let conditional = bench.conditional(2, expecting(8));
    bench.touch(2, 2_000);
    let (id, write) = bench.write();
    assert_eq!(keys(&write), [1, 2]);
    assert_eq!(write.statements[0].expected, None, "the touch before it goes first");
    assert_eq!(write.statements[1].expected.as_deref(), Some(&expecting(8)));
    assert_eq!(write.statements[1].dates.expires, Some(1_000), "the touch after it goes later");
    bench.acknowledge(id, 2, &[]);
    assert_eq!(bench.outcome(conditional), Some(&Came::Updated));
    let (_, write) = bench.write();
    assert_eq!(write.statements[0].expected.as_deref(), Some(&expecting(7)));
}

#[test]
fn one_that_misses_keeps_its_place_until_it_is_stored() {
    let mut bench = Bench::new();
    let set = bench.conditional(1, expecting(7));
    let get = bench.get(1);
    let destroy = bench.destroy(1);
    let clear = bench.barrier(BarrierKind::Clear);
    let (id, _) = bench.write();
    miss(&mut bench, id, 0, 1);
    let (id, keys) = find_current(&mut bench);
    assert_eq!(keys, [1]);
    bench.scheduler.end_find_current(id, Ok(vec![Some(row(9))]));
    let conflicts = bench.scheduler.take_conflicts();
    assert_eq!(conflicts[0].sequence, set);
    assert_eq!(conflicts[0].row.as_ref().map(|row| row.value.number), Some(9));
    assert!(bench.poll().is_none(), "nothing passes it");
    bench.fill_expecting(set, Some(expecting(9)));
    let (id, write) = bench.write();
    assert_eq!((stored(&write), write.statements[0].expected.as_deref()), (Some(set), Some(&expecting(9))));
    bench.acknowledge(id, 1, &[]);
    assert_eq!(bench.outcome(set), Some(&Came::Updated));
    assert_eq!(bench.outcome(get), Some(&Came::Row(Some(set))), "a later get sees what it stored in the end");
    let (id, _) = bench.write();
    bench.acknowledge(id, 1, &[]);
    assert!(bench.outcome(destroy).is_some() && bench.outcome(clear).is_none());
}

#[test]
fn one_that_is_withdrawn_after_a_miss_lets_the_next_go() {
    let mut bench = Bench::new();
    let set = bench.conditional(1, expecting(7));
    let get = bench.get(1);
    let (id, _) = bench.write();
    miss(&mut bench, id, 0, 1);
    let (id, _) = find_current(&mut bench);
    bench.scheduler.end_find_current(id, Ok(vec![None]));
    assert!(bench.scheduler.take_conflicts()[0].row.is_none());
    bench.ring(set);
    bench.scheduler.withdraw(set);
    let (id, keys) = bench.find();
    assert_eq!(keys, [1]);
    bench.end_find(id, pure_rooms::schedule::FindEnd::Complete);
    assert_eq!(bench.outcome(get), Some(&Came::Row(None)));
    assert!(bench.scheduler.is_idle());
}

#[test]
fn an_insert_that_only_matched_has_missed() {
    let mut bench = Bench::new();
    let made = bench.conditional(1, Expected::NoRow);
    let missed = bench.conditional(2, Expected::NoRow);
    let touch = bench.touch(3, 2_000);
    let (id, _) = bench.write();
    let reply = WriteReply { n: Some(3), upserted: vec![0], ..WriteReply::default() };
    bench.end_write(id, WriteEnd::Reply(reply));
    assert_eq!(bench.outcome(made), Some(&Came::Created));
    assert_eq!(bench.outcome(touch), Some(&Came::Matched(true)));
    assert_eq!(bench.outcome(missed), None);
    assert_eq!(find_current(&mut bench).1, [2]);
}

#[test]
fn a_miss_is_one_although_the_write_is_not_confirmed() {
    let mut bench = Bench::new();
    let missed = bench.conditional(1, expecting(7));
    let stored = bench.conditional(2, expecting(8));
    let (id, _) = bench.write();
    let reply = WriteReply {
        n: Some(1),
        missed: vec![0],
        write_concern_error: Some("not confirmed"),
        ..WriteReply::default()
    };
    bench.end_write(id, WriteEnd::Reply(reply));
    assert_eq!(bench.outcome(stored), Some(&Came::Failed("not confirmed")));
    assert_eq!(bench.outcome(missed), None);
    assert_eq!(find_current(&mut bench).1, [1]);
}

#[test]
fn its_deadline_ends_it_while_it_waits_to_be_filled_again() {
    let mut bench = Bench::new();
    let set = bench.conditional(1, expecting(7));
    let (id, _) = bench.write();
    miss(&mut bench, id, 0, 1);
    assert!(!bench.tickets[0].sent.get(), "it has left no trace");
    let (id, _) = find_current(&mut bench);
    bench.ring(set);
    bench.expire();
    bench.scheduler.end_find_current(id, Ok(vec![Some(row(9))]));
    assert!(bench.scheduler.take_conflicts().is_empty());
    bench.fill_expecting(set, Some(expecting(9)));
    assert!(bench.poll().is_none());
    assert!(bench.scheduler.is_idle());
}

#[test]
fn a_look_that_fails_fails_it() {
    let mut bench = Bench::new();
    let set = bench.conditional(1, expecting(7));
    bench.set(1);
    let (id, _) = bench.write();
    miss(&mut bench, id, 0, 1);
    let (id, _) = find_current(&mut bench);
    bench.scheduler.end_find_current(id, Err("refused"));
    bench.collect();
    assert_eq!(bench.outcome(set), Some(&Came::Failed("refused")));
    assert_eq!(stored(&bench.write().1), Some(1), "the next goes");
}

#[test]
fn a_refused_one_fails_without_a_look() {
    let mut bench = Bench::new();
    let set = bench.conditional(1, expecting(7));
    let (id, _) = bench.write();
    bench.fail(id, "refused", Fate::NotApplied);
    assert_eq!(bench.outcome(set), Some(&Came::Failed("refused")));
    assert!(bench.poll().is_none());
}

#[test]
fn what_it_expects_counts_for_the_size_of_its_command() {
    for (bytes, together) in [(50 << 10, true), (100 << 10, false)] {
        let mut bench = Bench::new();
        let set = bench.unfilled(1);
        let value = |bytes| Text { number: set, bytes, serves: true };
        let expected = Expected::Row { value: value(bytes), latest_expired: None };
        bench.scheduler.fill(set, value(200 << 10), dates(EXPIRES), Some(Box::new(expected)));
        bench.set(2);
        assert_eq!(keys(&bench.write().1).len() == 2, together, "a large value travels alone");
    }
}

#[test]
fn an_insert_that_the_server_refuses_has_not_missed() {
    let mut bench = Bench::new();
    let refused = bench.conditional(1, Expected::NoRow);
    let unconfirmed = bench.conditional(2, Expected::NoRow);
    let (id, _) = bench.write();
    let reply = WriteReply { n: Some(0), errors: vec![(0, "validation")], ..WriteReply::default() };
    bench.end_write(id, WriteEnd::Reply(reply));
    assert_eq!(bench.outcome(refused), Some(&Came::Failed("validation")));
    assert_eq!(bench.outcome(unconfirmed), None);
    assert_eq!(find_current(&mut bench).1, [2]);
}

#[test]
fn a_look_that_nobody_waits_for_any_more_can_be_given_up() {
    let mut bench = Bench::new();
    let set = bench.conditional(1, expecting(7));
    let (id, _) = bench.write();
    miss(&mut bench, id, 0, 1);
    let (look, _) = find_current(&mut bench);
    assert!(bench.scheduler.overdue().is_empty());
    bench.ring(set);
    bench.expire();
    assert_eq!(bench.scheduler.overdue(), [look]);
    bench.scheduler.abandon(look, &"timed out", bench.now);
    bench.collect();
    bench.destroy(1);
    assert_eq!(keys(&bench.write().1), [1]);
}
