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
    let error = Error::new("MongoServerError", message).with_code(OBJECT_TOO_LARGE);
    Err(error.with_code_name("BSONObjectTooLarge"))
}
