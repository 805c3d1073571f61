//! Writes that were never answered: what fences them off, and what waits for them.

use pure_rooms::schedule::{BarrierKind, Body, Command, Fate, Limits, WriteEnd};

use crate::bench::{Bench, Came, keys, stored};

fn numbered() -> Bench {
    Bench::with(Limits { numbers_writes: true, ..Limits::default() })
}

#[test]
fn the_next_write_of_an_unanswered_one_goes_out_on_its_session_until_one_is_acknowledged() {
    let mut bench = numbered();
    bench.set(1);
    let (id, write) = bench.write();
    let bound = write.session;
    bench.fail(id, "lost", Fate::Unanswered);
    bench.set(2);
    let (other, write) = bench.write();
    assert_eq!(write.session, bound, "a session that is free serves others, too");
    bench.destroy(1);
    assert!(bench.poll().is_none(), "its session is in use");
    bench.fail(other, "refused", Fate::NotApplied);
    let (id, write) = bench.write();
    assert_eq!((keys(&write), write.session), (vec![1], bound));
    bench.acknowledge(id, 1, &[]);
    bench.set(3);
    let (_, held) = bench.write();
    assert_eq!(held.session, bound);
    bench.set(1);
    assert_ne!(bench.write().1.session, bound, "it is bound no more");
}

#[test]
fn ids_bound_to_different_sessions_travel_in_different_commands() {
    let mut bench = numbered();
    bench.set(1);
    let first = bench.write();
    bench.set(2);
    let second = bench.write();
    assert_ne!(first.1.session, second.1.session);
    bench.fail(first.0, "lost", Fate::Unanswered);
    bench.fail(second.0, "lost", Fate::Unanswered);
    for key in 1..=3 {
        bench.set(key);
    }
    let (a, b) = (bench.write().1, bench.write().1);
    assert_eq!((keys(&a), a.session), (vec![1, 3], first.1.session));
    assert_eq!((keys(&b), b.session), (vec![2], second.1.session));
}

#[test]
fn a_session_that_is_replaced_fences_nothing() {
    let mut bench = numbered();
    bench.set(1);
    let (id, write) = bench.write();
    bench.fail(id, "lost", Fate::Unanswered);
    bench.set(1);
    let (id, again) = bench.write();
    assert_eq!(again.session, write.session);
    bench.scheduler.end_write(
        id,
        WriteEnd::Failed { error: "old", fate: Fate::NotApplied },
        true,
        true,
        bench.now,
    );
    bench.set(2);
    let (_, other) = bench.write();
    assert_eq!(other.session, write.session);
    bench.set(1);
    assert_ne!(bench.write().1.session, write.session);
}

#[test]
fn a_clear_fences_unanswered_writes_first() {
    let mut bench = numbered();
    bench.set(1);
    let (id, write) = bench.write();
    bench.fail(id, "lost", Fate::Unanswered);
    bench.barrier(BarrierKind::Count);
    let clear = bench.barrier(BarrierKind::Clear);
    let Some(Command { id, body: Body::Barrier { kind: BarrierKind::Count, .. }, .. }) = bench.poll() else {
        panic!("the count need not wait")
    };
    bench.end_barrier(id);
    let Some(Command { id, body: Body::Fence { session }, .. }) = bench.poll() else { panic!("a fence") };
    assert_eq!(Some(session), write.session);
    assert!(bench.poll().is_none());
    bench.scheduler.end_fence(id, Ok(()));
    let Some(Command { body: Body::Barrier { kind, ticket, .. }, .. }) = bench.poll() else {
        panic!("the clear goes")
    };
    assert_eq!((kind, ticket.sequence), (BarrierKind::Clear, clear));
}

#[test]
fn a_clear_whose_fence_fails_fails_with_it_and_lets_go() {
    let mut bench = numbered();
    bench.set(1);
    let (id, _) = bench.write();
    bench.fail(id, "lost", Fate::Unanswered);
    let clear = bench.barrier(BarrierKind::Clear);
    let after = bench.set(2);
    let Some(fence) = bench.poll() else { panic!("a fence") };
    bench.scheduler.end_fence(fence.id, Err("not authorized"));
    bench.collect();
    assert_eq!(bench.outcome(clear), Some(&Came::Failed("not authorized")));
    assert_eq!(stored(&bench.write().1), Some(after));
}

#[test]
fn where_nothing_fences_an_abandoned_write_its_ids_take_no_other_until_it_is_settled() {
    let mut bench = Bench::new();
    let set = bench.set(1);
    let (stuck, _) = bench.write();
    let behind = bench.get(1);
    bench.ring(set);
    bench.expire();
    assert_eq!(bench.scheduler.overdue(), [stuck]);
    bench.scheduler.abandon(stuck, &"timed out", bench.now);
    bench.collect();
    assert_eq!(bench.outcome(behind), Some(&Came::Failed("timed out")), "nobody knows what it would find");
    assert!(bench.scheduler.is_idle() && bench.scheduler.has_unsettled());
    bench.destroy(1);
    bench.barrier(BarrierKind::Clear);
    assert!(bench.poll().is_none(), "the late set would bring the session back");
    assert!(bench.scheduler.is_unsettled(&1));
    bench.scheduler.settle(stuck);
    assert_eq!(keys(&bench.write().1), [1]);
}

#[test]
fn a_clear_waits_for_abandoned_writes() {
    let mut bench = Bench::new();
    let set = bench.set(1);
    let (stuck, _) = bench.write();
    bench.ring(set);
    bench.scheduler.abandon(stuck, &"timed out", bench.now);
    bench.barrier(BarrierKind::Clear);
    bench.barrier(BarrierKind::Scan);
    assert!(bench.poll().is_none());
    bench.scheduler.settle(stuck);
    assert!(matches!(
        bench.poll(),
        Some(Command { body: Body::Barrier { kind: BarrierKind::Clear, .. }, .. })
    ));
}

#[test]
fn gets_of_an_unsettled_id_may_query() {
    let mut bench = Bench::new();
    let set = bench.set(1);
    let (stuck, _) = bench.write();
    bench.ring(set);
    bench.scheduler.abandon(stuck, &"timed out", bench.now);
    bench.get(1);
    bench.find();
}

#[test]
fn a_fence_that_fails_fails_the_clear_that_asked_for_it_and_no_other() {
    let mut bench = numbered();
    bench.set(1);
    let (id, _) = bench.write();
    bench.fail(id, "lost", Fate::Unanswered);
    let given_up = bench.barrier(BarrierKind::Clear);
    let Some(fence) = bench.poll() else { panic!("a fence") };
    bench.ring(given_up);
    bench.expire();
    let clear = bench.barrier(BarrierKind::Clear);
    assert!(bench.poll().is_none(), "the session is in use");
    bench.scheduler.end_fence(fence.id, Err("timed out"));
    bench.collect();
    assert_eq!(bench.outcome(clear), None, "it has its own time");
    let Some(Command { id, body: Body::Fence { .. }, .. }) = bench.poll() else { panic!("another fence") };
    bench.scheduler.end_fence(id, Ok(()));
    assert!(matches!(bench.poll(), Some(Command { body: Body::Barrier { .. }, .. })));
}

#[test]
fn the_other_half_of_a_write_that_was_split_fences_nothing_off() {
    let mut bench = numbered();
    bench.set(1);
    bench.set(2);
    let (id, write) = bench.write();
    bench.end_write(id, WriteEnd::Rejected { error: "too deep", txn_number: Some(7) });
    let (first, _) = bench.write();
    bench.fail(first, "lost", Fate::Unanswered);
    let (second, half) = bench.write();
    assert_eq!((keys(&half), half.session), (vec![2], write.session));
    bench.acknowledge(second, 1, &[]);
    bench.set(3);
    let (_, other) = bench.write();
    assert_eq!(other.session, write.session);
    bench.destroy(1);
    assert!(
        bench.poll().is_none(),
        "it goes out on the session of the half that was never answered, which is in use"
    );
}

#[test]
fn a_look_for_rows_that_were_touched_can_be_given_up() {
    let mut bench = Bench::new();
    let touches = [bench.touch(1, 2_000), bench.touch(2, 2_000)];
    let (id, _) = bench.write();
    bench.acknowledge(id, 1, &[]);
    let Some(Command { id: look, body: Body::FindExisting { .. }, .. }) = bench.poll() else {
        panic!("a look")
    };
    bench.barrier(BarrierKind::Clear);
    assert!(bench.scheduler.overdue().is_empty());
    touches.iter().for_each(|touch| bench.ring(*touch));
    bench.expire();
    assert_eq!(bench.scheduler.overdue(), [look]);
    bench.scheduler.abandon(look, &"timed out", bench.now);
    assert!(
        matches!(bench.poll(), Some(Command { body: Body::Barrier { .. }, .. })),
        "nothing holds the clear up"
    );
}
