//! Errors of the driver and of the server, in the names and codes of the Node.js driver, and without secrets.

use bson::{Bson, Document};
use mongodb::error::{Error as DriverError, ErrorKind};

use crate::{error::Error, id::Id};

/// Failures that a new attempt may mend: network errors, and a server that steps down or shuts down.
/// From the retryable reads specification; the driver's `RETRYABLE_READ_CODES` (mongodb 3.9.1, error.rs:35).
const RETRYABLE: [i32; 13] = [11600, 11602, 10107, 13435, 13436, 189, 91, 7, 6, 89, 9001, 134, 262];

/// Rejections of a whole command before any of its statements is carried out: FailedToParse, BadValue, TypeMismatch,
/// InvalidBSON, BSONObjectTooLarge, and the command parser's own (unknown field, wrong type, missing field).
const PRECEDES_EXECUTION: [i32; 8] = [9, 2, 14, 22, 10334, 40415, 40413, 40414];

/// The connection broke, and not because a time-out closed it.
pub fn is_network_error(error: &DriverError) -> bool {
    matches!(*error.kind, ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. })
}

pub fn is_retryable(error: &DriverError) -> bool {
    is_network_error(error)
        || error.contains_label("RetryableWriteError")
        || command_code(error).is_some_and(|code| RETRYABLE.contains(&code))
}

pub fn precedes_execution(error: &DriverError) -> bool {
    command_code(error).is_some_and(|code| PRECEDES_EXECUTION.contains(&code))
}

pub fn command_code(error: &DriverError) -> Option<i32> {
    if let ErrorKind::Command(command) = &*error.kind { Some(command.code) } else { None }
}

/// An error of the driver as the caller sees it.
pub fn from_driver(error: &DriverError, ids: &[&Id]) -> Error {
    let mut mapped = match &*error.kind {
        ErrorKind::Command(command) => Error::new("MongoServerError", redact(&command.message, ids))
            .with_code(command.code)
            .with_code_name(command.code_name.clone()),
        ErrorKind::Authentication { message, .. } => {
            // The server's own error is the source; the driver keeps only its text in `message`.
            let error = Error::new("MongoServerError", redact(message, ids));
            error.with_code(18).with_code_name("AuthenticationFailed")
        }
        ErrorKind::Io(io) => Error::new("MongoNetworkError", io.to_string()),
        ErrorKind::ConnectionPoolCleared { message, .. } => {
            Error::new("MongoPoolClearedError", message.clone())
        }
        ErrorKind::ServerSelection { message, .. } => {
            Error::new("MongoServerSelectionError", message.clone())
        }
        ErrorKind::DnsResolve { message, .. } => {
            Error::new("MongoNetworkError", format!("DNS resolution failed: {message}"))
        }
        ErrorKind::InvalidTlsConfig { message, .. } | ErrorKind::InvalidArgument { message, .. } => {
            Error::new("MongoInvalidArgumentError", redact(message, ids))
        }
        ErrorKind::IncompatibleServer { message, .. } => {
            Error::new("MongoCompatibilityError", message.clone())
        }
        ErrorKind::Shutdown => Error::new("MongoClientClosedError", "the connection has been closed"),
        other => Error::new("MongoRuntimeError", redact(&other.to_string(), ids)),
    };
    mapped.labels = error.labels().iter().cloned().collect();
    mapped
}

/// An element of `writeErrors`, or a `writeConcernError`.
pub fn from_reply(error: &Document, ids: &[&Id]) -> Error {
    let message = error.get_str("errmsg").unwrap_or("the server gave no message");
    let mut mapped = Error::new("MongoServerError", redact(message, ids));
    mapped.code = error.get("code").and_then(integer).and_then(|code| i32::try_from(code).ok());
    mapped.code_name = error.get_str("codeName").ok().map(str::to_owned);
    mapped
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

/// A server's message may quote ids and whole commands, sessions included. What follows the first brace is such a
/// quotation; ids elsewhere are shortened.
fn redact(message: &str, ids: &[&Id]) -> String {
    let end = message.find(['{', '\u{1}']).unwrap_or(message.len());
    let mut text = message[..end].trim_end().trim_end_matches("dup key:").trim_end().to_owned();
    if end < message.len() {
        text.push_str(" { … }");
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
    fn messages_quote_neither_ids_nor_sessions() {
        let id = Id::text(b"secret-session-id");
        let duplicate = r#"E11000 duplicate key error collection: a.sessions index: _id_ dup key: { _id: "secret-session-id" }"#;
        assert_eq!(
            redact(duplicate, &[&id]),
            "E11000 duplicate key error collection: a.sessions index: _id_ { … }"
        );
        assert_eq!(redact("no document secret-session-id here", &[&id]), "no document secret… here");
    }
}
