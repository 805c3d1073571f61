//! What errors and splits ask of the scheduler.

use pure_rooms::schedule::{Body, Command, Fate, FindEnd, Limits, WriteEnd, WriteReply};

use crate::bench::{Bench, Came, keys, stored};

fn numbered() -> Bench {
    Bench::with(Limits { numbers_writes: true, ..Limits::default() })
}

fn reply() -> WriteReply<&'static str> {
    WriteReply::default()
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
