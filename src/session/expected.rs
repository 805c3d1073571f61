//! What a conditional set demands of the row that it is to replace.

use super::value::Value;

#[derive(Clone, Debug, PartialEq)]
pub enum Expected<V = Value> {
    /// None: it only inserts.
    NoRow,
    /// A row that holds this value still. `latest_expired`: where it has to be a live one, the latest `expires` that is not.
    Row { value: V, latest_expired: Option<i64> },
}

impl<V> Expected<V> {
    pub fn value(&self) -> Option<&V> {
        match self {
            Self::NoRow => None,
            Self::Row { value, .. } => Some(value),
        }
    }
}

impl Expected {
    pub fn value_bytes(&self) -> usize {
        self.value().map_or(0, |value| value.bytes.len())
    }
}
