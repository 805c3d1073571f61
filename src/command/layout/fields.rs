//! Names of fields, and what is in them.

use crate::session::bson_type as tag;

pub const ID: &str = "_id";
pub const EXPIRES: &str = "expires";

// connect-mongo's alone.
pub const SESSION: &str = "session";
pub const LAST_MODIFIED: &str = "lastModified";
pub const CREATED_AT: &str = "createdAt";
pub const UPDATED_AT: &str = "updatedAt";

/// The most milliseconds before or after 1970 that are a date to JavaScript, and so to a driver there.
const JAVASCRIPT_DATES: i64 = 8_640_000_000_000_000;

/// The milliseconds of a date; `None` for anything else.
pub fn date(tag: u8, bytes: &[u8]) -> Option<i64> {
    let millis = (tag == tag::DATE).then(|| bytes.try_into().map(i64::from_le_bytes).ok()).flatten()?;
    (-JAVASCRIPT_DATES..=JAVASCRIPT_DATES).contains(&millis).then_some(millis)
}
