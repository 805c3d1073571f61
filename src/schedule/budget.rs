//! How many bytes may wait, in the whole process: of sessions to be stored, and of rows that JavaScript has not taken.
//!
//! One budget serves all schedulers, of every thread. What does not fit waits its turn and is granted in the order in
//! which it was asked for; small requests do not overtake large ones.

use std::collections::VecDeque;

use crate::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// Sessions on their way to the server, until their outcomes have been delivered.
pub const MAX_PAYLOAD_BYTES: usize = 64 << 20;
/// Values of rows that JavaScript has not taken yet; past it no further finds are sent.
pub const MAX_REPLY_BYTES: usize = 64 << 20;

#[derive(Debug, Default)]
pub struct Budget {
    payload: Mutex<Payload>,
    reply_bytes: AtomicUsize,
}

#[derive(Debug, Default)]
struct Payload {
    granted: usize,
    waiting: VecDeque<Arc<Request>>,
}

/// Called, on any thread, when room has been granted that was waited for.
pub type OnGranted = Box<dyn FnOnce() + Send + Sync>;

struct Request {
    bytes: usize,
    granted: AtomicBool,
    on_granted: Mutex<Option<OnGranted>>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// An operation's share of the bound, or its turn to get one. Dropping it gives everything back, whoever drops it.
#[derive(Debug)]
pub struct Share {
    budget: Arc<Budget>,
    bytes: usize,
    /// `None`: there was room at once.
    request: Option<Arc<Request>>,
}

impl Budget {
    /// Room for `bytes`, at once or when it is this request's turn: then `on_granted` is called.
    pub fn request(self: &Arc<Self>, bytes: usize, on_granted: OnGranted) -> Share {
        let mut payload = self.payload();
        let request = if payload.take(bytes) {
            None
        } else {
            let on_granted = Mutex::new(Some(on_granted));
            let request = Arc::new(Request { bytes, granted: AtomicBool::new(false), on_granted });
            payload.waiting.push_back(Arc::clone(&request));
            Some(request)
        };
        Share { budget: Arc::clone(self), bytes, request }
    }

    /// Room for `bytes`, if there is room at once.
    pub fn take(self: &Arc<Self>, bytes: usize) -> Option<Share> {
        self.payload().take(bytes).then(|| Share { budget: Arc::clone(self), bytes, request: None })
    }

    /// Bytes of sessions that are granted room.
    pub fn payload_bytes(&self) -> usize {
        self.payload().granted
    }

    pub fn reply_waits(&self, bytes: usize) {
        self.reply_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn reply_delivered(&self, bytes: usize) {
        self.reply_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub fn replies_are_full(&self) -> bool {
        self.reply_bytes.load(Ordering::Relaxed) > MAX_REPLY_BYTES
    }

    fn give_back(&self, share: &Share) {
        let mut granted = Vec::new();
        {
            let mut payload = self.payload();
            match &share.request {
                Some(request) if !request.granted.load(Ordering::Relaxed) => {
                    payload.waiting.retain(|waiting| !Arc::ptr_eq(waiting, request));
                }
                _ => payload.granted -= share.bytes,
            }
            while payload.waiting.front().is_some_and(|next| payload.has_room_for(next.bytes)) {
                let Some(next) = payload.waiting.pop_front() else { break };
                payload.granted += next.bytes;
                next.granted.store(true, Ordering::Relaxed);
                granted.push(next);
            }
        }
        // Outside the lock: whoever is called may ask for more.
        for request in granted {
            let on_granted = request.on_granted.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(on_granted) = on_granted {
                on_granted();
            }
        }
    }

    fn payload(&self) -> MutexGuard<'_, Payload> {
        self.payload.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Payload {
    /// Nobody overtakes who waits.
    fn take(&mut self, bytes: usize) -> bool {
        let fits = self.waiting.is_empty() && self.has_room_for(bytes);
        self.granted += if fits { bytes } else { 0 };
        fits
    }

    /// One value alone always has room: there is no larger bound that it could wait for.
    fn has_room_for(&self, bytes: usize) -> bool {
        self.granted == 0 || self.granted + bytes <= MAX_PAYLOAD_BYTES
    }
}

impl Share {
    pub fn is_granted(&self) -> bool {
        self.request.as_ref().is_none_or(|request| request.granted.load(Ordering::Relaxed))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.give_back(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody() -> OnGranted {
        Box::new(|| {})
    }

    #[test]
    fn room_is_granted_in_the_order_of_requests() {
        let budget = Arc::new(Budget::default());
        let all = budget.request(MAX_PAYLOAD_BYTES - 10, nobody());
        assert!(all.is_granted());
        let called = Arc::new(AtomicBool::new(false));
        let large = {
            let called = Arc::clone(&called);
            budget.request(MAX_PAYLOAD_BYTES - 10, Box::new(move || called.store(true, Ordering::Relaxed)))
        };
        let small = budget.request(20, nobody());
        let tiny = budget.request(5, nobody());
        assert!(!large.is_granted() && !small.is_granted());
        drop(all);
        assert!(large.is_granted() && called.load(Ordering::Relaxed));
        assert!(!small.is_granted(), "it does not fit beside the large one");
        assert!(!tiny.is_granted(), "it would fit, but came later");
        drop(small);
        assert!(tiny.is_granted(), "who gives up makes way");
        drop(large);
        drop(tiny);
        assert_eq!(budget.payload_bytes(), 0);
    }

    #[test]
    fn what_is_larger_than_the_bound_travels_alone() {
        let budget = Arc::new(Budget::default());
        let huge = budget.request(MAX_PAYLOAD_BYTES + 1, nobody());
        assert!(huge.is_granted());
        assert!(budget.take(1).is_none());
        drop(huge);
        assert!(budget.take(1).is_some());
    }
}
