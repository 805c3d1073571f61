//! What is stored of a session: opaque to the core.

use std::sync::Arc;

use super::bson_type;

/// A JSON string, or any other BSON value.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    pub tag: u8,
    /// For a string its bare UTF-8, otherwise the value as BSON has it.
    pub bytes: Arc<[u8]>,
}

impl Value {
    pub fn null() -> Self {
        Self { tag: bson_type::NULL, bytes: Arc::new([]) }
    }

    /// From an element of a row.
    pub fn from_element(tag: u8, bytes: &[u8]) -> Self {
        let bytes = if tag == bson_type::STRING { bson_type::text(bytes) } else { bytes };
        Self { tag, bytes: bytes.into() }
    }
}
