//! What threads share their state by. Files that take it from here are tried with every order of their steps in
//! `tests/threads`, where other primitives stand in its place.

pub use std::sync::{Arc, Mutex, MutexGuard, PoisonError, atomic};
