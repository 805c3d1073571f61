//! Rows that a filter finds are destroyed: after what was called before, before what is called later.

use pure_rooms::{
    schedule::{BarrierKind, Body, Command, CommandId, Fate, FindEnd, WriteEnd, WriteKind, WriteReply},
    session::Expected,
};

use crate::bench::{Bench, Came, expecting, keys, stored, text};

/// Whatever these tests look for holds this number.
const WANTED: u64 = 1_000;

fn finding(bench: &mut Bench) -> CommandId {
    match bench.poll() {
        Some(Command { id, body: Body::Barrier { kind: BarrierKind::FindToDestroy, .. }, .. }) => id,
        other => panic!("no find leaves, but {other:?}"),
    }
}

fn removed(bench: &mut Bench, id: CommandId, n: u64) {
    bench.end_write(id, WriteEnd::Reply(WriteReply { n: Some(n), ..WriteReply::default() }));
}

#[test]
fn it_waits_for_what_was_before_it_and_holds_back_the_rest_until_the_ids_are_known() {
    let mut bench = Bench::new();
    bench.set(1);
    let destroys = bench.barrier(BarrierKind::FindToDestroy);
    let (same, other) = (bench.set(1), bench.set(2));
    let (set, _) = bench.write();
    assert!(bench.poll().is_none(), "the first set is not acknowledged");
    bench.acknowledge(set, 1, &[0]);
    let find = finding(&mut bench);
    assert!(bench.poll().is_none(), "nobody knows yet which ids will be busy");
    bench.destroy_found(find, vec![1, 3], WANTED);
    let (delete, write) = bench.write();
    assert_eq!((write.kind, keys(&write)), (WriteKind::Delete, vec![1, 3]));
    for statement in &write.statements {
        assert_eq!(statement.expected.as_deref(), Some(&Expected::Fields(text(WANTED))), "the filter again");
    }
    let (_, write) = bench.write();
    assert_eq!((keys(&write), stored(&write)), (vec![2], Some(other)), "only the ids that were found wait");
    assert!(bench.poll().is_none());
    removed(&mut bench, delete, 2);
    assert_eq!(bench.outcome(destroys), Some(&Came::Counted(2)));
    let (_, write) = bench.write();
    assert_eq!((keys(&write), stored(&write)), (vec![1], Some(same)));
}

#[test]
fn the_outcome_is_the_sum() {
    let mut bench = Bench::new();
    let none = bench.barrier(BarrierKind::FindToDestroy);
    let find = finding(&mut bench);
    bench.destroy_found(find, Vec::new(), WANTED);
    assert_eq!(bench.outcome(none), Some(&Came::Counted(0)));
    let some = bench.barrier(BarrierKind::FindToDestroy);
    let find = finding(&mut bench);
    bench.destroy_found(find, vec![1, 2, 3], WANTED);
    let plain = bench.destroy(4);
    let (delete, write) = bench.write();
    assert_eq!(keys(&write), [1, 2, 3, 4]);
    assert_eq!(bench.outcome(some), None);
    removed(&mut bench, delete, 2);
    assert_eq!(bench.outcome(some), Some(&Came::Counted(2)), "one of them has changed meanwhile");
    assert_eq!(bench.outcome(plain), Some(&Came::Removed(true)), "nobody asks");
    assert!(bench.scheduler.is_idle());
}

#[test]
fn the_first_error_is_that_of_all_once_all_have_ended() {
    let mut bench = Bench::new();
    let destroys = bench.barrier(BarrierKind::FindToDestroy);
    let find = finding(&mut bench);
    bench.destroy_found(find, vec![1, 2], WANTED);
    let (delete, _) = bench.write();
    let reply = WriteReply { n: Some(1), errors: vec![(0, "refused")], ..WriteReply::default() };
    bench.end_write(delete, WriteEnd::Reply(reply));
    assert_eq!(bench.outcome(destroys), Some(&Came::Failed("refused")));
    let unknown = bench.barrier(BarrierKind::FindToDestroy);
    let find = finding(&mut bench);
    bench.destroy_found(find, vec![1, 2], WANTED);
    let (delete, _) = bench.write();
    bench.fail(delete, "broken", Fate::Unknown);
    assert_eq!(bench.outcome(unknown), Some(&Came::Failed("broken")));
    assert!(bench.scheduler.is_idle());
}

#[test]
fn a_get_behind_it_queries_since_the_row_may_still_be_there() {
    let mut bench = Bench::new();
    bench.barrier(BarrierKind::FindToDestroy);
    let get = bench.get(1);
    let find = finding(&mut bench);
    bench.destroy_found(find, vec![1], WANTED);
    let (delete, _) = bench.write();
    assert!(bench.poll().is_none());
    removed(&mut bench, delete, 0);
    let (id, keys) = bench.find();
    assert_eq!(keys, [1]);
    bench.found(id, 0, 7);
    bench.end_find(id, FindEnd::Complete);
    assert_eq!(bench.outcome(get), Some(&Came::Row(Some(7))));
}

#[test]
fn one_that_is_given_up_destroys_nothing_more_and_lets_go() {
    let mut bench = Bench::new();
    let destroys = bench.barrier(BarrierKind::FindToDestroy);
    let later = bench.set(1);
    let find = finding(&mut bench);
    bench.ring(destroys);
    bench.expire();
    let (set, write) = bench.write();
    assert_eq!(stored(&write), Some(later));
    bench.destroy_found(find, vec![1], WANTED);
    bench.acknowledge(set, 1, &[0]);
    assert!(bench.poll().is_none(), "what it has found too late stays");
    assert!(bench.scheduler.is_idle());

    let destroys = bench.barrier(BarrierKind::FindToDestroy);
    let find = finding(&mut bench);
    let busy = bench.set(1);
    bench.destroy_found(find, vec![1, 2], WANTED);
    bench.ring(destroys);
    bench.expire();
    let (_, write) = bench.write();
    assert_eq!((keys(&write), stored(&write)), (vec![1], Some(busy)), "what was not sent makes way");
}

#[test]
fn another_one_or_a_clear_waits_for_it() {
    for kind in [BarrierKind::Clear, BarrierKind::FindToDestroy, BarrierKind::Count, BarrierKind::Scan] {
        let mut bench = Bench::new();
        bench.barrier(BarrierKind::FindToDestroy);
        bench.barrier(kind);
        let find = finding(&mut bench);
        bench.destroy_found(find, vec![1], WANTED);
        let (delete, _) = bench.write();
        assert!(bench.poll().is_none(), "{kind:?}");
        removed(&mut bench, delete, 1);
        let next = bench.poll().expect("it is its turn");
        assert!(matches!(next.body, Body::Barrier { kind: started, .. } if started == kind));
    }
}

#[test]
fn a_conditional_set_that_was_called_later_finds_no_row() {
    let mut bench = Bench::new();
    bench.barrier(BarrierKind::FindToDestroy);
    let set = bench.conditional(1, expecting(7));
    let find = finding(&mut bench);
    bench.destroy_found(find, vec![1], WANTED);
    let (delete, _) = bench.write();
    removed(&mut bench, delete, 1);
    let (_, write) = bench.write();
    assert_eq!(stored(&write), Some(set));
}
