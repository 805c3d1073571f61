//! The dates of a row, and when they say that it has expired.

/// In milliseconds since the epoch; `None` is a field that is not named.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dates {
    pub expires: Option<i64>,
    pub last_modified: Option<i64>,
}

impl Dates {
    /// Fields of a later write over those of an earlier one: `$set` touches only what it names.
    pub fn overlaid_by(self, later: Dates) -> Dates {
        Dates {
            expires: later.expires.or(self.expires),
            last_modified: later.last_modified.or(self.last_modified),
        }
    }
}

/// `expires` of a session that never expires. In session-mongoose's rows that is null or nothing.
pub const NEVER: i64 = i64::MAX;

/// The expiration of a row, as far as liveness asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expiry {
    /// The row lives for ever, as far as its fields say.
    Absent,
    /// Milliseconds since the epoch.
    At(i64),
    /// Something that is no date: not found, as the peers' queries decide.
    NotADate,
}

impl Expiry {
    /// `latest_expired`: the latest `expires` that is no longer found.
    pub fn is_live(self, latest_expired: i64) -> bool {
        match self {
            Self::Absent => true,
            Self::At(millis) => millis > latest_expired,
            Self::NotADate => false,
        }
    }

    /// `end`: when it has come at the latest, if that is limited.
    pub fn by(self, end: Option<i64>) -> Self {
        match (self, end) {
            (Self::At(millis), Some(end)) => Self::At(millis.min(end)),
            (Self::Absent, Some(end)) => Self::At(end),
            _ => self,
        }
    }
}
