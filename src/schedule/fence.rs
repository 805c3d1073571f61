//! Server sessions, and the ids whose last write was never answered.
//!
//! Such a write may still be on its way. The next write of its id goes out on the same server session with a higher
//! number; once that is acknowledged the server refuses the late one (measured: code 225, row intact). Sessions are
//! numbers here; the transport keeps what they stand for.

use std::{collections::HashMap, fmt::Debug, hash::Hash};

pub type Session = u32;

#[derive(Debug)]
pub struct Fences<K> {
    idle: Vec<Session>,
    /// The session that each unsettled id is bound to.
    unsettled: HashMap<K, Session>,
    next: Session,
}

impl<K> Default for Fences<K> {
    fn default() -> Self {
        Self { idle: Vec::new(), unsettled: HashMap::new(), next: 0 }
    }
}

impl<K: Clone + Eq + Hash + Debug> Fences<K> {
    /// A session for a command whose oldest id is `key`; `None` if the one that `key` is bound to is in use.
    pub fn take_for(&mut self, key: &K) -> Option<Session> {
        match self.unsettled.get(key) {
            Some(bound) => self.take(*bound),
            None => Some(self.take_any()),
        }
    }

    /// `None` if it is in use.
    pub fn take(&mut self, session: Session) -> Option<Session> {
        let place = self.idle.iter().position(|idle| *idle == session)?;
        Some(self.idle.swap_remove(place))
    }

    fn take_any(&mut self) -> Session {
        self.idle.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next
        })
    }

    /// Whether a write of `key` may go out on `session`.
    pub fn admits(&self, key: &K, session: Option<Session>) -> bool {
        self.unsettled.is_empty() || self.unsettled.get(key).is_none_or(|bound| Some(*bound) == session)
    }

    pub fn give_back(&mut self, session: Session) {
        self.idle.push(session);
    }

    /// A command on the session was acknowledged: whatever it sent before is settled or fenced off. So it is where the
    /// transport has replaced the session itself: nothing can be fenced by the old one any more.
    pub fn acknowledged(&mut self, session: Session) {
        if !self.unsettled.is_empty() {
            self.unsettled.retain(|_, bound| *bound != session);
        }
    }

    pub fn unanswered(&mut self, session: Session, keys: impl Iterator<Item = K>) {
        self.unsettled.extend(keys.map(|key| (key, session)));
    }

    pub fn is_settled(&self) -> bool {
        self.unsettled.is_empty()
    }

    /// A session that waits for an acknowledgement and is in no command.
    pub fn take_unsettled(&mut self) -> Option<Session> {
        let place = self.idle.iter().position(|idle| self.unsettled.values().any(|bound| bound == idle))?;
        Some(self.idle.swap_remove(place))
    }
}
