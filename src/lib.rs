//! The core of connect-mongo-native: sessions in MongoDB, with no I/O on the event loop.
//!
//! The way of an operation, module by module:
//!
//! - [`exports`] decodes the call, [`bridge`] makes its promise, [`store`] admits it: place, deadline, bounds.
//! - [`engine`] decides when a command is sent; [`queue`] and [`line`] with whose operations, [`lanes`] beside how many others,
//!   [`barriers`] after what.
//! - [`reads`], [`writes`] and [`whole`] run commands; [`batch`] and [`layout`] write them and read the replies;
//!   [`delivery`] retries them, and [`fences`] keeps late ones from doing harm.
//! - [`deployment`] connects and shares connections, [`monitor`] watches the servers, [`indexes`] and [`sweep`] see to the
//!   removal of expired rows.
//! - [`deadlines`] ends what takes too long.
//!
//! Threads: JavaScript's calls [`store`] and drains [`bridge`]; the I/O thread ([`runtime`]) runs everything that touches
//! a socket; the deadline thread settles overdue operations. What crosses is behind a mutex that nobody holds over an
//! await or a call into JavaScript.
//!
//! Only [`bridge`], [`text`], [`values`] and [`exports`] know Node.js, and only the first two are `unsafe`.

pub mod barriers;
pub mod batch;
pub mod bounds;
#[cfg(not(test))] // Needs Node.js, and napi-derive registers nothing in unit tests.
mod bridge;
pub mod client_options;
pub mod config;
pub mod deadlines;
pub mod delivery;
pub mod deployment;
pub mod engine;
pub mod error;
#[cfg(not(test))]
mod exports;
pub mod failure;
pub mod fences;
pub mod id;
pub mod indexes;
pub mod lanes;
pub mod layout;
pub mod line;
pub mod monitor;
pub mod operation;
pub mod queue;
pub mod reads;
pub mod runtime;
pub mod stats;
pub mod store;
pub mod sweep;
#[cfg(not(test))]
mod text;
pub mod uri;
#[cfg(not(test))]
mod values;
pub mod whole;
pub mod wire;
pub mod writes;
