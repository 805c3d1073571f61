//! What becomes of operations that wait when nothing can be sent.

use super::{sink::Event, store::Store, work::Work};
use crate::error::Error;

impl Store {
    /// The connection failed for a reason that waiting does not mend: everyone who waits is told.
    pub(super) fn fail_waiting(&self, error: &Error) {
        self.note_failed_attempt();
        self.sink.event(Event::Error(error.clone(), "connect"));
        let mut work = self.work();
        self.absorb(&mut work);
        self.fail_all(&mut work, error);
        self.deliver(&mut work);
    }

    /// Fails everything that is not sent.
    pub(super) fn fail_all(&self, work: &mut Work, error: &Error) {
        work.scheduler.fail_waiting(error);
        work.barriers.clear();
        for (_, ticket) in std::mem::take(&mut work.calls) {
            self.settle(&ticket, Err(error.clone()));
        }
    }
}
