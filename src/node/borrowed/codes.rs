//! The numbers by which JavaScript and the scheduler understand each other. JavaScript gets them from here.

use crate::session::Kind;

/// Constants in a module of their own, and their names beside them.
macro_rules! codes {
    ($(#[$about:meta])* $module:ident { $($(#[$meaning:meta])* $name:ident = $value:literal,)* }) => {
        $(#[$about])*
        pub mod $module {
            $($(#[$meaning])* pub const $name: u32 = $value;)*
            pub const ALL: &[(&str, u32)] = &[$((stringify!($name), $name)),*];
        }
    };
}

codes! {
    /// What JavaScript tells the scheduler. Each is followed by its operands, in this order.
    from_javascript {
        /// slot, key, latest expired
        GET = 1,
        /// slot, key, bytes, serves gets, expires, last modified
        SET = 2,
        /// slot, key, expected bytes
        UNFILLED = 3,
        /// slot, bytes, serves gets, expires, last modified, what it expects, bytes of that
        FILL = 4,
        /// slot
        WITHDRAW = 5,
        /// slot, key, expires, last modified
        TOUCH = 6,
        /// slot, key
        DESTROY = 7,
        /// slot, barrier
        BARRIER = 8,
        /// slot, kind: a call that waits for nothing but a connection
        CALL = 9,
        /// slot
        CALL_SENT = 22,
        /// command, index, row, bytes, expiry, expires, last modified, end of its lifetime
        FOUND = 10,
        /// command, end, error
        FIND_END = 11,
        /// command, index
        UPSERTED = 12,
        /// command, index, error
        STATEMENT_FAILED = 13,
        /// command, n, write concern's error
        WRITTEN = 14,
        /// command, error, fate
        WRITE_FAILED = 15,
        /// command, error
        WRITE_REJECTED = 16,
        /// command, index
        EXISTS = 17,
        /// command, whether it could be told
        EXISTING_END = 18,
        /// command, slot, failed
        BARRIER_END = 19,
        /// slot, failed
        CALL_END = 20,
        /// error
        FAIL_WAITING = 21,
        /// command, index: a conditional set found another row than it expects
        MISSED = 23,
        /// command, index, row, bytes
        CURRENT = 24,
        /// command, error
        CURRENT_END = 25,
        /// command, key: a row to destroy
        TO_DESTROY = 26,
        /// command, slot of the filter, bytes of that: the rows to destroy are known
        TO_DESTROY_END = 27,
    }
}

codes! {
    /// What the scheduler tells JavaScript. Each is preceded by the number of its operands.
    to_javascript {
        /// slot, slot of the set whose value it is, expires, last modified
        ROW_OF_SET = 1,
        /// slot, row, expires, last modified
        ROW = 2,
        /// slot
        NO_ROW = 3,
        /// slot
        CREATED = 4,
        /// slot
        UPDATED = 5,
        /// slot, matched or removed
        MATCHED = 6,
        /// slot, error
        FAILED = 7,
        /// slot, fate
        TIMED_OUT = 8,
        /// slot: nothing holds the operation any more
        RELEASED = 9,
        /// command, keys
        FIND = 10,
        /// command, keys
        FIND_EXISTING = 11,
        /// command, whether it deletes, then for each statement: key, slot of its value or filter or -1, expires, last
        /// modified
        WRITE = 12,
        /// command, slot
        RUN_BARRIER = 13,
        /// command, keys: whose rows are asked for on the primary
        FIND_CURRENT = 14,
        /// slot, row or -1: its set found this instead of what it expects, and is to be filled again or withdrawn
        CONFLICT = 15,
        /// error: nothing names it any more
        RELEASED_ERROR = 16,
        /// slot, how many rows were removed
        COUNTED = 17,
    }
}

codes! {
    /// What a set expects of the row that it is to replace.
    expects {
        ANYTHING = 0,
        NO_ROW = 1,
        ROW = 2,
    }
}

codes! {
    /// How a find ended.
    find_end {
        COMPLETE = 0,
        INCOMPLETE = 1,
        REJECTED = 2,
        FAILED = 3,
    }
}

codes! {
    /// What became of a write that failed as a whole.
    write_fate {
        NOT_APPLIED = 0,
        UNKNOWN = 1,
    }
}

codes! {
    /// What is known of an operation that has run out of time.
    timeout {
        NOT_SENT = 0,
        /// A write of the same id was never answered, and nothing may overtake it.
        NOT_SENT_BEHIND_UNSETTLED = 1,
        NO_ANSWER = 2,
        OUTCOME_UNKNOWN = 3,
        STILL_RUNNING = 4,
        /// Of a get behind a write of the same id that was never answered.
        NO_ANSWER_BEHIND_UNSETTLED = 5,
    }
}

codes! {
    /// The expiration of a row.
    expiry {
        ABSENT = 0,
        AT = 1,
        NOT_A_DATE = 2,
    }
}

codes! {
    barrier {
        CLEAR = 0,
        COUNT = 1,
        SCAN = 2,
        FIND_TO_DESTROY = 3,
        WHERE = 4,
    }
}

codes! {
    call {
        SCAN = 0,
        PING = 1,
        SWEEP = 2,
        DISCARD = 3,
        BACKFILL = 4,
        CLAIM = 5,
    }
}

pub const fn kind_of_call(code: u32) -> Kind {
    match code {
        call::PING => Kind::Ping,
        call::SWEEP => Kind::Sweep,
        call::DISCARD => Kind::Destroy,
        call::BACKFILL => Kind::Backfill,
        call::CLAIM => Kind::Claim,
        _ => Kind::Scan,
    }
}

/// How many operands each message of JavaScript's has.
pub const fn operands(code: u32) -> usize {
    match code {
        from_javascript::WITHDRAW | from_javascript::CALL_SENT | from_javascript::FAIL_WAITING => 1,
        from_javascript::DESTROY
        | from_javascript::BARRIER
        | from_javascript::CALL
        | from_javascript::UPSERTED
        | from_javascript::WRITE_REJECTED
        | from_javascript::EXISTS
        | from_javascript::MISSED
        | from_javascript::CURRENT_END
        | from_javascript::EXISTING_END
        | from_javascript::TO_DESTROY
        | from_javascript::CALL_END => 2,
        from_javascript::GET
        | from_javascript::UNFILLED
        | from_javascript::FIND_END
        | from_javascript::STATEMENT_FAILED
        | from_javascript::WRITTEN
        | from_javascript::WRITE_FAILED
        | from_javascript::TO_DESTROY_END
        | from_javascript::BARRIER_END => 3,
        from_javascript::TOUCH | from_javascript::CURRENT => 4,
        from_javascript::SET => 6,
        from_javascript::FILL => 7,
        from_javascript::FOUND => 8,
        _ => 0,
    }
}

/// By the names that JavaScript uses.
pub const ALL: [(&str, &[(&str, u32)]); 9] = [
    ("fromJavaScript", from_javascript::ALL),
    ("toJavaScript", to_javascript::ALL),
    ("expects", expects::ALL),
    ("findEnd", find_end::ALL),
    ("writeFate", write_fate::ALL),
    ("timeout", timeout::ALL),
    ("expiry", expiry::ALL),
    ("barrier", barrier::ALL),
    ("call", call::ALL),
];
