//! What threads share by locks and atomics, with those of shuttle in place of the standard library's.

pub mod sync {
    pub use shuttle::sync::{Arc, Mutex, MutexGuard, atomic};
    pub use std::sync::PoisonError;
}

#[path = "../../src/schedule/budget.rs"]
pub mod budget;
#[path = "../../src/store/claim.rs"]
pub mod claim;
#[path = "../../src/node/mailbox.rs"]
pub mod mailbox;
