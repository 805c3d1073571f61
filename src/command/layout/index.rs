//! The indexes that a layout wants, and those that a collection has.

use bson::Document;

use crate::command::reply::integer;

/// An index that a layout wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// The name that MongoDB gives it, and under which the peers left it in place.
    pub name: &'static str,
    pub keys: &'static [&'static str],
    pub unique: bool,
    /// Seconds after which MongoDB removes a row by itself.
    pub expire_after: Option<i64>,
}

/// Whether an index that exists is on these fields. The legacy shell wrote its `1` as a double.
pub fn is_on(existing: &Document, fields: &[&str]) -> bool {
    existing
        .get_document("key")
        .is_ok_and(|key| key.keys().eq(fields) && key.values().all(|direction| integer(direction) == Some(1)))
}
