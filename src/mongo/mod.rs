//! Everything that touches a socket. Functions here take a [`context::Context`] and return what happened; they know no
//! store.
//!
//! - [`runtime`] is the I/O thread, [`clients`] shares clients between stores, [`connect`] gets them to a server,
//!   [`watched_client`] keeps them there, [`topology`] is what is known of the servers.
//! - [`find`], [`write`], [`collection`], [`filtered`], [`pages`] and [`indexes`] run commands; [`retry`] gets each there and back.
//! - [`server_info`], [`server_session`] and [`server_error`] are what a server says, holds and complains of.

pub mod clients;
pub mod collection;
pub mod connect;
pub mod context;
pub mod filtered;
pub mod find;
pub mod indexes;
pub mod pages;
mod retry;
mod runtime;
pub mod server_error;
pub mod server_info;
pub mod server_session;
pub mod topology;
mod watched_client;
pub mod write;

pub use runtime::Spawner;
