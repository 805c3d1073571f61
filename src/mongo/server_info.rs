//! What a server says of itself in its `hello`.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bson::Document;

use crate::command::reply::integer;

#[derive(Debug)]
pub struct ServerInfo {
    pub max_statements: usize,
    /// A member of a replica set: its default write concern may make writes wait for others.
    pub is_member: bool,
    /// How long its `hello` took.
    pub round_trip: Duration,
    /// Replica sets and sharded clusters return the first result of a resent write without doing it again.
    transaction_numbers: AtomicBool,
    /// The server's clock less ours.
    clock_offset_millis: i64,
}

impl ServerInfo {
    pub fn from_hello(hello: &Document, asked_at_millis: i64, round_trip: Duration) -> Self {
        let number = |name| hello.get(name).and_then(integer).and_then(|number| usize::try_from(number).ok());
        let sessions = hello.contains_key("logicalSessionTimeoutMinutes");
        let is_member = hello.contains_key("setName");
        let has_log = is_member
            || hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid")
            || hello.contains_key("serviceId");
        let local_time =
            hello.get_datetime("localTime").map_or(asked_at_millis, |time| time.timestamp_millis());
        Self {
            max_statements: number("maxWriteBatchSize").unwrap_or(1000),
            is_member,
            round_trip,
            transaction_numbers: AtomicBool::new(sessions && has_log),
            clock_offset_millis: local_time - asked_at_millis,
        }
    }

    pub fn transaction_numbers(&self) -> bool {
        self.transaction_numbers.load(Ordering::Relaxed)
    }

    /// The server has refused them (code 20).
    pub fn renounce_transaction_numbers(&self) {
        self.transaction_numbers.store(false, Ordering::Relaxed);
    }

    pub fn server_millis(&self) -> i64 {
        bson::DateTime::now().timestamp_millis() + self.clock_offset_millis
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    fn info(hello: &Document, asked_at_millis: i64) -> ServerInfo {
        ServerInfo::from_hello(hello, asked_at_millis, Duration::ZERO)
    }

    #[test]
    fn sweeps_go_by_the_servers_clock() {
        let now = bson::DateTime::now().timestamp_millis();
        let hour = 3_600_000;
        let hello = doc! { "localTime": bson::DateTime::from_millis(now - hour) };
        let ahead = bson::DateTime::now().timestamp_millis() - info(&hello, now).server_millis();
        assert!((hour - 1000..=hour + 1000).contains(&ahead), "{ahead} ms ahead of the server");
    }

    #[test]
    fn transaction_numbers_need_sessions_and_an_oplog() {
        let numbers = |hello: Document| info(&hello, 0).transaction_numbers();
        assert!(numbers(doc! { "setName": "rs0", "logicalSessionTimeoutMinutes": 30 }));
        assert!(numbers(doc! { "msg": "isdbgrid", "logicalSessionTimeoutMinutes": 30 }));
        assert!(!numbers(doc! { "logicalSessionTimeoutMinutes": 30 }), "a standalone server");
        assert!(!numbers(doc! { "setName": "rs0" }), "a server without sessions");
    }
}
