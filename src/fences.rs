//! Lane sessions, and the ids whose last write was never answered.
//!
//! Such a write may still be on its way. The next write of its id goes out on the same session with a higher number;
//! once that is acknowledged the server refuses the late one (measured: code 225, row intact).

use std::collections::HashMap;

use crate::{delivery::LaneSession, id::Id};

#[derive(Default)]
pub struct Fences {
    idle: Vec<LaneSession>,
    /// The session that each unsettled id is bound to.
    unsettled: HashMap<Id, u64>,
}

impl Fences {
    /// Whether a write of `id` may go out on the session `session` (`None`: a new one, or none).
    pub fn admits(&self, id: &Id, session: Option<u64>) -> bool {
        self.unsettled.is_empty() || self.unsettled.get(id).is_none_or(|bound| Some(*bound) == session)
    }

    /// A session for a command whose first id is `id`: `Some(None)` if a new one will do, `None` if the one that `id` is
    /// bound to is in use.
    pub fn take_for(&mut self, id: &Id) -> Option<Option<LaneSession>> {
        self.idle.retain(|session| {
            !session.is_stale() || self.unsettled.values().any(|bound| *bound == session.id)
        });
        match self.unsettled.get(id) {
            None => Some(self.idle.pop()),
            Some(bound) => {
                let place = self.idle.iter().position(|session| session.id == *bound)?;
                Some(Some(self.idle.swap_remove(place)))
            }
        }
    }

    pub fn put_back(&mut self, session: LaneSession) {
        self.idle.push(session);
    }

    /// A command on the session was acknowledged: whatever it sent before is settled or fenced off.
    pub fn acknowledged(&mut self, session: u64) {
        if !self.unsettled.is_empty() {
            self.unsettled.retain(|_, bound| *bound != session);
        }
    }

    pub fn unanswered(&mut self, session: u64, ids: impl Iterator<Item = Id>) {
        self.unsettled.extend(ids.map(|id| (id, session)));
    }

    /// The session is gone: nothing can be fenced by it any more.
    pub fn forget(&mut self, session: u64) {
        self.unsettled.retain(|_, bound| *bound != session);
    }
}
