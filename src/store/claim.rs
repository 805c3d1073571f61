//! Who may end an operation: its reply, its deadline and its store's end race for it.

use crate::sync::atomic::{AtomicU8, Ordering};

const SENT: u8 = 1;
const SETTLED: u8 = 2;

/// The one right to settle an operation, and whether it is in a command.
#[derive(Debug)]
pub struct Claim(AtomicU8);

impl Default for Claim {
    fn default() -> Self {
        Self(AtomicU8::new(0))
    }
}

impl Claim {
    /// True if the operation is settled by this call, and will never be sent.
    pub fn settle_unsent(&self) -> bool {
        self.0.compare_exchange(0, SETTLED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// True for the one caller that may settle it.
    pub fn settle(&self) -> bool {
        self.0.fetch_or(SETTLED, Ordering::AcqRel) & SETTLED == 0
    }

    pub fn is_settled(&self) -> bool {
        self.0.load(Ordering::Acquire) & SETTLED != 0
    }

    pub fn is_sent(&self) -> bool {
        self.0.load(Ordering::Acquire) & SENT != 0
    }

    /// Takes it into a command. False if it has been settled: then it must not be sent.
    pub fn send(&self) -> bool {
        self.0.fetch_or(SENT, Ordering::AcqRel) & SETTLED == 0
    }

    /// Its command has left no trace of it.
    pub fn recall(&self) {
        self.0.fetch_and(!SENT, Ordering::AcqRel);
    }
}
