//! Errors of the driver, in the names and codes of the Node.js driver, and without secrets.

use std::io;

use mongodb::error::{Error as DriverError, ErrorKind};

use crate::{
    command::{
        error_codes::{AUTHENTICATION_FAILED, INTERRUPTIONS, PRECEDES_EXECUTION, RETRYABLE},
        reply::redact,
    },
    error::Error,
    session::Id,
};

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

/// Whether it was answered, but may have been carried out in part.
pub fn is_interruption(error: &DriverError) -> bool {
    command_code(error).is_some_and(|code| INTERRUPTIONS.contains(&code))
}

pub fn is_timeout(error: &DriverError) -> bool {
    matches!(&*error.kind, ErrorKind::Io(io) if io.kind() == io::ErrorKind::TimedOut)
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
            error.with_code(AUTHENTICATION_FAILED).with_code_name("AuthenticationFailed")
        }
        ErrorKind::Io(io) => Error::new("MongoNetworkError", of_network(io)),
        ErrorKind::ConnectionPoolCleared { message, .. } => {
            Error::new("MongoPoolClearedError", without_details(message))
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

/// "unexpected end of file" is of no file here.
fn of_network(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return "the server closed the connection (it may be shutting down, or expect TLS)".to_owned();
    }
    error.to_string()
}

/// A driver's message that quotes another error of its own, as `Kind: …, labels: …, source: …`, with its kind alone.
fn without_details(message: &str) -> String {
    let kept = message.split_once(", labels: ").map_or(message, |(kept, _)| kept);
    kept.replace(": Kind: ", ": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_quotes_another_one_quotes_what_has_happened() {
        let quoted = DriverError::from(io::Error::from(io::ErrorKind::ConnectionRefused));
        let message = format!(
            "Connection pool for localhost:1 cleared because another operation failed with: {quoted}"
        );
        assert!(
            message.contains("Kind: ") && message.contains("labels: "),
            "the driver's text has changed: {message}"
        );
        assert_eq!(
            without_details(&message),
            "Connection pool for localhost:1 cleared because another operation failed with: I/O error: connection refused"
        );
    }
}
