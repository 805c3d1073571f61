//! Fields that both layouts have.

use crate::session::bson_type as tag;

pub const ID: &str = "_id";
pub const EXPIRES: &str = "expires";

pub fn date(tag: u8, bytes: &[u8]) -> Option<i64> {
    (tag == tag::DATE).then(|| bytes.try_into().map(i64::from_le_bytes).ok()).flatten()
}
