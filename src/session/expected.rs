//! What a conditional write demands of the row that it is to change.

use super::value::Value;

#[derive(Clone, Debug, PartialEq)]
pub enum Expected<V = Value> {
    /// None: it only inserts.
    NoRow,
    /// A row that holds this value still. `latest_expired`: where it has to be a live one, the latest `expires` that is not.
    Row { value: V, latest_expired: Option<i64> },
    /// Of a conditional destroy: a row with these fields.
    Fields(V),
}

impl<V> Expected<V> {
    pub fn value(&self) -> Option<&V> {
        match self {
            Self::NoRow => None,
            Self::Row { value, .. } | Self::Fields(value) => Some(value),
        }
    }
}

impl Expected {
    pub fn value_bytes(&self) -> usize {
        self.value().map_or(0, |value| value.bytes.len())
    }
}
