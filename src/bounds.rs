//! How much may wait: operations of a store, bytes of the process.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Error, Result};

/// Payload of all operations that have no delivered outcome.
const MAX_PAYLOAD_BYTES: usize = 64 << 20;
/// Values of rows that JavaScript has not taken yet; past it no further finds are sent.
const MAX_REPLY_BYTES: usize = 64 << 20;

static PAYLOAD_BYTES: AtomicUsize = AtomicUsize::new(0);
static REPLY_BYTES: AtomicUsize = AtomicUsize::new(0);

/// The operations of one store. Admission control, not a memory limit.
#[derive(Debug)]
pub struct Bounds {
    max_operations: usize,
    operations: AtomicUsize,
}

impl Bounds {
    pub fn new(max_operations: usize) -> Self {
        Self { max_operations, operations: AtomicUsize::new(0) }
    }

    /// Takes the operation's share; it is released when the outcome is delivered, be it a refusal.
    pub fn admit(&self, payload_bytes: usize) -> Result<()> {
        let operations = self.operations.fetch_add(1, Ordering::Relaxed);
        let bytes = PAYLOAD_BYTES.fetch_add(payload_bytes, Ordering::Relaxed);
        if operations >= self.max_operations {
            let message =
                format!("the queue is full: {operations} operations wait, as many as maxQueue allows");
            return Err(Error::new("MongoQueueFullError", message));
        }
        if bytes + payload_bytes > MAX_PAYLOAD_BYTES && bytes > 0 {
            let limit = MAX_PAYLOAD_BYTES >> 20;
            let message =
                format!("the queue is full: the waiting sessions take {limit} MiB, the limit of a process");
            return Err(Error::new("MongoQueueFullError", message));
        }
        Ok(())
    }

    pub fn release(&self, payload_bytes: usize) {
        self.operations.fetch_sub(1, Ordering::Relaxed);
        PAYLOAD_BYTES.fetch_sub(payload_bytes, Ordering::Relaxed);
    }

    pub fn operations(&self) -> usize {
        self.operations.load(Ordering::Relaxed)
    }
}

pub fn reply_waits(bytes: usize) {
    REPLY_BYTES.fetch_add(bytes, Ordering::Relaxed);
}

pub fn reply_delivered(bytes: usize) {
    REPLY_BYTES.fetch_sub(bytes, Ordering::Relaxed);
}

pub fn replies_are_full() -> bool {
    REPLY_BYTES.load(Ordering::Relaxed) > MAX_REPLY_BYTES
}
