//! The core of connect-mongo-native: sessions in MongoDB, with no I/O on the event loop.
//!
//! The rooms, from the top down. Each knows those below it and none above:
//!
//! - `node` is Node.js: it decodes calls, makes promises, and lets JavaScript ask the scheduler for borrowed connections.
//! - [`store`] is a store: it admits operations, runs the engine that polls the scheduler and starts commands, and ends
//!   what takes too long.
//! - [`mongo`] is everything that touches a socket: clients, servers, retries.
//! - [`options`] reads the connection string and `mongoOptions` as the Node.js driver would.
//! - [`command`] turns operations into commands and replies into results. Pure.
//! - [`schedule`] decides when a command may leave, and with whose operations. Pure.
//! - [`session`] is plain data: ids, values, dates, rows, requests, outcomes. [`error`] is what an operation fails with,
//!   [`sync`] what threads share their state by.
//!
//! Threads: JavaScript's calls [`store::Store`] and drains the bridge; the I/O thread runs everything that touches a
//! socket, the engine included; the deadline thread settles overdue operations. What crosses is behind a mutex that nobody
//! holds over an await or a call into JavaScript.

pub mod command;
pub mod error;
pub mod mongo;
#[cfg(not(test))] // Needs Node.js, and napi-derive registers nothing in unit tests.
mod node;
pub mod options;
pub mod schedule;
pub mod session;
pub mod store;
pub mod sync;
