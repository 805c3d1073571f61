//! The fields beside a session that an app declares: in an update, and in a filter.
//!
//! They come as the bytes of a BSON document, whose names the shim has checked. Null stands for a field to unset.

use bson::RawDocument;

use crate::{
    command::bson::{Writer, elements},
    session::{Filter, bson_type as tag},
};

/// Those that have a value, in a `$set` or `$setOnInsert` that is open.
pub fn write_set(writer: &mut Writer, fields: &[u8]) {
    for (name, tag, bytes) in named(fields).filter(|(_, tag, _)| *tag != tag::NULL) {
        writer.value(name, tag, bytes);
    }
}

/// `$unset` of the others, if there are any.
pub fn write_unset(writer: &mut Writer, fields: &[u8]) {
    let unset: Vec<&str> =
        named(fields).filter(|(_, tag, _)| *tag == tag::NULL).map(|(name, ..)| name).collect();
    if unset.is_empty() {
        return;
    }
    let open = writer.document("$unset");
    for name in unset {
        writer.boolean(name, true);
    }
    writer.end(open);
}

/// All of them in a `$set` of a pipeline, where a text may begin with `$`.
pub fn write_literals(writer: &mut Writer, fields: &[u8]) {
    for (name, tag, bytes) in named(fields) {
        if tag == tag::NULL {
            writer.string(name, "$$REMOVE");
        } else {
            let literal = writer.document(name);
            writer.value("$literal", tag, bytes);
            writer.end(literal);
        }
    }
}

/// An update that writes them and nothing else.
pub fn write_update(writer: &mut Writer, fields: &[u8]) {
    let update = writer.document("u");
    // Servers before 5.0 refuse an empty one.
    if named(fields).any(|(_, tag, _)| tag != tag::NULL) {
        let set = writer.document("$set");
        write_set(writer, fields);
        writer.end(set);
    }
    write_unset(writer, fields);
    writer.end(update);
}

/// `$eq`, so that nothing can pass for an operator.
pub fn write_filter(writer: &mut Writer, filter: &Filter) {
    for (name, tag, bytes) in named(&filter.bytes) {
        let equal = writer.document(name);
        writer.value("$eq", tag, bytes);
        writer.end(equal);
    }
}

/// Names, types and values as a writer takes them.
fn named(fields: &[u8]) -> impl Iterator<Item = (&str, u8, &[u8])> {
    let document = RawDocument::from_bytes(fields).ok();
    document.into_iter().flat_map(elements).filter_map(|(name, tag, bytes)| {
        let bytes = if tag == tag::STRING { tag::text(bytes) } else { bytes };
        Some((std::str::from_utf8(name).ok()?, tag, bytes))
    })
}
