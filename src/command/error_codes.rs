//! The server's error codes that decide what is done next. Their names are those of its source, `error_codes.yml`.

/// Failures that a new attempt may mend: a server that steps down, shuts down or cannot be reached. From the retryable
/// reads specification; the driver's `RETRYABLE_READ_CODES` (mongodb 3.9.1, error.rs:35).
pub const RETRYABLE: [i32; 13] = [
    11600, // InterruptedAtShutdown
    11602, // InterruptedDueToReplStateChange
    10107, // NotWritablePrimary
    13435, // NotPrimaryNoSecondaryOk
    13436, // NotPrimaryOrSecondary
    189,   // PrimarySteppedDown
    91,    // ShutdownInProgress
    7,     // HostNotFound
    6,     // HostUnreachable
    89,    // NetworkTimeout
    9001,  // SocketException
    134,   // ReadConcernMajorityNotAvailableYet
    262,   // ExceededTimeLimit
];

/// Rejections of a whole command before any of its statements is carried out. lib/backends/driver/errors.js has the
/// same list.
pub const PRECEDES_EXECUTION: [i32; 9] = [
    9,     // FailedToParse
    2,     // BadValue
    14,    // TypeMismatch
    15,    // Overflow: nested too deeply
    22,    // InvalidBSON
    10334, // BSONObjectTooLarge
    40415, // an unknown field
    40413, // a field twice
    40414, // a field missing
];

/// Interruptions: a command may have been carried out in part (measured: a step-down applied 8,304 of 20,000 statements
/// and returned ok: 0).
pub const INTERRUPTIONS: [i32; 7] = [
    50,    // MaxTimeMSExpired
    11600, // InterruptedAtShutdown
    11601, // Interrupted
    11602, // InterruptedDueToReplStateChange
    189,   // PrimarySteppedDown
    91,    // ShutdownInProgress
    262,   // ExceededTimeLimit
];

/// `Unauthorized`, `AuthenticationFailed`.
pub const NO_RIGHT: [i32; 2] = [13, AUTHENTICATION_FAILED];
/// `AuthenticationFailed`.
pub const AUTHENTICATION_FAILED: i32 = 18;
/// `IllegalOperation`: "Transaction numbers are only allowed on a replica set member or mongos".
pub const ILLEGAL_OPERATION: i32 = 20;
/// `TransactionTooOld`: the session has seen a higher number.
pub const TRANSACTION_TOO_OLD: i32 = 225;
/// `ImmutableField`: what a conditional set that misses fails with, since it may insert nothing.
pub const IMMUTABLE_FIELD: i32 = 66;
/// `DuplicateKey`: what one that inserts its row fails with, if another does so at the same moment.
pub const DUPLICATE_KEY: i32 = 11000;
/// `BSONObjectTooLarge`.
pub const OBJECT_TOO_LARGE: i32 = 10334;
/// `IndexOptionsConflict`, `IndexKeySpecsConflict`: an index of this name or on this key exists, with other options.
pub const INDEX_CONFLICTS: [i32; 2] = [85, 86];
/// `IndexBuildAborted`: somebody dropped the collection meanwhile.
pub const INDEX_BUILD_ABORTED: i32 = 276;
