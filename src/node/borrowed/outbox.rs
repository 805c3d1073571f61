//! What the scheduler tells JavaScript: outcomes, commands to send, slots to forget.

use super::{
    codes::to_javascript,
    operation::{Borrowed, Failure, Handle, Key, Released, Slot},
};
use crate::{
    node::strings::Numbers,
    schedule::{Command, Outcome, Write, WriteKind},
    session::{Dates, NEVER, Row},
};

/// Where a batch begins: before it stand its length, whether more follows, and the milliseconds until the next turn.
const HEADER: usize = 3;

/// Messages that JavaScript has not taken yet.
#[derive(Default)]
pub struct Outbox {
    /// Each message: how many numbers follow, its code, its operands.
    numbers: Vec<f64>,
    taken: usize,
}

impl Outbox {
    pub fn push(&mut self, code: u32, operands: &[f64]) {
        self.begin(code, operands.len());
        self.numbers.extend_from_slice(operands);
    }

    pub fn slot(&mut self, code: u32, slot: Slot) {
        self.push(code, &[f64::from(slot)]);
    }

    /// After the outcomes that name them.
    pub fn released(&mut self, code: u32, released: &Released) {
        for number in std::mem::take(&mut *released.borrow_mut()) {
            self.push(code, &[f64::from(number)]);
        }
    }

    pub fn outcome(&mut self, slot: Slot, outcome: Result<Outcome<Handle>, Failure>) {
        let number = f64::from(slot);
        match outcome {
            Ok(Outcome::Row(None)) => self.slot(to_javascript::NO_ROW, slot),
            Ok(Outcome::Row(Some(Row { value, dates }))) => {
                let (code, source) = match value {
                    Handle::OfSet { set, .. } => (to_javascript::ROW_OF_SET, set.slot),
                    Handle::Row { row, .. } => (to_javascript::ROW, row),
                };
                let (expires, last_modified) = numbers_of(dates);
                self.push(code, &[number, f64::from(source), expires, last_modified]);
            }
            Ok(Outcome::Created) => self.slot(to_javascript::CREATED, slot),
            Ok(Outcome::Updated) => self.slot(to_javascript::UPDATED, slot),
            Ok(Outcome::Matched(yes) | Outcome::Removed(yes)) => {
                self.push(to_javascript::MATCHED, &[number, f64::from(u8::from(yes))]);
            }
            #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
            Ok(Outcome::Count(count)) => self.push(to_javascript::COUNTED, &[number, count as f64]),
            Err(Failure::Kept(error)) => {
                self.push(to_javascript::FAILED, &[number, f64::from(error.number)]);
            }
            Err(Failure::BehindTimeout) => {
                self.push(
                    to_javascript::TIMED_OUT,
                    &[number, f64::from(super::codes::timeout::NO_ANSWER_BEHIND_UNSETTLED)],
                );
            }
        }
    }

    pub fn find(&mut self, code: u32, id: f64, operations: usize, keys: &[Key]) {
        self.begin(code, keys.len() + 2);
        self.numbers.extend_from_slice(&[id, count(operations)]);
        self.numbers.extend(keys.iter().map(|key| f64::from(*key)));
    }

    pub fn write(&mut self, id: f64, operations: usize, write: &Write<Borrowed>) {
        self.begin(to_javascript::WRITE, 3 + 4 * write.statements.len());
        let destroys = f64::from(u8::from(write.kind == WriteKind::Delete));
        self.numbers.extend_from_slice(&[id, count(operations), destroys]);
        for statement in &write.statements {
            let filter = statement.expected.as_deref().filter(|_| write.kind == WriteKind::Delete);
            let value = match statement.value.as_ref().or_else(|| filter?.value()) {
                Some(Handle::OfSet { set, .. }) => f64::from(set.slot),
                _ => -1.0,
            };
            let (expires, last_modified) = numbers_of(statement.dates);
            self.numbers.extend_from_slice(&[f64::from(statement.key), value, expires, last_modified]);
        }
    }

    /// Writes as many messages as fit.
    pub fn drain_into(&mut self, target: &mut Numbers, wake_millis: f64) {
        let room = target.read().len() - HEADER;
        let start = self.taken;
        while let Some(operands) = self.numbers.get(self.taken) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a length of this file's"
            )]
            let end = self.taken + 2 + *operands as usize;
            if end - start > room {
                break;
            }
            self.taken = end;
        }
        let batch = &self.numbers[start..self.taken];
        target.write(HEADER, batch);
        let more = self.taken < self.numbers.len();
        target.write(0, &[count(batch.len()), f64::from(u8::from(more)), wake_millis]);
        if !more {
            self.numbers.clear();
            self.taken = 0;
        }
    }

    fn begin(&mut self, code: u32, operands: usize) {
        self.numbers.push(count(operands));
        self.numbers.push(f64::from(code));
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are never as many")]
fn count(of: usize) -> f64 {
    of as f64
}

#[expect(clippy::cast_precision_loss, reason = "commands are counted from 1")]
pub fn number_of(command: &Command<Borrowed>) -> f64 {
    command.id as f64
}

/// NaN for a date that is not named, Infinity for one that never comes.
fn numbers_of(dates: Dates) -> (f64, f64) {
    #[expect(clippy::cast_precision_loss, reason = "a Date's time value is within ±8.64e15")]
    let number = |millis: Option<i64>| match millis {
        None => f64::NAN,
        Some(NEVER) => f64::INFINITY,
        Some(millis) => millis as f64,
    };
    (number(dates.expires), number(dates.last_modified))
}
