//! Random calls, completions, failures, deadlines and clock steps against a sequential model of each id.
//!
//! Whatever happens, a get sees what the calls before it have left, as far as anybody can know it: a write that
//! succeeded is there, one that was refused is not, and one whose outcome is unknown may be, until a later write of the
//! id is acknowledged. Seeds that ever failed are kept in `tests/proptest-regressions`.

use proptest::prelude::*;

use crate::world::{Failure, KEYS, Step, World};

fn step() -> impl Strategy<Value = Step> {
    let key = 0..KEYS;
    let large = prop::bool::weighted(0.1);
    let serves = prop::bool::weighted(0.8);
    prop_oneof![
        5 => key.clone().prop_map(Step::Get),
        5 => (key.clone(), large, serves).prop_map(|(key, large, serves)| Step::Set { key, large, serves }),
        1 => key.clone().prop_map(Step::Unfilled),
        2 => prop::bool::weighted(0.8).prop_map(Step::Fill),
        2 => key.clone().prop_map(Step::Touch),
        3 => key.clone().prop_map(Step::Destroy),
        4 => (key, 0..4u8).prop_map(|(key, age)| Step::Conditional(key, age)),
        3 => any::<usize>().prop_map(Step::Resolve),
        1 => (0..3u8).prop_map(Step::Barrier),
        8 => any::<usize>().prop_map(Step::Execute),
        8 => any::<usize>().prop_map(Step::Reply),
        3 => (any::<usize>(), failure()).prop_map(|(command, failure)| Step::Fail(command, failure)),
        1 => any::<usize>().prop_map(Step::Arrive),
        1 => any::<usize>().prop_map(Step::Ring),
        2 => (0..20u64).prop_map(Step::Advance),
    ]
}

pub fn failure() -> impl Strategy<Value = Failure> {
    prop_oneof![
        Just(Failure::Refused),
        Just(Failure::Rejected),
        Just(Failure::Unconfirmed),
        Just(Failure::Interrupted),
        Just(Failure::Unanswered),
    ]
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
