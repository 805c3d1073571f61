//! A session's row, as a get finds it and as the server has it. Generic over what a value is: a borrowed connection's
//! values stay in JavaScript.

use super::{
    dates::{Dates, Expiry},
    value::Value,
};

/// A live row.
#[derive(Clone, Debug)]
pub struct Row<V = Value> {
    pub value: V,
    pub dates: Dates,
}

impl<V> Row<V> {
    /// A row that this store wrote itself, as a get finds it.
    pub fn written(value: V, dates: Dates, latest_expired: i64) -> Option<Self> {
        let expiry = dates.expires.map_or(Expiry::NotADate, Expiry::At);
        expiry.is_live(latest_expired).then_some(Self { value, dates })
    }
}

/// A row as it came from the server, expired or not.
#[derive(Clone, Debug)]
pub struct StoredRow<V = Value> {
    pub value: V,
    pub expiry: Expiry,
    pub last_modified: Option<i64>,
    /// When its lifetime ends, in milliseconds since the epoch: it expires by then, whatever touches it.
    pub ends: Option<i64>,
}

impl<V> StoredRow<V> {
    /// The row as it is stored, expired or not.
    pub fn into_row(self) -> Row<V> {
        let expires = if let Expiry::At(millis) = self.expiry { Some(millis) } else { None };
        Row { value: self.value, dates: Dates { expires, last_modified: self.last_modified } }
    }
}

impl<V: Clone> StoredRow<V> {
    /// The row as it is after touches that were called before the read, and `None` when it has expired by then.
    pub fn live_row(&self, overlay: Dates, latest_expired: i64) -> Option<Row<V>> {
        let expiry = overlay.expires.map_or(self.expiry, Expiry::At).by(self.ends);
        expiry.is_live(latest_expired).then(|| Row {
            value: self.value.clone(),
            dates: Dates {
                expires: if let Expiry::At(millis) = expiry { Some(millis) } else { None },
                last_modified: overlay.last_modified.or(self.last_modified),
            },
        })
    }
}
