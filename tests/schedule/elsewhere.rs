//! Conditional sets beside another process, which stores and destroys rows of the same ids.
//!
//! Whatever is lost, late or sent again: what the other process has destroyed stays gone until it stores it anew, and what
//! it has stored is replaced only by a set that was shown it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::{
    bench::{Came, expecting},
    properties::failure,
    world::{KEYS, Step, World},
};

#[derive(Clone, Debug)]
enum Event {
    /// A set of what was loaded this many rows of the id ago.
    Saves(u8, usize),
    /// Nothing that would make a row where there is none.
    Here(Step),
    StoredElsewhere(u8),
    DestroyedElsewhere(u8),
}

/// Rows of the other process have numbers of their own.
const FIRST_NUMBER: u64 = 1_000_000;

fn event() -> impl Strategy<Value = Event> {
    let key = 0..KEYS;
    prop_oneof![
        6 => (key.clone(), 0..4usize).prop_map(|(key, age)| Event::Saves(key, age)),
        26 => here().prop_map(Event::Here),
        3 => key.clone().prop_map(Event::StoredElsewhere),
        3 => key.prop_map(Event::DestroyedElsewhere),
    ]
}

fn here() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..KEYS).prop_map(Step::Get),
        1 => (0..KEYS).prop_map(Step::Touch),
        4 => any::<usize>().prop_map(Step::Resolve),
        8 => any::<usize>().prop_map(Step::Execute),
        8 => any::<usize>().prop_map(Step::Reply),
        3 => (any::<usize>(), failure()).prop_map(|(command, failure)| Step::Fail(command, failure)),
        2 => any::<usize>().prop_map(Step::Arrive),
        1 => any::<usize>().prop_map(Step::Ring),
        1 => (0..20u64).prop_map(Step::Advance),
    ]
}

fn run(numbered: bool, events: &[Event]) {
    let mut world = World::new(numbered);
    // What each id's row has been, as far as this process may have loaded it.
    let mut loaded: BTreeMap<u8, Vec<u64>> = BTreeMap::new();
    for (number, event) in (FIRST_NUMBER..).zip(events) {
        let before = world.rows.clone();
        match *event {
            Event::Saves(key, age) => {
                let rows = loaded.entry(key).or_insert_with(|| vec![FIRST_NUMBER - 1]);
                let expected = rows[rows.len().saturating_sub(1 + age)];
                world.shown.insert(expected);
                rows.push(world.set_expecting(key, expecting(expected)));
                world.send();
            }
            Event::Here(ref step) => world.step(step),
            Event::StoredElsewhere(key) => {
                world.rows.insert(key, number);
                loaded.entry(key).or_default().push(number);
                continue;
            }
            Event::DestroyedElsewhere(key) => {
                world.rows.remove(&key);
                continue;
            }
        }
        check(&world, &before);
    }
    let before = world.rows.clone();
    world.drain();
    check(&world, &before);
    for (sequence, came) in &world.bench.outcomes {
        assert_ne!(*came, Came::Created, "#{sequence} expects a row");
    }
}

/// What this process may have made of the rows.
fn check(world: &World, before: &BTreeMap<u8, u64>) {
    assert!(world.rows.keys().eq(before.keys()), "rows come and go by the other process alone");
    for (number, earlier) in world.rows.values().zip(before.values()) {
        let may = number == earlier || *earlier < FIRST_NUMBER || world.shown.contains(earlier);
        assert!(may, "#{number} has replaced #{earlier}, which it was not shown");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn with_transaction_numbers_what_is_gone_stays_gone(events in prop::collection::vec(event(), 1..100)) {
        run(true, &events);
    }

    #[test]
    fn on_a_borrowed_connection_what_is_gone_stays_gone(events in prop::collection::vec(event(), 1..100)) {
        run(false, &events);
    }
}
