//! What other threads have for the JavaScript thread, until it takes them or its environment ends.

use crate::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

#[derive(Debug)]
pub struct Mailbox<T> {
    items: Mutex<Vec<T>>,
    /// Somebody has woken the receiver, or is about to.
    scheduled: AtomicBool,
    /// Nobody takes anything any more. Changes while `items` is locked, so that each item is either taken or comes back.
    closed: AtomicBool,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self { items: Mutex::default(), scheduled: AtomicBool::new(false), closed: AtomicBool::new(false) }
    }
}

impl<T> Mailbox<T> {
    /// The item comes back if nobody can take it any more. To be followed by [`schedule`](Self::schedule).
    pub fn push(&self, item: T) -> Result<(), T> {
        let mut items = self.items();
        if self.closed.load(Ordering::Relaxed) {
            return Err(item);
        }
        // First the item, then the flag: `take` clears the flag before it looks.
        items.push(item);
        Ok(())
    }

    /// True for the one who has to wake the receiver.
    pub fn schedule(&self) -> bool {
        !self.scheduled.swap(true, Ordering::AcqRel)
    }

    /// Forgets that the receiver was to be woken, so that the next `schedule` wakes it.
    pub fn unschedule(&self) {
        self.scheduled.store(false, Ordering::Release);
    }

    /// The oldest items, `max` at most; and whether there are more, for which the receiver has to be woken once again.
    pub fn take(&self, max: usize) -> (Vec<T>, bool) {
        self.unschedule();
        let mut items = self.items();
        if items.len() <= max {
            return (std::mem::take(&mut items), false);
        }
        let rest = items.split_off(max);
        (std::mem::replace(&mut *items, rest), true)
    }

    /// Returns what nobody has taken.
    pub fn close(&self) -> Vec<T> {
        let mut items = self.items();
        self.closed.store(true, Ordering::Relaxed);
        std::mem::take(&mut *items)
    }

    fn items(&self) -> MutexGuard<'_, Vec<T>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
