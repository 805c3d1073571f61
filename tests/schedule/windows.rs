//! How many commands are in flight, and how full they are.

use std::time::Duration;

use pure_rooms::schedule::{FindEnd, Limits, MAX_REPLY_BYTES};

use crate::bench::{Bench, keys};

const LARGE: usize = (256 << 10) + 1;

/// Sends finds that take so long, until their times are known.
fn run_finds(bench: &mut Bench, millis: u64, count: usize) {
    for _ in 0..count {
        bench.get(200);
        let (id, _) = bench.find();
        bench.advance(millis);
        bench.end_find(id, FindEnd::Complete);
    }
}

#[test]
fn two_commands_of_a_kind_before_anything_is_known() {
    let mut bench = Bench::new();
    for key in 0..100 {
        bench.get(key);
        bench.poll_all();
    }
    assert_eq!(bench.scheduler.operations_in_flight(), 2);
}

#[test]
fn where_the_distance_takes_the_time_an_operation_leaves_at_once() {
    let mut bench = Bench::new();
    run_finds(&mut bench, 10, 3);
    for key in 0..33 {
        bench.get(key);
        assert_eq!(bench.find().1, [key]);
    }
    bench.get(33);
    assert!(bench.poll().is_none(), "10 ms over 300 µs");
}

#[test]
fn a_command_that_may_have_opened_a_connection_tells_no_distance() {
    let mut bench = Bench::new();
    run_finds(&mut bench, 50, 1);
    for key in 0..10 {
        bench.get(key);
        bench.poll_all();
    }
    assert_eq!(bench.scheduler.operations_in_flight(), 2);
}

#[test]
fn the_shortest_command_tells_the_distance_not_the_queue() {
    let mut bench = Bench::new();
    run_finds(&mut bench, 0, 2);
    run_finds(&mut bench, 20, 10);
    for key in 0..10 {
        bench.get(key);
        bench.poll_all();
    }
    assert_eq!(bench.scheduler.operations_in_flight(), 2);
}

#[test]
fn who_has_waited_for_half_a_command_opens_one_more() {
    let mut bench = Bench::new();
    for key in 0..3 {
        bench.get(key);
        bench.poll_all();
    }
    bench.advance(1);
    assert!(bench.poll().is_none());
    let wake = bench.scheduler.next_wake(bench.now).expect("it will be time");
    bench.now = wake;
    bench.advance(1);
    assert_eq!(bench.find().1, [2]);
    assert!(bench.poll().is_none());
}

#[test]
fn looking_opens_nothing() {
    let mut bench = Bench::new();
    for key in 0..3 {
        bench.set_of(key, LARGE, true);
    }
    for _ in 0..100 {
        bench.poll_all();
    }
    for key in 10..20 {
        bench.set(key);
        bench.poll_all();
    }
    assert_eq!(bench.scheduler.operations_in_flight(), 4, "two large ones, and two small ones beside them");
}

#[test]
fn both_kinds_together_have_the_pool() {
    let mut bench = Bench::with(Limits { pool: 3, ..Limits::default() });
    for key in 0..4 {
        bench.get(key);
        bench.set(100 + key);
        bench.poll_all();
    }
    assert_eq!(bench.scheduler.operations_in_flight(), 3);
    bench.advance(1000);
    assert!(bench.poll().is_none());
}

#[test]
fn what_is_ready_is_spread_over_the_free_commands() {
    let mut bench = Bench::new();
    for key in 0..150 {
        bench.get(key);
    }
    assert_eq!(bench.find().1.len(), 75);
    assert_eq!(bench.find().1.len(), 75);
    let mut bench = Bench::new();
    for key in 0..100 {
        bench.get(key);
    }
    assert_eq!(bench.find().1.len(), 64, "not thinner than that");
}

#[test]
fn a_large_value_travels_alone_also_when_it_is_the_oldest() {
    let mut bench = Bench::new();
    bench.set_of(1, LARGE, true);
    bench.set(2);
    bench.set_of(3, LARGE, true);
    bench.set_of(4, LARGE, true);
    bench.set(5);
    let mut commands: Vec<Vec<u8>> = Vec::new();
    for _ in 0..3 {
        commands.push(keys(&bench.write().1));
    }
    assert_eq!(commands, [vec![1], vec![2, 5], vec![3]]);
    assert!(bench.poll().is_none(), "two large ones at a time");
}

#[test]
fn a_large_value_travels_alone_also_when_it_was_folded() {
    let mut bench = Bench::new();
    bench.set(1);
    bench.set(2);
    bench.set_of(2, LARGE, true);
    bench.set(3);
    assert_eq!(keys(&bench.write().1), [1, 3]);
    assert_eq!(keys(&bench.write().1), [2]);
}

#[test]
fn finds_ask_for_no_more_rows_than_fit_a_reply() {
    let mut bench = Bench::new();
    bench.get(0);
    let (id, _) = bench.find();
    let row = |bytes| {
        use pure_rooms::session::{Expiry, StoredRow};
        let value = crate::bench::Text { number: 1, bytes, serves: true };
        StoredRow { value, expiry: Expiry::Absent, last_modified: None, ends: None }
    };
    bench.scheduler.found(id, 0, &row(8 << 20));
    bench.end_find(id, FindEnd::Complete);
    for key in 0..100 {
        bench.get(key);
    }
    assert!(bench.find().1.len() < 8, "a row of 8 MiB was just seen");
}

#[test]
fn past_the_bound_on_undelivered_rows_no_find_leaves() {
    let mut bench = Bench::new();
    bench.budget.reply_waits(MAX_REPLY_BYTES + 1);
    bench.get(1);
    bench.set(2);
    assert_eq!(keys(&bench.write().1), [2], "a write brings no rows");
    assert!(bench.poll().is_none());
    assert!(bench.scheduler.next_wake(bench.now).is_some(), "it looks again by itself");
    bench.budget.reply_delivered(2);
    assert_eq!(bench.find().1, [1]);
}

#[test]
fn the_first_that_waits_is_heeded_and_named_a_time() {
    for (call, heeds) in [
        (
            (|bench: &mut Bench, key| bench.get(key)) as fn(&mut Bench, u8) -> u64,
            (|bench: &Bench| bench.scheduler.heeds_reads(bench.now)) as fn(&Bench) -> bool,
        ),
        (Bench::set, |bench| bench.scheduler.heeds_writes(bench.now)),
    ] {
        let mut bench = Bench::new();
        for key in 0..2 {
            assert!(heeds(&bench));
            call(&mut bench, key);
            assert!(bench.poll().is_some());
        }
        // The window is full of commands that may never end.
        assert!(bench.scheduler.next_wake(bench.now).is_none());
        assert!(heeds(&bench), "nobody would look at the next one");
        call(&mut bench, 2);
        assert!(bench.poll().is_none());
        assert!(bench.scheduler.next_wake(bench.now).is_some());
        assert!(!heeds(&bench), "the next ones wait with it");
    }
}

#[test]
fn a_distance_that_was_told_is_forgotten_when_the_server_is_far_away() {
    let mut bench = Bench::new();
    let near = Duration::from_millis(1);
    bench.scheduler.learn_distance(near, bench.now);
    run_finds(&mut bench, 30, 3);
    let free = |bench: &mut Bench| {
        let send = |key| {
            bench.get(key);
            bench.poll_all().len()
        };
        (0..20).map(send).sum::<usize>()
    };
    let mut probe = Bench::new();
    probe.scheduler.learn_distance(near, probe.now);
    run_finds(&mut probe, 30, 3);
    assert_eq!(free(&mut probe), 3, "1 ms over 300 µs");
    // No failure tells of a route that has changed.
    bench.advance(60_000);
    run_finds(&mut bench, 30, 3);
    assert!(free(&mut bench) > 10);
}
