//! Plain data: what a session is to the core, what callers ask for and what comes of it.

pub mod bson_type;
mod dates;
mod expected;
mod id;
mod request;
mod row;
mod value;

pub use dates::{Dates, Expiry, NEVER};
pub use expected::Expected;
pub use id::Id;
pub use request::{Filter, Kind, Outcome, Request, Scan, Wanted};
pub use row::{Row, StoredRow};
pub use value::Value;
