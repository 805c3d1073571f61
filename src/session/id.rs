//! The identity of a session: any BSON value, compared as MongoDB compares `_id`s.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use super::bson_type as tag;

/// A session's id as it is stored: a string for nearly everybody, anything else through `transformId`.
#[derive(Clone)]
pub struct Id {
    tag: u8,
    /// For a string its bare UTF-8, otherwise the value as BSON has it.
    bytes: Arc<[u8]>,
}

/// What decides whether two ids are one: MongoDB compares numbers by value, whatever their type.
#[derive(Eq, Hash, PartialEq)]
enum Identity<'a> {
    Integer(i64),
    Other(u8, &'a [u8]),
}

impl Id {
    pub fn text(bytes: &[u8]) -> Self {
        Self { tag: tag::STRING, bytes: bytes.into() }
    }

    /// `bytes`: a BSON value of type `tag`; for a string its bare UTF-8.
    pub fn new(tag: u8, bytes: &[u8]) -> Self {
        Self { tag, bytes: bytes.into() }
    }

    /// From an element of a row.
    pub fn from_element(tag: u8, value: &[u8]) -> Self {
        let bytes = if tag == tag::STRING { tag::text(value) } else { value };
        Self { tag, bytes: bytes.into() }
    }

    pub fn tag(&self) -> u8 {
        self.tag
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn identity(&self) -> Identity<'_> {
        let integer = match (self.tag, &*self.bytes) {
            (tag::INT32, bytes) => bytes.try_into().ok().map(|bytes| i64::from(i32::from_le_bytes(bytes))),
            (tag::INT64, bytes) => bytes.try_into().ok().map(i64::from_le_bytes),
            (tag::DOUBLE, bytes) => bytes.try_into().ok().map(f64::from_le_bytes).and_then(exact_integer),
            _ => None,
        };
        integer.map_or(Identity::Other(self.tag, &self.bytes), Identity::Integer)
    }
}

fn exact_integer(number: f64) -> Option<i64> {
    /// 2^53: beyond it a double no longer names one integer.
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked: integral and within 2^53")]
    (number.fract() == 0.0 && number.abs() <= LIMIT).then_some(number as i64)
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Id {}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

/// An id is a credential: what is printed of it is its beginning.
impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tag {
            tag::STRING => {
                let text = String::from_utf8_lossy(&self.bytes);
                write!(f, "{}…", text.chars().take(6).collect::<String>())
            }
            tag => write!(f, "(BSON type {tag:#04x})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_one_id_by_value() {
        let int32 = Id::new(tag::INT32, &5i32.to_le_bytes());
        assert_eq!(int32, Id::new(tag::INT64, &5i64.to_le_bytes()));
        assert_eq!(int32, Id::new(tag::DOUBLE, &5f64.to_le_bytes()));
        assert_ne!(int32, Id::new(tag::DOUBLE, &5.5f64.to_le_bytes()));
        assert_ne!(int32, Id::text(b"5"));
    }

    #[test]
    fn debug_shows_only_the_beginning() {
        assert_eq!(format!("{:?}", Id::text(b"abcdefghijkl")), "abcdef…");
    }
}
