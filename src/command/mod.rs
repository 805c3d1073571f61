//! Operations as one command, and one reply as a result for each. Pure.

pub mod bson;
pub mod collation;
pub mod collection;
pub mod error_codes;
pub mod filtered;
pub mod find;
pub mod layout;
pub mod reply;

pub mod target;
pub mod write;
