//! A store on the core's own connections.
//!
//! - [`store`] is what a store is made of. [`admission`] takes operations in, within [`bounds`], and leaves them in the
//!   [`inbox`]; [`sink`] is where outcomes go, [`ticket`] an operation's claim to its one outcome.
//! - [`engine`] feeds the scheduler and starts the commands that it lets go; [`work`] is its state. [`calls`] are
//!   those on the whole collection, and [`destroys`] finds the rows that a filter destroys.
//! - [`failure`] ends what waits where nothing can be sent.
//! - [`deadlines`] is the thread that ends what takes too long; [`watchlist`] and [`timeouts`] say what that is and what it
//!   is told.
//! - [`soundness`] holds everything back until it is known that the collection tells ids apart.
//! - [`maintenance`] sees to indexes and expired rows, [`stats`] counts, [`watch`] reports commands to who wants to know.

mod admission;
pub mod bounds;
mod calls;
mod claim;
mod deadlines;
mod destroys;
mod engine;
mod failure;
mod inbox;
mod maintenance;
pub mod sink;
mod soundness;
pub mod stats;
#[expect(clippy::module_inception, reason = "a room may have a file for what it is named after")]
mod store;
mod sweep_answer;
pub mod ticket;
mod timeouts;
mod watch;
mod watchlist;
mod work;

pub use admission::Submitted;
pub use store::Store;
