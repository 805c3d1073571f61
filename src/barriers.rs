//! `clear`, `all`, `ids` and `length` see everything that was called before them; what is called after `clear` happens
//! after it.
//!
//! Operations belong to epochs. A barrier ends the epoch and may run when no operation of it or of an earlier one is
//! left: an operation holds its epoch until it is dropped, however it ends.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

/// Held by an operation for as long as barriers behind it must wait.
pub type Epoch = Arc<()>;

#[derive(Debug)]
pub struct Barriers {
    /// Ended epochs that may still have operations, oldest first, by number.
    ended: VecDeque<(u64, Weak<()>)>,
    number: u64,
    current: Epoch,
}

/// A barrier's place: after everything of its epoch.
#[derive(Clone, Copy, Debug)]
pub struct Place(u64);

impl Default for Barriers {
    fn default() -> Self {
        Self { ended: VecDeque::new(), number: 0, current: Arc::new(()) }
    }
}

impl Barriers {
    pub fn epoch(&self) -> Epoch {
        Arc::clone(&self.current)
    }

    /// Ends the epoch: what comes later is not waited for.
    pub fn place(&mut self) -> Place {
        let ended = std::mem::replace(&mut self.current, Arc::new(()));
        let place = Place(self.number);
        self.ended.push_back((self.number, Arc::downgrade(&ended)));
        self.number += 1;
        place
    }

    /// Whether everything before `place` has ended.
    pub fn is_open(&mut self, place: Place) -> bool {
        while self.ended.front().is_some_and(|(_, epoch)| epoch.strong_count() == 0) {
            self.ended.pop_front();
        }
        self.ended
            .iter()
            .take_while(|(number, _)| *number <= place.0)
            .all(|(_, epoch)| epoch.strong_count() == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_barrier_waits_for_what_was_before_it_alone() {
        let mut barriers = Barriers::default();
        let before = barriers.epoch();
        let first = barriers.place();
        let between = barriers.epoch();
        let second = barriers.place();
        let after = barriers.epoch();
        assert!(!barriers.is_open(first));
        drop(between);
        assert!(!barriers.is_open(second), "the first epoch still holds it");
        drop(before);
        assert!(barriers.is_open(first));
        assert!(barriers.is_open(second));
        drop(after);
    }
}
