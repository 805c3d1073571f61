//! What is stored of a session: opaque to the core.

use std::sync::Arc;

use super::bson_type;

/// A JSON string, or any other BSON value.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    pub tag: u8,
    /// For a string its bare UTF-8, otherwise the value as BSON has it.
    pub bytes: Arc<[u8]>,
    /// What a set stores beside it: a BSON document, in which null stands for a field to unset.
    pub fields: Option<Arc<[u8]>>,
}

impl Value {
    /// `bytes`: for a string its bare UTF-8, otherwise the value as BSON has it.
    pub fn new(tag: u8, bytes: &[u8]) -> Self {
        Self { tag, bytes: bytes.into(), fields: None }
    }

    pub fn null() -> Self {
        Self::new(bson_type::NULL, &[])
    }

    /// Bytes that it takes in a row.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.fields.as_ref().map_or(0, |fields| fields.len())
    }

    /// From an element of a row.
    pub fn from_element(tag: u8, bytes: &[u8]) -> Self {
        Self::new(tag, if tag == bson_type::STRING { bson_type::text(bytes) } else { bytes })
    }
}
