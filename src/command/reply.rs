//! A server's reply: its counts, and its errors without other people's secrets.

use bson::{Bson, Document};

use super::error_codes::{DUPLICATE_KEY, IMMUTABLE_FIELD, RETRYABLE};
use crate::{error::Error, schedule::WriteReply, session::Id};

/// What the reply of a write says of its statements. `is_conditional`: by index. `unacknowledged`: with `w: 0` there are no
/// counts.
pub fn write_reply(
    reply: &Document,
    ids: &[&Id],
    is_conditional: impl Fn(usize) -> bool,
    unacknowledged: bool,
) -> WriteReply<Error> {
    let number = |name: &str| reply.get(name).and_then(integer).and_then(|n| u64::try_from(n).ok());
    let errors = list(reply, "writeErrors").filter_map(|error| Some((index(error)?, error_of(error, ids))));
    let (missed, errors): (Vec<_>, Vec<_>) =
        errors.partition(|(index, error)| is_conditional(*index) && is_miss(error));
    WriteReply {
        n: number("n").filter(|_| !unacknowledged),
        upserted: list(reply, "upserted").filter_map(index).collect(),
        errors,
        missed: missed.into_iter().map(|(index, _)| index).collect(),
        write_concern_error: reply.get_document("writeConcernError").ok().map(|error| error_of(error, ids)),
    }
}

/// Whether a conditional set fails because its row is not as it expects.
fn is_miss(error: &Error) -> bool {
    match error.code {
        Some(IMMUTABLE_FIELD) => true,
        Some(DUPLICATE_KEY) => error.message.contains("index: _id_ "),
        _ => false,
    }
}

/// Whether a new attempt may mend what a write's reply tells of: a write concern that was not met, or statements that
/// failed beside others. What the server has carried out it does not carry out again.
pub fn asks_for_retry(reply: &Document) -> bool {
    let unmet = reply.contains_key("writeConcernError")
        && reply
            .get_array("errorLabels")
            .is_ok_and(|labels| labels.iter().any(|label| label.as_str() == Some("RetryableWriteError")));
    unmet
        || list(reply, "writeErrors")
            .any(|error| code_of(error).is_some_and(|code| RETRYABLE.contains(&code)))
}

/// An element of `writeErrors`, or a `writeConcernError`.
pub fn error_of(error: &Document, ids: &[&Id]) -> Error {
    let message = error.get_str("errmsg").unwrap_or("the server gave no message");
    let mut mapped = Error::new("MongoServerError", redact(message, ids));
    mapped.code = code_of(error);
    mapped.code_name = error.get_str("codeName").ok().map(str::to_owned);
    mapped
}

fn code_of(error: &Document) -> Option<i32> {
    error.get("code").and_then(integer).and_then(|code| i32::try_from(code).ok())
}

pub fn integer(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int32(number) => Some(i64::from(*number)),
        Bson::Int64(number) => Some(*number),
        #[expect(clippy::cast_possible_truncation, reason = "counts and codes of a reply")]
        Bson::Double(number) => Some(*number as i64),
        _ => None,
    }
}

fn list<'a>(reply: &'a Document, name: &str) -> impl Iterator<Item = &'a Document> {
    reply.get_array(name).map(Vec::as_slice).unwrap_or_default().iter().filter_map(Bson::as_document)
}

fn index(entry: &Document) -> Option<usize> {
    entry.get("index").and_then(integer).and_then(|index| usize::try_from(index).ok())
}

/// Where a server begins to quote what it was sent: a brace, a quotation mark, or these words.
const QUOTATIONS: [&str; 7] = ["{", "\"", "'", "`", "\u{1}", "First element", "exceeded max"];

/// A server's message may quote ids, names and values of sessions, and whole commands. What follows the first mark of a
/// quotation is left out; ids elsewhere are shortened.
pub fn redact(message: &str, ids: &[&Id]) -> String {
    let end = QUOTATIONS.iter().filter_map(|mark| message.find(mark)).min().unwrap_or(message.len());
    let mut text = message[..end].trim_end().trim_end_matches("dup key:").trim_end().to_owned();
    if end < message.len() {
        text.push_str(" …");
    }
    for id in ids {
        if let Ok(plain) = std::str::from_utf8(id.bytes())
            && plain.len() > 6
        {
            text = text.replace(plain, &format!("{id:?}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conditional_set_whose_row_another_has_just_inserted_has_missed() {
        let id = Id::text(b"a");
        let reply = |index: &str| {
            let message = format!(
                "E11000 duplicate key error collection: a.sessions index: {index} dup key: {{ a: 1 }}"
            );
            let error = bson::doc! { "index": 0, "code": DUPLICATE_KEY, "errmsg": message };
            write_reply(&bson::doc! { "n": 0, "writeErrors": [error] }, &[&id], |_| true, false)
        };
        assert_eq!((reply("_id_").missed, reply("_id_").errors.len()), (vec![0], 0));
        assert_eq!((reply("email_1").missed, reply("email_1").errors.len()), (vec![], 1));
    }

    #[test]
    fn messages_quote_neither_ids_nor_sessions() {
        let id = Id::text(b"secret-session-id");
        let duplicate = r#"E11000 duplicate key error collection: a.sessions index: _id_ dup key: { _id: "secret-session-id" }"#;
        assert_eq!(
            redact(duplicate, &[&id]),
            "E11000 duplicate key error collection: a.sessions index: _id_ …"
        );
        assert_eq!(redact("no document secret-session-id here", &[&id]), "no document secret… here");
        assert_eq!(
            redact("The dollar ($) prefixed field '$card' in 'session.$card' is not allowed", &[]),
            "The dollar ($) prefixed field …"
        );
    }
}
