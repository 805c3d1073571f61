//! What may come in: operations of a store, bytes of the process.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use crate::{
    command::{error_codes::OBJECT_TOO_LARGE, write::STATEMENT_BYTES},
    error::{Error, Result},
    schedule::{Budget, OnGranted, Share},
};

/// The server's limit of a document, in every version so far.
const MAX_DOCUMENT_BYTES: usize = 16 << 20;

/// The one budget of the process, for all stores of all threads.
pub fn budget() -> &'static Arc<Budget> {
    static BUDGET: OnceLock<Arc<Budget>> = OnceLock::new();
    BUDGET.get_or_init(Arc::default)
}

/// How many operations of one store have no delivered outcome. Admission control, not a memory limit.
#[derive(Debug)]
pub struct OperationBound {
    max: usize,
    operations: Arc<AtomicUsize>,
}

/// An operation's share of the bounds. Dropping it gives it back.
#[derive(Debug)]
pub struct Admission {
    operations: Arc<AtomicUsize>,
    payload: Option<Share>,
}

/// What an operation asks of the process's budget.
pub enum Payload {
    Nothing,
    /// Room now, or not at all.
    AtOnce(usize),
    /// Room now or later.
    InTurn(usize, OnGranted),
}

impl OperationBound {
    pub fn new(max: usize) -> Self {
        Self { max, operations: Arc::default() }
    }

    /// `Ok(None)`: there is no room for the payload at once. What is refused never counts.
    pub fn admit(&self, payload: Payload) -> Result<Option<Admission>> {
        let count = |operations| (operations < self.max).then_some(operations + 1);
        if self.operations.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count).is_err() {
            let message =
                format!("the queue is full: {} operations wait, as many as maxQueue allows", self.max);
            return Err(Error::new("MongoQueueFullError", message));
        }
        let admission = |payload| Some(Admission { operations: Arc::clone(&self.operations), payload });
        // Made before the bytes are asked for: dropping it takes the operation back.
        let mut admitted = admission(None);
        match payload {
            Payload::Nothing => {}
            Payload::AtOnce(bytes) => match budget().take(bytes) {
                Some(share) => admitted = admitted.map(|admission| admission.with(share)),
                None => admitted = None,
            },
            Payload::InTurn(bytes, on_granted) => {
                let share = budget().request(bytes, on_granted);
                admitted = admitted.map(|admission| admission.with(share));
            }
        }
        Ok(admitted)
    }

    /// One more, however many there are: a full queue does not keep a store from closing.
    pub fn admit_close(&self) -> Admission {
        self.operations.fetch_add(1, Ordering::Relaxed);
        Admission { operations: Arc::clone(&self.operations), payload: None }
    }

    pub fn operations(&self) -> usize {
        self.operations.load(Ordering::Relaxed)
    }
}

impl Admission {
    fn with(mut self, share: Share) -> Self {
        self.payload = Some(share);
        self
    }

    pub fn has_room(&self) -> bool {
        self.payload.as_ref().is_none_or(Share::is_granted)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.operations.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A value that no server can store fails by itself, before it can keep anybody waiting.
pub fn check_size(id_bytes: usize, value_bytes: usize) -> Result<()> {
    let size = id_bytes + value_bytes + STATEMENT_BYTES;
    if size <= MAX_DOCUMENT_BYTES {
        return Ok(());
    }
    let message = format!(
        "the session is larger than MongoDB stores (BSONObjectTooLarge): it takes {size} bytes, the limit is {MAX_DOCUMENT_BYTES}"
    );
    Err(too_large(message))
}

/// A conditional set sends the value that it expects beside the one that it stores.
pub fn check_together(value_bytes: usize, expected_bytes: usize) -> Result<()> {
    let size = value_bytes + expected_bytes + STATEMENT_BYTES;
    if size <= MAX_DOCUMENT_BYTES {
        return Ok(());
    }
    let message = format!(
        "the session and the stored one that it is to replace are larger than a command may be (BSONObjectTooLarge): they \
         take {size} bytes together, the limit is {MAX_DOCUMENT_BYTES}"
    );
    Err(too_large(message))
}

fn too_large(message: String) -> Error {
    Error::new("MongoServerError", message).with_code(OBJECT_TOO_LARGE).with_code_name("BSONObjectTooLarge")
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::{session::Kind, store::ticket::Ticket};

    #[test]
    fn what_is_refused_counts_nowhere() {
        let bound = OperationBound::new(1);
        let first = bound.admit(Payload::Nothing).unwrap();
        for _ in 0..5 {
            let error = bound.admit(Payload::Nothing).unwrap_err();
            assert!(error.message.contains(": 1 operations wait"), "{error}");
        }
        assert_eq!(bound.operations(), 1);
        drop(first);
        assert!(bound.admit(Payload::Nothing).is_ok());
        assert_eq!(bound.operations(), 0, "its admission was dropped at once");
    }

    #[test]
    fn a_ticket_that_nobody_holds_gives_its_share_back() {
        let bound = OperationBound::new(10);
        let before = budget().payload_bytes();
        let admission = bound.admit(Payload::AtOnce(1000)).unwrap();
        let now = Instant::now();
        let ticket = Ticket::new(1, Kind::Set, now, now, admission);
        assert_eq!(budget().payload_bytes(), before + 1000);
        // The environment has ended: nobody delivers its outcome, and nobody says so.
        drop(ticket);
        assert_eq!((budget().payload_bytes(), bound.operations()), (before, 0));
    }

    #[test]
    fn a_value_that_no_server_can_store_is_told_by_its_size() {
        assert!(check_size(32, MAX_DOCUMENT_BYTES - 1000).is_ok());
        let error = check_size(32, MAX_DOCUMENT_BYTES).unwrap_err();
        assert_eq!((error.code, error.code_name.as_deref()), (Some(10334), Some("BSONObjectTooLarge")));
        assert!(error.message.contains("16777408 bytes, the limit is 16777216"), "{error}");
        let error = check_together(9 << 20, 8 << 20).unwrap_err();
        assert!(error.message.contains("17825952 bytes together, the limit is 16777216"), "{error}");
    }
}
