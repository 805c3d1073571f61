//! What JavaScript tells the scheduler, in the order in which it happened: calls, and how commands ended.

use super::codes::{expiry, operands};
use crate::session::{Dates, Expiry};

/// Reads messages from the numbers that JavaScript has written: first how many there are, then code and operands of each.
pub struct Messages<'a> {
    numbers: &'a [f64],
    position: usize,
    end: usize,
}

impl<'a> Messages<'a> {
    pub fn new(numbers: &'a [f64]) -> Self {
        let end = numbers.first().map_or(0, |used| whole(*used)).min(numbers.len().saturating_sub(1));
        Self { numbers, position: 1, end: 1 + end }
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = (u32, Operands<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.position >= self.end {
            return None;
        }
        let code = short(self.numbers[self.position]);
        let first = self.position + 1;
        self.position = first + operands(code);
        Some((code, Operands(self.numbers.get(first..self.position)?)))
    }
}

pub struct Operands<'a>(&'a [f64]);

impl Operands<'_> {
    pub fn short(&self, index: usize) -> u32 {
        short(self.0[index])
    }

    pub fn whole(&self, index: usize) -> usize {
        whole(self.0[index])
    }

    pub fn long(&self, index: usize) -> u64 {
        whole(self.0[index]) as u64
    }

    /// `None` for what is no number and for negative ones.
    pub fn optional(&self, index: usize) -> Option<u32> {
        (self.0[index] >= 0.0).then(|| short(self.0[index]))
    }

    pub fn yes(&self, index: usize) -> bool {
        self.0[index] != 0.0
    }

    /// Milliseconds; Infinity becomes the largest: never.
    pub fn millis(&self, index: usize) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "a Date's time value, or what saturates")]
        let millis = self.0[index] as i64;
        millis
    }

    /// Of two numbers: which kind it is, and the date.
    pub fn expiry(&self, first: usize) -> Expiry {
        match self.short(first) {
            expiry::ABSENT => Expiry::Absent,
            expiry::AT => Expiry::At(self.millis(first + 1)),
            _ => Expiry::NotADate,
        }
    }

    /// NaN is a date that is not named.
    pub fn date(&self, index: usize) -> Option<i64> {
        (!self.0[index].is_nan()).then(|| self.millis(index))
    }

    pub fn dates(&self, first: usize) -> Dates {
        Dates { expires: self.date(first), last_modified: self.date(first + 1) }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "numbers of the shim's making")]
fn short(number: f64) -> u32 {
    number as u32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "numbers of the shim's making")]
fn whole(number: f64) -> usize {
    number as usize
}
