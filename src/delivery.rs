//! One command's way to the server and back: attempts, retries, abandonment.
//!
//! Commands run as they are, so the driver retries none of them. A write keeps its session and `txnNumber` over all
//! attempts: the server carries it out once.

use std::{
    future::Future,
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

use bson::{Document, RawDocumentBuf};
use mongodb::{ClientSession, Database, error::Error as DriverError, error::ErrorKind};
use tokio::time::{sleep, sleep_until};

use crate::{
    batch::Retryable,
    deployment::Connected,
    error::Error,
    failure,
    id::Id,
    monitor::{Monitor, View},
};

/// Between two attempts of one command.
const RETRY_SPACING: Duration = Duration::from_millis(100);
/// How long a server that lost its part may still answer what it was sent.
const LOST_PATIENCE: Duration = Duration::from_secs(1);
/// The deadline thread settles operations first, and tells more exactly what became of them.
const DEADLINE_GRACE: Duration = Duration::from_millis(100);
/// A server that still works for nobody stops after this.
const SERVER_GRACE: Duration = Duration::from_secs(1);
/// The server forgets a session after 30 minutes without use.
const SESSION_IDLE_LIMIT: Duration = Duration::from_secs(20 * 60);

/// `TransactionTooOld`: the session has seen a higher number.
const TRANSACTION_TOO_OLD: i32 = 225;
/// `IllegalOperation`: "Transaction numbers are only allowed on a replica set member or mongos".
const ILLEGAL_OPERATION: i32 = 20;

/// One counter for the process: server sessions are pooled, and a number must never be lower than one that the session
/// has seen. A clock can be set back.
static TXN_NUMBER: AtomicI64 = AtomicI64::new(1);

pub fn next_txn_number() -> i64 {
    TXN_NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// A server session of a write lane, kept over commands.
pub struct LaneSession {
    pub id: u64,
    session: ClientSession,
    used: Instant,
}

impl LaneSession {
    /// `None` where the deployment has no sessions.
    pub async fn start(connected: &Connected) -> Option<Self> {
        static NEXT_ID: AtomicI64 = AtomicI64::new(0);
        let session = connected.client.start_session().causal_consistency(false).await.ok()?;
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed).unsigned_abs();
        Some(Self { id, session, used: Instant::now() })
    }

    pub fn is_stale(&self) -> bool {
        self.used.elapsed() > SESSION_IDLE_LIMIT
    }
}

/// Where and for how long.
pub struct Delivery<'a> {
    pub connected: &'a Connected,
    pub database: &'a Database,
    pub monitor: &'a Monitor,
    /// When the last of its operations gives up.
    pub deadline: Instant,
    /// Ids whose text must not stand in an error.
    pub ids: &'a [&'a Id],
}

/// Why a command has no reply.
#[derive(Debug)]
pub struct Undelivered {
    pub error: Error,
    /// An attempt went out and was never answered: the write may still take effect.
    pub unanswered: bool,
    /// The server refused the command before carrying out any of its statements.
    pub precedes_execution: bool,
}

enum Attempt<T> {
    Ended(Result<T, DriverError>),
    /// Monitoring reports that the server no longer plays its part.
    Lost,
    Expired,
}

impl Delivery<'_> {
    /// Sends `encode(Some(retryable))` on `session`, or `encode(None)` where transaction numbers cannot be used.
    pub async fn write(
        &self,
        session: &mut Option<LaneSession>,
        mut retryable: Option<Retryable>,
        encode: impl Fn(Option<&Retryable>) -> RawDocumentBuf,
    ) -> Result<Document, Undelivered> {
        let mut body = encode(retryable.as_ref());
        let mut unanswered = false;
        let mut resent = false;
        let mut first = true;
        let mut last_error = None;
        loop {
            let started = Instant::now();
            let mut command = self.database.run_raw_command(body.clone());
            if let (Some(lane), true) = (session.as_mut(), retryable.is_some()) {
                lane.used = started;
                command = command.session(&mut lane.session);
            }
            match self.attempt(true, command.into_future()).await {
                Attempt::Ended(Ok(reply)) => {
                    if retryable.is_none() || !asks_for_retry(&reply) || self.is_over() {
                        return Ok(reply);
                    }
                }
                Attempt::Ended(Err(error)) => {
                    let code = failure::command_code(&error);
                    let network = failure::is_network_error(&error);
                    unanswered |= network;
                    if retryable.is_some() && code == Some(ILLEGAL_OPERATION) {
                        self.connected.facts.renounce_transaction_numbers();
                        retryable = None;
                        body = encode(None);
                    } else if first && retryable.is_some() && code == Some(TRANSACTION_TOO_OLD) {
                        *session = LaneSession::start(self.connected).await;
                        retryable = session
                            .is_some()
                            .then(|| Retryable { txn_number: next_txn_number(), statement_ids: None });
                        body = encode(retryable.as_ref());
                    } else if retryable.is_some() && failure::is_retryable(&error) && !self.is_over() {
                        last_error = Some(error);
                    } else if retryable.is_none() && network && !is_timeout(&error) && !resent {
                        // An idle connection that the other side closed would otherwise surface as an error that users of
                        // the Node.js driver never see. Statements by key may be repeated: only 'created' and 'removed'
                        // can then be inexact.
                        resent = true;
                        last_error = Some(error);
                    } else {
                        let precedes_execution = !unanswered && failure::precedes_execution(&error);
                        let error = failure::from_driver(&error, self.ids);
                        return Err(Undelivered { error, unanswered, precedes_execution });
                    }
                }
                Attempt::Lost => {
                    unanswered = true;
                    if retryable.is_none() {
                        return Err(Undelivered { error: lost(), unanswered, precedes_execution: false });
                    }
                }
                Attempt::Expired => {
                    let error =
                        last_error.as_ref().map_or_else(lost, |error| failure::from_driver(error, self.ids));
                    return Err(Undelivered { error, unanswered: true, precedes_execution: false });
                }
            }
            first = false;
            sleep(RETRY_SPACING.saturating_sub(started.elapsed())).await;
        }
    }

    /// Runs `command` until it succeeds, fails for good or the deadline has passed.
    pub async fn read<T, F>(&self, retry: bool, mut command: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, DriverError>>,
    {
        loop {
            let started = Instant::now();
            match self.attempt(false, command()).await {
                Attempt::Ended(Ok(value)) => return Ok(value),
                Attempt::Ended(Err(error)) => {
                    if !retry || !failure::is_retryable(&error) || self.is_over() {
                        return Err(failure::from_driver(&error, self.ids));
                    }
                }
                Attempt::Lost if retry => {}
                Attempt::Lost | Attempt::Expired => return Err(lost()),
            }
            sleep(RETRY_SPACING.saturating_sub(started.elapsed())).await;
        }
    }

    /// Runs a writing command that must not be repeated.
    pub async fn once(&self, command: RawDocumentBuf) -> Result<Document, Error> {
        match self.attempt(true, self.database.run_raw_command(command).into_future()).await {
            Attempt::Ended(reply) => reply.map_err(|error| failure::from_driver(&error, self.ids)),
            Attempt::Lost | Attempt::Expired => Err(lost()),
        }
    }

    /// Dropping the future abandons the command: the pool then closes its connection (mongodb 3.9.1, cmap/worker.rs:524).
    /// Without that, two commands on a frozen server would stop the whole store.
    async fn attempt<T>(
        &self,
        writing: bool,
        command: impl Future<Output = Result<T, DriverError>>,
    ) -> Attempt<T> {
        let before = self.monitor.view();
        tokio::select! {
            biased;
            ended = command => Attempt::Ended(ended),
            () = self.until_lost(&before, writing) => Attempt::Lost,
            () = sleep_until((self.deadline + DEADLINE_GRACE).into()) => Attempt::Expired,
        }
    }

    async fn until_lost(&self, before: &View, writing: bool) {
        let mut view = self.monitor.watch();
        loop {
            // An error means that the monitor has gone, and with it who could tell of a loss.
            if view.wait_for(|view| view.has_lost(before, writing)).await.is_err() {
                std::future::pending::<()>().await;
            }
            sleep(LOST_PATIENCE).await;
            if view.borrow().has_lost(before, writing) {
                return;
            }
        }
    }

    /// For `maxTimeMS`: the server gives up after the callers have, so that it is their deadlines they hear of.
    pub fn remaining_millis(&self) -> i64 {
        let remaining = self.deadline.saturating_duration_since(Instant::now()) + SERVER_GRACE;
        i64::try_from(remaining.as_millis()).unwrap_or(i64::MAX)
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }
}

/// The reply of a write that was carried out, but whose write concern a new attempt may still meet.
fn asks_for_retry(reply: &Document) -> bool {
    reply.contains_key("writeConcernError")
        && reply
            .get_array("errorLabels")
            .is_ok_and(|labels| labels.iter().any(|label| label.as_str() == Some("RetryableWriteError")))
}

fn is_timeout(error: &DriverError) -> bool {
    matches!(&*error.kind, ErrorKind::Io(io) if io.kind() == std::io::ErrorKind::TimedOut)
}

fn lost() -> Error {
    Error::new("MongoNetworkError", "the server stopped answering; the outcome of the operation is unknown")
}
