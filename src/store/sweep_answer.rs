//! What JavaScript says when a sweep is due.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Passes one answer at a time from the JavaScript thread to the task that maintains the store.
#[derive(Default)]
pub struct SweepAnswer {
    claimed: AtomicBool,
    given: Notify,
}

impl SweepAnswer {
    /// `claimed`: expired rows were claimed one by one, since somebody listens to `expire`.
    pub fn give(&self, claimed: bool) {
        self.claimed.store(claimed, Ordering::Relaxed);
        self.given.notify_one();
    }

    /// Whether rows were claimed.
    pub async fn wait(&self) -> bool {
        self.given.notified().await;
        self.claimed.load(Ordering::Relaxed)
    }
}
