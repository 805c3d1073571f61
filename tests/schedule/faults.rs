//! What errors, lost replies and splits ask of the scheduler.

use pure_rooms::schedule::{BarrierKind, Body, Command, Fate, FindEnd, Limits, WriteEnd, WriteReply};

use crate::bench::{Bench, Came, keys, stored};

fn numbered() -> Bench {
    Bench::with(Limits { numbers_writes: true, ..Limits::default() })
}

fn reply() -> WriteReply<&'static str> {
    WriteReply { n: None, upserted: Vec::new(), errors: Vec::new(), write_concern_error: None }
}

#[test]
fn after_a_set_that_was_not_applied_its_gets_query_before_any_later_set() {
    let mut bench = Bench::new();
    let first = bench.set(1);
    let inside = bench.get(1);
    let second = bench.set(1);
    let (id, _) = bench.write();
    let behind = bench.get(1);
    let later = bench.set(1);
    bench.fail(id, "refused", Fate::NotApplied);
    for set in [first, second] {
        assert_eq!(bench.outcome(set), Some(&Came::Failed("refused")));
    }
    let (find, _) = bench.find();
    assert!(bench.poll().is_none(), "the later set waits for the gets");
    bench.found(find, 0, 99);
    bench.end_find(find, FindEnd::Complete);
    for get in [inside, behind] {
        assert_eq!(bench.outcome(get), Some(&Came::Row(Some(99))));
    }
    assert_eq!(stored(&bench.write().1), Some(later));
}

#[test]
fn where_nobody_knows_whether_a_set_was_applied_its_gets_fail_with_it() {
    for fate in [Fate::Unknown, Fate::Unanswered] {
        let mut bench = Bench::new();
        let set = bench.set(1);
        let inside = bench.get(1);
        let (id, _) = bench.write();
        let behind = bench.get(1);
        bench.fail(id, "lost", fate);
        for sequence in [set, inside, behind] {
            assert_eq!(bench.outcome(sequence), Some(&Came::Failed("lost")));
        }
        assert!(bench.scheduler.is_idle());
    }
}

#[test]
fn a_write_concern_that_is_not_met_fails_the_gets_between_and_behind() {
    let mut bench = Bench::new();
    bench.set(1);
    let between = bench.get(1);
    bench.set(1);
    let other = bench.set(2);
    let (id, _) = bench.write();
    let behind = bench.get(1);
    let end = WriteReply {
        errors: vec![(1, "duplicate key")],
        write_concern_error: Some("not confirmed"),
        ..reply()
    };
    bench.end_write(id, WriteEnd::Reply(end));
    for get in [between, behind] {
        assert_eq!(
            bench.outcome(get),
            Some(&Came::Failed("not confirmed")),
            "it must not see the second set"
        );
    }
    assert_eq!(bench.outcome(other), Some(&Came::Failed("duplicate key")), "its own error says more");
    assert!(bench.poll().is_none());
}

#[test]
fn a_statements_error_is_its_own() {
    let mut bench = Bench::new();
    let sets = [bench.set(1), bench.set(2), bench.set(3)];
    let (id, _) = bench.write();
    bench.end_write(id, WriteEnd::Reply(WriteReply { n: Some(2), errors: vec![(1, "its own")], ..reply() }));
    assert_eq!(bench.outcome(sets[0]), Some(&Came::Updated));
    assert_eq!(bench.outcome(sets[1]), Some(&Came::Failed("its own")));
    assert_eq!(bench.outcome(sets[2]), Some(&Came::Updated));
}

#[test]
fn a_write_that_is_refused_before_it_is_carried_out_is_split_on_its_session() {
    let mut bench = numbered();
    let sets: Vec<u64> = (0..4).map(|key| bench.set(key)).collect();
    let (id, write) = bench.write();
    let session = write.session;
    bench.set(9);
    bench.end_write(id, WriteEnd::Rejected { error: "too deep", txn_number: Some(7) });
    let (first, half) = bench.write();
    assert_eq!((keys(&half), half.session), (vec![0, 1], session));
    assert_eq!(
        half.part.as_ref().map(|part| (part.txn_number, part.statement_ids.clone())),
        Some((7, vec![0, 1]))
    );
    let (_, fresh) = bench.write();
    assert_eq!(keys(&fresh), [9], "the other half waits for the session, others do not");
    bench.acknowledge(first, 2, &[0, 1]);
    let (second, half) = bench.write();
    assert_eq!(half.part.as_ref().map(|part| part.statement_ids.clone()), Some(vec![2, 3]));
    bench.end_write(second, WriteEnd::Rejected { error: "too deep", txn_number: Some(7) });
    let (culprit, half) = bench.write();
    assert_eq!(half.part.map(|part| part.statement_ids), Some(vec![2]));
    bench.end_write(culprit, WriteEnd::Rejected { error: "too deep", txn_number: Some(7) });
    assert_eq!(bench.outcome(sets[2]), Some(&Came::Failed("too deep")));
    let (last, half) = bench.write();
    assert_eq!(keys(&half), [3]);
    bench.acknowledge(last, 1, &[0]);
    for set in [sets[0], sets[1], sets[3]] {
        assert_eq!(bench.outcome(set), Some(&Came::Created));
    }
}

#[test]
fn ids_of_a_split_command_stay_busy() {
    let mut bench = Bench::new();
    bench.set(1);
    bench.set(2);
    let (id, _) = bench.write();
    bench.end_write(id, WriteEnd::Rejected { error: "too deep", txn_number: None });
    let later = bench.set(2);
    let first = bench.write();
    let second = bench.write();
    assert_eq!((keys(&first.1), keys(&second.1)), (vec![1], vec![2]));
    assert!(bench.poll().is_none());
    bench.acknowledge(second.0, 1, &[0]);
    assert_eq!(stored(&bench.write().1), Some(later));
}

#[test]
fn a_find_that_is_refused_is_split_and_its_culprit_fails_alone() {
    let mut bench = Bench::new();
    let gets: Vec<u64> = (0..4).map(|key| bench.get(key)).collect();
    let (id, _) = bench.find();
    bench.end_find(id, FindEnd::Rejected("bad value"));
    while let Some(Command { id, body: Body::Find { keys }, .. }) = bench.poll() {
        if keys.contains(&2) {
            bench.end_find(id, FindEnd::Rejected("bad value"));
        } else {
            bench.end_find(id, FindEnd::Complete);
        }
    }
    assert_eq!(bench.outcome(gets[2]), Some(&Came::Failed("bad value")));
    for get in [gets[0], gets[1], gets[3]] {
        assert_eq!(bench.outcome(get), Some(&Came::Row(None)));
    }
    assert!(bench.scheduler.is_idle());
}

#[test]
fn missing_is_concluded_from_a_completed_find_alone() {
    let mut bench = Bench::new();
    let gets: Vec<u64> = (0..3).map(|key| bench.get(key)).collect();
    let (id, _) = bench.find();
    bench.found(id, 0, 5);
    assert_eq!(bench.outcome(gets[0]), Some(&Came::Row(Some(5))), "rows are told as they arrive");
    bench.end_find(id, FindEnd::Incomplete(None));
    assert_eq!(bench.outcome(gets[1]), None);
    let alone = bench.poll_all();
    assert_eq!(alone.len(), 2);
    for command in alone {
        bench.end_find(command.id, FindEnd::Complete);
    }
    for get in &gets[1..] {
        assert_eq!(bench.outcome(*get), Some(&Came::Row(None)));
    }
}

#[test]
fn a_stranger_in_a_lookup_of_one_is_nobodys_row() {
    let mut bench = Bench::new();
    let get = bench.get(1);
    let (id, _) = bench.find();
    bench.end_find(id, FindEnd::Incomplete(None));
    assert_eq!(bench.outcome(get), Some(&Came::Row(None)));
}

#[test]
fn one_shards_trouble_is_not_everybodys() {
    for (isolates_finds, finds) in [(true, 2), (false, 0)] {
        let mut bench = Bench::with(Limits { isolates_finds, ..Limits::default() });
        bench.get(1);
        bench.get(2);
        let (id, _) = bench.find();
        bench.end_find(id, FindEnd::Failed("a shard is down"));
        assert_eq!(bench.poll_all().len(), finds);
    }
}

#[test]
fn when_a_sum_does_not_decide_the_touched_rows_are_looked_up_while_their_ids_stay_busy() {
    let mut bench = Bench::new();
    let set = bench.set(1);
    let touches: Vec<u64> = (2..6).map(|key| bench.touch(key, 5)).collect();
    let (id, _) = bench.write();
    bench.end_write(id, WriteEnd::Reply(WriteReply { n: Some(3), upserted: vec![0], ..reply() }));
    let Some(Command { id, body: Body::FindExisting { keys }, .. }) = bench.poll() else { panic!("it asks") };
    assert_eq!(keys, [2, 3, 4, 5]);
    bench.destroy(2);
    assert!(bench.poll().is_none(), "no operation comes between");
    bench.scheduler.end_find_existing(id, Some(&[true, false, true, false]));
    bench.collect();
    assert_eq!(bench.outcome(set), Some(&Came::Created));
    let matched: Vec<_> = touches.iter().map(|touch| bench.outcome(*touch)).collect();
    assert_eq!(matched, [true, false, true, false].map(Came::Matched).each_ref().map(Some));
    bench.write();
}

#[test]
fn a_touch_succeeds_if_nobody_can_say_whether_it_matched() {
    let mut bench = Bench::new();
    let touches = [bench.touch(1, 5), bench.touch(2, 5)];
    let (id, _) = bench.write();
    bench.end_write(id, WriteEnd::Reply(WriteReply { n: Some(1), ..reply() }));
    let Some(Command { id, .. }) = bench.poll() else { panic!("it asks") };
    bench.scheduler.end_find_existing(id, None);
    bench.collect();
    for touch in touches {
        assert_eq!(bench.outcome(touch), Some(&Came::Matched(true)));
    }
}

#[test]
fn all_or_none_of_the_touches_need_no_further_question() {
    for (n, matched) in [(2, true), (0, false)] {
        let mut bench = Bench::new();
        let touches = [bench.touch(1, 5), bench.touch(2, 5)];
        let (id, _) = bench.write();
        bench.end_write(id, WriteEnd::Reply(WriteReply { n: Some(n), ..reply() }));
        for touch in touches {
            assert_eq!(bench.outcome(touch), Some(&Came::Matched(matched)));
        }
        assert!(bench.poll().is_none());
    }
}

#[test]
fn without_counts_everything_is_taken_to_have_worked() {
    let mut bench = Bench::new();
    let (set, touch, destroy) = (bench.set(1), bench.touch(2, 5), bench.destroy(3));
    for command in bench.poll_all() {
        bench.end_write(command.id, WriteEnd::Reply(reply()));
    }
    assert_eq!(bench.outcome(set), Some(&Came::Updated));
    assert_eq!(bench.outcome(touch), Some(&Came::Matched(true)));
    assert_eq!(bench.outcome(destroy), Some(&Came::Removed(true)));
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
