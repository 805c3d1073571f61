//! What threads share their state by. In `tests/threads` other primitives stand in its place, by which the files that take it
//! from here are run in many random orders.

pub use std::sync::{Arc, Mutex, MutexGuard, PoisonError, atomic};
