//! BSON written into one buffer, and read without decoding it.
//!
//! `RawDocumentBuf::append` builds every nested document separately and copies it in. A command with 128 statements
//! would copy each session three times, so commands are written front to back here and lengths patched afterwards.

use bson::{RawDocument, RawDocumentBuf};

use crate::session::bson_type as tag;

/// Where an open document began: [`Writer::end`] patches its length there.
#[must_use]
pub struct Open(usize);

pub struct Writer {
    buffer: Vec<u8>,
}

impl Writer {
    /// `capacity`: expected size of the whole document in bytes.
    pub fn new(capacity: usize) -> Self {
        let mut buffer = Vec::with_capacity(capacity);
        buffer.extend_from_slice(&[0; 4]);
        Self { buffer }
    }

    pub fn finish(mut self) -> RawDocumentBuf {
        self.close_at(0);
        RawDocumentBuf::from_bytes(self.buffer).expect("a writer always closes what it opened")
    }

    pub fn document(&mut self, name: &str) -> Open {
        self.open(tag::DOCUMENT, name)
    }

    pub fn array(&mut self, name: &str) -> Open {
        self.open(tag::ARRAY, name)
    }

    pub fn end(&mut self, open: Open) {
        self.close_at(open.0);
    }

    pub fn string(&mut self, name: &str, value: &str) {
        self.value(name, tag::STRING, value.as_bytes());
    }

    pub fn int32(&mut self, name: &str, value: i32) {
        self.value(name, tag::INT32, &value.to_le_bytes());
    }

    pub fn int64(&mut self, name: &str, value: i64) {
        self.value(name, tag::INT64, &value.to_le_bytes());
    }

    pub fn boolean(&mut self, name: &str, value: bool) {
        self.value(name, tag::BOOLEAN, &[u8::from(value)]);
    }

    /// `millis`: since the epoch.
    pub fn date(&mut self, name: &str, millis: i64) {
        self.value(name, tag::DATE, &millis.to_le_bytes());
    }

    /// `bytes`: the value as BSON has it; for a string its bare UTF-8, without length and terminator.
    pub fn value(&mut self, name: &str, tag: u8, bytes: &[u8]) {
        self.header(tag, name);
        if tag == tag::STRING {
            let length =
                i32::try_from(bytes.len() + 1).expect("sizes are checked before a command is written");
            self.buffer.extend_from_slice(&length.to_le_bytes());
            self.buffer.extend_from_slice(bytes);
            self.buffer.push(0);
        } else {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The elements of `document` in this place.
    pub fn splice(&mut self, document: &RawDocument) {
        let bytes = document.as_bytes();
        self.buffer.extend_from_slice(&bytes[4..bytes.len() - 1]);
    }

    fn open(&mut self, tag: u8, name: &str) -> Open {
        self.header(tag, name);
        let start = self.buffer.len();
        self.buffer.extend_from_slice(&[0; 4]);
        Open(start)
    }

    fn header(&mut self, tag: u8, name: &str) {
        debug_assert!(!name.contains('\0'), "a BSON name ends at its first NUL");
        self.buffer.push(tag);
        self.buffer.extend_from_slice(name.as_bytes());
        self.buffer.push(0);
    }

    fn close_at(&mut self, start: usize) {
        self.buffer.push(0);
        let length =
            i32::try_from(self.buffer.len() - start).expect("sizes are checked before a command is written");
        self.buffer[start..start + 4].copy_from_slice(&length.to_le_bytes());
    }
}

/// An array index as a BSON name.
pub struct Index {
    digits: [u8; 10],
    start: usize,
}

impl Index {
    pub fn new(mut index: usize) -> Self {
        let mut digits = [0; 10];
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b'0' + u8::try_from(index % 10).expect("a digit");
            index /= 10;
            if index == 0 {
                return Self { digits, start };
            }
        }
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.digits[self.start..]).expect("digits are ASCII")
    }
}

/// One element: its name, its type and the bytes of its value.
pub type Element<'a> = (&'a [u8], u8, &'a [u8]);

/// The top-level elements of a document. Ends early at malformed bytes, which no server sends. Names are any bytes: a row
/// may hold one that is no UTF-8, at which the bson crate ends, and what tells that the row has expired may come after it.
pub fn elements(document: &RawDocument) -> impl Iterator<Item = Element<'_>> {
    // Between the document's length and the zero at its end.
    let bytes = document.as_bytes();
    let mut rest = bytes.get(4..bytes.len().saturating_sub(1)).unwrap_or_default();
    std::iter::from_fn(move || {
        let (&tag, named) = rest.split_first()?;
        let (name, value) = split_cstring(named)?;
        let (value, after) = value.split_at_checked(size_of_value(tag, value)?)?;
        rest = after;
        Some((name, tag, value))
    })
}

fn split_cstring(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// How many of the bytes are the value of an element of this type.
fn size_of_value(tag: u8, bytes: &[u8]) -> Option<usize> {
    // A value that begins with its own length may leave out some of its bytes: `beside` that length.
    let counted = |beside: usize| {
        let length = bytes.first_chunk().map(|length| i32::from_le_bytes(*length))?;
        usize::try_from(length).ok()?.checked_add(beside)
    };
    match tag {
        tag::DOUBLE | tag::DATE | tag::TIMESTAMP | tag::INT64 => Some(8),
        tag::STRING | tag::CODE | tag::SYMBOL => counted(4),
        // A length below its own 4 bytes would make the value overlap the next one.
        tag::DOCUMENT | tag::ARRAY | tag::CODE_WITH_SCOPE => counted(0).filter(|size| *size > 4),
        tag::BINARY => counted(5),
        tag::DB_POINTER => counted(16),
        tag::UNDEFINED | tag::NULL | tag::MIN_KEY | tag::MAX_KEY => Some(0),
        tag::OBJECT_ID => Some(12),
        tag::BOOLEAN => Some(1),
        tag::REGEX => {
            let (_, flags) = split_cstring(bytes)?;
            let (_, after) = split_cstring(flags)?;
            Some(bytes.len() - after.len())
        }
        tag::INT32 => Some(4),
        tag::DECIMAL => Some(16),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::bson_type::text;

    #[test]
    fn writes_what_the_bson_crate_reads() {
        let mut writer = Writer::new(64);
        writer.string("find", "sessions");
        let filter = writer.document("filter");
        let list = writer.array("$in");
        for index in 0..12 {
            writer.int32(Index::new(index).as_str(), i32::try_from(index).unwrap());
        }
        writer.end(list);
        writer.end(filter);
        writer.boolean("singleBatch", true);
        writer.date("at", 1_700_000_000_000);
        let expected = bson::rawdoc! {
            "find": "sessions",
            "filter": { "$in": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] },
            "singleBatch": true,
            "at": bson::DateTime::from_millis(1_700_000_000_000),
        };
        assert_eq!(writer.finish(), expected);
    }

    #[test]
    fn elements_give_the_bytes_of_each_value() {
        let document = bson::rawdoc! { "a": "text", "n": 7, "d": { "x": 1 } };
        let found: Vec<_> = elements(&document).collect();
        assert_eq!(found[0].0, b"a");
        assert_eq!(text(found[0].2), b"text");
        assert_eq!(found[1], (&b"n"[..], tag::INT32, &7i32.to_le_bytes()[..]));
        assert_eq!(found[2].2, bson::rawdoc! { "x": 1 }.as_bytes());
    }

    #[test]
    fn elements_are_those_of_the_bson_crate() {
        let oid = bson::oid::ObjectId::from_bytes([7; 12]);
        let document = bson::rawdoc! {
            "double": 1.5, "string": "é", "document": { "a": [1] }, "array": ["x"], "undefined": bson::RawBson::Undefined,
            "binary": bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![1, 2] }, "oid": oid,
            "yes": true, "date": bson::DateTime::from_millis(5), "null": bson::RawBson::Null,
            "regex": bson::Regex { pattern: bson::cstr!("a").into(), options: bson::cstr!("i").into() },
            "code": bson::RawBson::JavaScriptCode("x".into()), "symbol": bson::RawBson::Symbol("x".into()),
            "scoped": bson::RawJavaScriptCodeWithScope { code: "x".into(), scope: bson::rawdoc! { "a": 1 } },
            "int32": 1, "stamp": bson::Timestamp { time: 1, increment: 2 }, "int64": 1_i64,
            "decimal": bson::Decimal128::from_bytes([1; 16]), "min": bson::RawBson::MinKey, "max": bson::RawBson::MaxKey,
            "": "last",
        };
        let theirs: Vec<_> = document
            .iter_elements()
            .map(|element| element.unwrap())
            .map(|element| (element.key().as_str().as_bytes(), element.element_type() as u8, element.size()))
            .collect();
        let ours: Vec<_> = elements(&document).map(|(name, tag, value)| (name, tag, value.len())).collect();
        assert_eq!(ours, theirs);
    }

    #[test]
    fn a_name_that_is_no_utf_8_hides_nothing_after_it() {
        let mut bytes = bson::rawdoc! { "x": 1, "expires": 2 }.into_bytes();
        bytes[5] = 0xff;
        let document = RawDocumentBuf::from_bytes(bytes).unwrap();
        let names: Vec<_> = elements(&document).map(|(name, ..)| name).collect();
        assert_eq!(names, [&b"\xff"[..], b"expires"]);
    }

    #[test]
    fn malformed_bytes_end_a_document() {
        let whole = bson::rawdoc! { "a": "text", "b": { "c": 1 }, "r": bson::Regex {
            pattern: bson::cstr!("a").into(), options: bson::cstr!("i").into()
        } };
        for index in 4..whole.as_bytes().len() - 1 {
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = whole.as_bytes().to_vec();
                bytes[index] = byte;
                let Ok(document) = RawDocumentBuf::from_bytes(bytes) else { continue };
                assert!(elements(&document).count() <= document.as_bytes().len());
            }
        }
    }
}
