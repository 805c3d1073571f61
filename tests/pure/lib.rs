//! `session`, `schedule` and `command` as a crate of their own, with none of tokio, mongodb and napi among
//! its dependencies. That it compiles is the test that these rooms decide and do nothing else; their unit tests and
//! the property tests run here, without a server.

#[path = "../../src/command/mod.rs"]
pub mod command;
#[path = "../../src/error.rs"]
pub mod error;
#[path = "../../src/schedule/mod.rs"]
pub mod schedule;
#[path = "../../src/session/mod.rs"]
pub mod session;
#[path = "../../src/sync.rs"]
pub mod sync;
