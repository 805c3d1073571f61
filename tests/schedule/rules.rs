//! Interleavings on a few ids, each with what the rules of order and folding ask of it.

use pure_rooms::schedule::{BarrierKind, Body, Command, Fate, FindEnd, Limits, WriteKind};

use crate::bench::{Bench, Came, keys, stored};

#[test]
fn an_id_is_in_one_write_at_a_time_and_does_not_hold_up_others() {
    let mut bench = Bench::new();
    bench.set(1);
    let (first, _) = bench.write();
    let again = bench.set(1);
    bench.set(2);
    let (_, write) = bench.write();
    assert_eq!(keys(&write), [2], "1 is busy");
    bench.acknowledge(first, 1, &[0]);
    let (_, write) = bench.write();
    assert_eq!((keys(&write), stored(&write)), (vec![1], Some(again)));
}

#[test]
fn the_oldest_goes_first() {
    let mut bench = Bench::new();
    for key in [3, 1, 2] {
        bench.set(key);
    }
    let (_, write) = bench.write();
    assert_eq!(keys(&write), [3, 1, 2]);
}

#[test]
fn consecutive_writes_fold_into_the_last_state() {
    let mut bench = Bench::new();
    let early = bench.touch(1, 7);
    let first = bench.set(1);
    let second = bench.set(1);
    let late = bench.touch(1, 2_000);
    let (id, write) = bench.write();
    assert_eq!((write.statements.len(), stored(&write)), (1, Some(second)));
    assert_eq!(write.statements[0].dates.expires, Some(2_000));
    bench.acknowledge(id, 1, &[0]);
    assert_eq!(bench.outcome(early), Some(&Came::Matched(false)), "there was nothing to touch yet");
    assert_eq!(bench.outcome(first), Some(&Came::Created));
    assert_eq!(bench.outcome(second), Some(&Came::Updated));
    assert_eq!(bench.outcome(late), Some(&Came::Matched(true)));
}

#[test]
fn in_a_fold_that_upserts_nothing_every_touch_has_matched() {
    let mut bench = Bench::new();
    let early = bench.touch(1, 7);
    let set = bench.set(1);
    let (id, _) = bench.write();
    bench.acknowledge(id, 1, &[]);
    assert_eq!(bench.outcome(early), Some(&Came::Matched(true)));
    assert_eq!(bench.outcome(set), Some(&Came::Updated));
}

#[test]
fn gets_between_sets_learn_of_the_set_before_them() {
    let mut bench = Bench::new();
    let (sets, gets): (Vec<_>, Vec<_>) = (0..3).map(|_| (bench.set(1), bench.get(1))).unzip();
    let (id, _) = bench.write();
    assert!(bench.poll().is_none(), "no get has to query");
    bench.acknowledge(id, 1, &[0]);
    for (set, get) in sets.into_iter().zip(gets) {
        assert_eq!(bench.outcome(get), Some(&Came::Row(Some(set))));
    }
    assert!(bench.scheduler.is_idle());
}

#[test]
fn a_get_behind_a_set_in_flight_learns_of_it_when_it_is_acknowledged() {
    let mut bench = Bench::new();
    let set = bench.set(1);
    let (id, _) = bench.write();
    let get = bench.get(1);
    assert!(bench.poll().is_none());
    bench.acknowledge(id, 1, &[0]);
    assert_eq!(bench.outcome(get), Some(&Came::Row(Some(set))));
}

#[test]
fn a_get_behind_a_destroy_finds_nothing() {
    let mut bench = Bench::new();
    let destroy = bench.destroy(1);
    let get = bench.get(1);
    let (id, write) = bench.write();
    assert_eq!(write.kind, WriteKind::Delete);
    let later = bench.get(1);
    bench.acknowledge(id, 1, &[]);
    assert_eq!(bench.outcome(destroy), Some(&Came::Removed(true)));
    assert_eq!(bench.outcome(get), Some(&Came::Row(None)));
    assert_eq!(bench.outcome(later), Some(&Came::Row(None)));
}

#[test]
fn where_a_value_cannot_serve_the_get_waits_and_queries() {
    let mut bench = Bench::new();
    bench.set_of(1, 100, false);
    let get = bench.get(1);
    let (id, _) = bench.write();
    assert!(bench.poll().is_none(), "it waits for the set");
    bench.acknowledge(id, 1, &[0]);
    let (id, asked) = bench.find();
    assert_eq!(asked, [1]);
    bench.found(id, 0, 42);
    assert_eq!(bench.outcome(get), Some(&Came::Row(Some(42))));
}

#[test]
fn where_the_server_decides_when_a_set_expires_gets_query_too() {
    let mut bench = Bench::with(Limits { sets_serve_gets: false, ..Limits::default() });
    bench.set(1);
    let get = bench.get(1);
    let later = bench.set(1);
    let (id, _) = bench.write();
    assert!(bench.poll().is_none(), "the get waits for the set, and the next set for the get");
    bench.acknowledge(id, 1, &[0]);
    let (id, asked) = bench.find();
    assert_eq!(asked, [1]);
    bench.found(id, 0, 42);
    bench.end_find(id, FindEnd::Complete);
    assert_eq!(bench.outcome(get), Some(&Came::Row(Some(42))));
    assert_eq!(stored(&bench.write().1), Some(later));
}

#[test]
fn a_fold_never_crosses_a_destroy() {
    let mut bench = Bench::new();
    let first = bench.set(1);
    bench.destroy(1);
    let second = bench.set(1);
    let (id, write) = bench.write();
    assert_eq!(stored(&write), Some(first));
    bench.acknowledge(id, 1, &[0]);
    let (id, write) = bench.write();
    assert_eq!(write.kind, WriteKind::Delete);
    bench.acknowledge(id, 1, &[]);
    assert_eq!(stored(&bench.write().1), Some(second));
}

#[test]
fn a_fold_never_crosses_a_get_that_must_query() {
    let mut bench = Bench::new();
    bench.touch(1, 5);
    bench.get(1);
    let set = bench.set(1);
    let commands = bench.poll_all();
    assert_eq!(commands.len(), 2, "the touch and the get, side by side");
    let find = commands.iter().find(|command| matches!(command.body, Body::Find { .. })).unwrap().id;
    let touch = commands.iter().find(|command| matches!(command.body, Body::Write(_))).unwrap().id;
    bench.acknowledge(touch, 1, &[]);
    assert!(bench.poll().is_none(), "the get is in flight");
    bench.end_find(find, FindEnd::Complete);
    assert_eq!(stored(&bench.write().1), Some(set));
}

#[test]
fn a_fold_never_crosses_a_barrier() {
    let mut bench = Bench::new();
    let first = bench.set(1);
    bench.barrier(BarrierKind::Count);
    let second = bench.set(1);
    let (id, write) = bench.write();
    assert_eq!(stored(&write), Some(first), "the count must not see the second");
    bench.acknowledge(id, 1, &[0]);
    let Some(Command { id, body: Body::Barrier { .. }, .. }) = bench.poll() else { panic!("the count goes") };
    bench.end_barrier(id);
    assert_eq!(stored(&bench.write().1), Some(second));
}

#[test]
fn a_touch_does_not_delay_a_get_and_is_laid_over_its_row() {
    let mut bench = Bench::new();
    bench.touch(1, 5);
    let (touch, _) = bench.write();
    bench.touch(1, -6);
    let get = bench.get(1);
    let (find, _) = bench.find();
    bench.found(find, 0, 1);
    assert_eq!(bench.outcome(get), Some(&Came::Row(None)), "the later touch lets it expire");
    bench.end_find(find, FindEnd::Complete);
    bench.acknowledge(touch, 1, &[]);
    assert_eq!(bench.write().1.statements[0].dates.expires, Some(-6));
}

#[test]
fn a_touch_waits_for_the_gets_before_it() {
    let mut bench = Bench::new();
    bench.get(1);
    let (find, _) = bench.find();
    bench.touch(1, 5);
    assert!(bench.poll().is_none());
    bench.end_find(find, FindEnd::Complete);
    bench.write();
}

#[test]
fn gets_share_an_unsent_lookup_and_never_one_in_flight() {
    let mut bench = Bench::new();
    let (first, second) = (bench.get(1), bench.get(1));
    let (find, asked) = bench.find();
    assert_eq!(asked, [1]);
    let later = bench.get(1);
    assert!(bench.poll().is_none(), "a find in flight may miss what was acknowledged since");
    bench.found(find, 0, 7);
    bench.end_find(find, FindEnd::Complete);
    for get in [first, second] {
        assert_eq!(bench.outcome(get), Some(&Came::Row(Some(7))));
    }
    let (find, _) = bench.find();
    bench.end_find(find, FindEnd::Complete);
    assert_eq!(bench.outcome(later), Some(&Came::Row(None)));
}

#[test]
fn a_set_that_is_filled_later_keeps_its_place() {
    let mut bench = Bench::new();
    let set = bench.unfilled(1);
    bench.destroy(1);
    bench.set(2);
    assert_eq!(keys(&bench.write().1), [2], "others are not held up");
    assert!(bench.poll().is_none(), "the destroy was called after it");
    bench.fill(set);
    let (id, write) = bench.write();
    assert_eq!(stored(&write), Some(set));
    bench.acknowledge(id, 1, &[0]);
    assert_eq!(bench.write().1.kind, WriteKind::Delete);
}

#[test]
fn a_set_that_is_withdrawn_makes_way() {
    let mut bench = Bench::new();
    let set = bench.unfilled(1);
    bench.destroy(1);
    bench.ring(set);
    bench.scheduler.withdraw(set);
    assert_eq!(bench.write().1.kind, WriteKind::Delete);
}

#[test]
fn what_has_been_settled_is_neither_sent_nor_in_the_way() {
    let mut bench = Bench::new();
    let destroy = bench.destroy(1);
    let set = bench.set(1);
    bench.ring(destroy);
    bench.expire();
    let (id, write) = bench.write();
    assert_eq!(stored(&write), Some(set));
    let other = bench.set(2);
    bench.ring(other);
    assert!(bench.poll().is_none());
    bench.acknowledge(id, 1, &[0]);
    assert!(bench.scheduler.is_idle());
}

#[test]
fn a_clear_waits_for_what_was_before_it_and_holds_what_is_after() {
    let mut bench = Bench::new();
    bench.set(1);
    let (id, _) = bench.write();
    bench.barrier(BarrierKind::Clear);
    let after = bench.set(2);
    assert!(bench.poll().is_none());
    bench.acknowledge(id, 1, &[0]);
    let Some(Command { id, body: Body::Barrier { kind: BarrierKind::Clear, .. }, .. }) = bench.poll() else {
        panic!("the clear goes")
    };
    assert!(bench.poll().is_none(), "what was called after it waits");
    bench.scheduler.end_barrier(id);
    // Called as the clear ends, before anything else is asked of the scheduler.
    bench.set(2);
    let (id, write) = bench.write();
    assert_eq!(write.statements.len(), 1);
    bench.acknowledge(id, 1, &[0]);
    assert_eq!(bench.outcome(after), Some(&Came::Created), "what was held goes before what arrives");
}

#[test]
fn a_clear_that_is_given_up_lets_go_even_while_it_runs() {
    let mut bench = Bench::new();
    let first = bench.barrier(BarrierKind::Clear);
    let Some(running) = bench.poll() else { panic!("the clear goes") };
    let second = bench.barrier(BarrierKind::Clear);
    bench.set(1);
    bench.ring(first);
    bench.expire();
    let Some(Command { body: Body::Barrier { ticket, .. }, .. }) = bench.poll() else {
        panic!("the next goes")
    };
    assert_eq!(ticket.sequence, second);
    bench.end_barrier(running.id);
    assert!(bench.poll().is_none(), "the end of the first does not let go of what the second holds");
}

#[test]
fn counts_and_scans_hold_nothing_back() {
    let mut bench = Bench::new();
    let set = bench.set(1);
    let (id, _) = bench.write();
    bench.barrier(BarrierKind::Scan);
    bench.barrier(BarrierKind::Count);
    bench.set(2);
    assert_eq!(keys(&bench.write().1), [2]);
    bench.fail(id, "refused", Fate::NotApplied);
    assert_eq!(bench.outcome(set), Some(&Came::Failed("refused")));
    let barriers = bench.poll_all();
    assert_eq!(barriers.len(), 2, "neither waits for what was called later, nor for the other");
}

#[test]
fn failing_what_waits_leaves_what_is_in_flight() {
    let mut bench = Bench::new();
    let sent = bench.set(1);
    let (id, _) = bench.write();
    let waiting = bench.set(1);
    let clear = bench.barrier(BarrierKind::Clear);
    let held = bench.set(2);
    bench.scheduler.fail_waiting(&"no connection");
    bench.collect();
    for sequence in [waiting, clear, held] {
        assert_eq!(bench.outcome(sequence), Some(&Came::Failed("no connection")));
    }
    assert_eq!(bench.outcome(sent), None);
    bench.acknowledge(id, 1, &[0]);
    assert!(bench.scheduler.is_idle());
}

#[test]
fn a_clear_that_is_on_the_server_is_not_let_go_of_by_a_failed_connection() {
    let mut bench = Bench::new();
    bench.barrier(BarrierKind::Clear);
    let Some(clear) = bench.poll() else { panic!("the clear goes") };
    bench.set(1);
    bench.scheduler.fail_waiting(&"no connection");
    let later = bench.set(1);
    assert!(bench.poll().is_none(), "the clear may still delete it");
    bench.end_barrier(clear.id);
    assert_eq!(stored(&bench.write().1), Some(later));
}

#[test]
fn destroys_travel_one_by_one_where_each_asks_what_it_removed() {
    let mut bench = Bench::with(Limits { groups_destroys: false, ..Limits::default() });
    let destroys = [bench.destroy(1), bench.destroy(2)];
    let commands = bench.poll_all();
    assert_eq!(commands.len(), 2);
    for (command, n) in commands.iter().zip([1, 0]) {
        bench.acknowledge(command.id, n, &[]);
    }
    assert_eq!(bench.outcome(destroys[0]), Some(&Came::Removed(true)));
    assert_eq!(bench.outcome(destroys[1]), Some(&Came::Removed(false)));
}
