//! Conditional sets in the world, and an app that looks at their conflicts.

use pure_rooms::{
    schedule::{Conflict, Write},
    session::Expected,
};

use crate::{
    bench::{Came, Made, Text, expecting},
    world::{Call, World},
};

impl World {
    /// `age`: how many writes of the row back the app has looked; 0 for a look at a row that was not there.
    pub fn set_conditionally(&mut self, key: u8, age: u8) {
        let stored = |(sequence, call): (usize, &Call)| (*call == Call::Set(key)).then_some(sequence as u64);
        let mut sets = self.calls.iter().enumerate().rev().filter_map(stored);
        let seen = usize::from(age).checked_sub(1).and_then(|age| sets.nth(age));
        self.set_expecting(key, seen.map_or(Expected::NoRow, expecting));
    }

    /// Returns the set's sequence number, which it stores.
    pub fn set_expecting(&mut self, key: u8, expected: Expected<Text>) -> u64 {
        self.calls.push(Call::Set(key));
        let sequence = self.bench.conditional(key, expected.clone());
        self.expected.insert(sequence, expected);
        sequence
    }

    /// The app stores its own over what it is shown. What is gone stays gone.
    pub fn resolve(&mut self, choice: usize) {
        if self.conflicts.is_empty() {
            return;
        }
        let Conflict { sequence, row, .. } = self.conflicts.remove(choice % self.conflicts.len());
        self.shown.extend(row.iter().map(|row| row.value.number));
        let expected = match (row, &self.expected[&sequence]) {
            (Some(row), _) => expecting(row.value.number),
            (None, Expected::NoRow) => Expected::NoRow,
            (None, Expected::Row { .. } | Expected::Fields(_)) => {
                if !self.ticket_is_settled(sequence) {
                    self.bench.ring(sequence);
                    self.bench.outcomes.push((sequence, Came::Failed("withdrawn")));
                }
                return self.bench.scheduler.withdraw(sequence);
            }
        };
        self.bench.fill_expecting(sequence, Some(expected.clone()));
        self.expected.insert(sequence, expected);
    }

    /// A conditional set speaks for itself alone, and never goes without what it expects.
    pub fn check_conditions(&self, write: &Write<Made>, operations: usize) {
        for statement in &write.statements {
            let Some(value) = &statement.value else { continue };
            let expected = self.expected.get(&value.number);
            assert_eq!(statement.expected.as_deref(), expected, "#{} goes as it was filled", value.number);
        }
        if write.statements.iter().all(|statement| statement.expected.is_some()) {
            assert_eq!(operations, write.statements.len(), "nothing folds with a conditional set");
        }
    }
}
