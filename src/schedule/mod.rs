//! When a command may leave, and with whose operations. Pure: no clock is read, no socket touched, no thread started.
//!
//! - [`scheduler`] is the value that a transport asks: what is called goes in, commands and outcomes come out.
//!   [`departures`] decides what leaves next, [`completions`] what comes of a command's end, [`conditional`] what becomes
//!   of a set that finds another row than it expects, [`found`] what a filter has found to be destroyed, of
//!   which [`tally`] makes one outcome, [`overdue`] what nobody waits for any more.
//! - [`key_queue`] keeps the order of one id and folds its writes; [`ready`] knows which ids may leave, oldest first.
//! - [`window`] says how many commands may be in flight, [`barrier`] what waits for what was called before, [`fence`] on
//!   which server session a write goes, [`budget`] how many bytes the process holds.
//!
//! The core runs it on the I/O thread over its own values; for borrowed connections JavaScript asks it on its own thread,
//! over handles.

mod barrier;
mod budget;
mod command;
mod completions;
mod conditional;
mod conflict;
mod departures;
mod fence;
mod found;
mod key_queue;
mod operation;
mod overdue;
mod ready;
mod scheduler;
mod statement;
mod tally;
mod window;

pub use barrier::BarrierKind;
pub use budget::{Budget, MAX_PAYLOAD_BYTES, MAX_REPLY_BYTES, OnGranted, Share};
pub use command::{Body, Command, CommandId, Fate, FindEnd, Part, Write, WriteEnd, WriteReply};
pub use conflict::Conflict;
pub use fence::Session;
pub use found::MAX_FOUND;
pub use operation::{Action, Outcome, Settled, Ticket, Transport, Value, WriteKind};
pub use scheduler::{Limits, MAX_LOOKUPS, MAX_SHARDED, MAX_STATEMENTS, Scheduler};
pub use statement::Statement;
