//! What an operation can fail with, in the names and codes that the Node.js driver uses.

use std::fmt;

pub type Result<T> = std::result::Result<T, Error>;

/// Flat on purpose: the shim turns it into a JavaScript `Error` with these properties.
#[derive(Clone, Debug)]
pub struct Error {
    pub name: &'static str,
    pub message: String,
    pub code: Option<i32>,
    pub code_name: Option<String>,
    pub labels: Vec<String>,
    pub cause: Option<Box<Error>>,
    /// Of a write that was never answered: it may have been carried out.
    pub outcome_unknown: bool,
}

impl Error {
    pub fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            message: message.into(),
            code: None,
            code_name: None,
            labels: Vec::new(),
            cause: None,
            outcome_unknown: false,
        }
    }

    /// A bug of this package: the operation fails, the process goes on.
    pub fn panicked() -> Self {
        Self::new(
            "MongoRuntimeError",
            "internal error: the core panicked while it carried out this operation",
        )
    }

    pub fn with_code(mut self, code: i32) -> Self {
        self.code = Some(code);
        self
    }

    pub fn with_code_name(mut self, code_name: impl Into<String>) -> Self {
        self.code_name = Some(code_name.into());
        self
    }

    pub fn with_unknown_outcome(mut self) -> Self {
        self.outcome_unknown = true;
        self
    }

    /// As its caller is told. A get fails with the error of a write of its id that it waited for: it is the write's
    /// outcome that is unknown then, and a get has none.
    pub fn told(mut self, is_write: bool) -> Self {
        if std::mem::take(&mut self.outcome_unknown) {
            let fate = if is_write {
                "outcome unknown"
            } else {
                "no answer to an earlier write of the same session"
            };
            self.message = format!("{}: {fate}", self.message);
        }
        self
    }

    pub fn with_cause(mut self, cause: Error) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_write_has_an_unknown_outcome() {
        let error = Error::new("MongoNetworkError", "the server stopped answering").with_unknown_outcome();
        assert!(error.clone().told(true).message.ends_with(": outcome unknown"));
        assert!(error.told(false).message.ends_with(": no answer to an earlier write of the same session"));
        let known = Error::new("MongoServerError", "refused");
        assert_eq!(known.told(false).message, "refused");
    }
}
