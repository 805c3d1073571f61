//! One command's way to the server and back: attempts, retries, abandonment.
//!
//! Commands run as they are, so the driver retries none of them. A write keeps its server session and `txnNumber` over
//! all attempts: the server carries it out once.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use bson::{Document, RawDocumentBuf};
use mongodb::{error::Error as DriverError, options::SelectionCriteria};
use tokio::time::{sleep, sleep_until};

use super::{
    context::Context,
    server_error,
    server_session::{ServerSession, next_txn_number},
    topology::{Part, View},
};
use crate::{
    command::{
        error_codes::{ILLEGAL_OPERATION, TRANSACTION_TOO_OLD},
        reply::asks_for_retry,
    },
    error::Error,
    schedule::{self, Fate},
    session::Id,
};

/// Between two attempts of one command.
const RETRY_SPACING: Duration = Duration::from_millis(100);
/// How long a server that lost its part may still answer what it was sent.
const LOST_LIMIT: Duration = Duration::from_secs(1);
/// The deadline thread settles operations first, and says more exactly what became of them.
const DEADLINE_GRACE: Duration = Duration::from_millis(100);
/// A server that still works for nobody stops after this.
const SERVER_GRACE: Duration = Duration::from_secs(1);

/// Where a command goes, and for how long.
pub struct Attempts<'a> {
    pub context: &'a Context,
    /// When the last of its operations gives up.
    pub deadline: Instant,
    /// Ids whose text must not stand in an error.
    pub ids: &'a [&'a Id],
}

/// How a write ended, after all attempts.
pub struct Written {
    pub end: Result<Document, WriteFailure>,
    /// With its first attempt.
    pub clean: bool,
    /// Its session is another one now, or transaction numbers were given up.
    pub replaced: bool,
}

pub struct WriteFailure {
    pub error: Error,
    pub kind: FailureKind,
}

pub enum FailureKind {
    /// Refused before any of it was carried out. With the number that it was sent with.
    Rejected(Option<i64>),
    Fate(Fate),
}

enum Attempt<T> {
    Ended(Result<T, DriverError>),
    /// Monitoring reports that the server no longer plays its part.
    Lost,
    Expired,
}

/// What a failed attempt of a write leads to.
enum Next {
    Again,
    Give(WriteFailure),
}

/// A write in progress.
struct Writing<'a> {
    session: &'a mut Option<ServerSession>,
    numbered: Option<schedule::Part>,
    body: RawDocumentBuf,
    attempts: u32,
    /// An attempt was sent and never answered.
    unanswered: bool,
    resent: bool,
    replaced: bool,
    last_error: Option<DriverError>,
}

impl Attempts<'_> {
    /// Sends what `encode` makes, on `session` with `numbered`, or without where transaction numbers cannot be used.
    pub async fn write(
        &self,
        session: &mut Option<ServerSession>,
        numbered: Option<schedule::Part>,
        encode: impl Fn(Option<&schedule::Part>) -> RawDocumentBuf,
    ) -> Written {
        let body = encode(numbered.as_ref());
        let mut writing = Writing {
            session,
            numbered,
            body,
            attempts: 0,
            unanswered: false,
            resent: false,
            replaced: false,
            last_error: None,
        };
        let end = loop {
            let started = Instant::now();
            writing.attempts += 1;
            let next = match self.send(&mut writing).await {
                Attempt::Ended(Ok(reply)) => {
                    if writing.numbered.is_none() || !asks_for_retry(&reply) || self.is_over() {
                        break Ok(reply);
                    }
                    Next::Again
                }
                Attempt::Ended(Err(error)) => self.after_error(error, &mut writing, &encode).await,
                Attempt::Lost => self.after_loss(&mut writing),
                Attempt::Expired => {
                    let last = writing.last_error.as_ref();
                    let error =
                        last.map_or_else(lost_write, |error| server_error::from_driver(error, self.ids));
                    Next::Give(WriteFailure { error, kind: FailureKind::Fate(Fate::Unanswered) })
                }
            };
            if let Next::Give(failure) = next {
                break Err(failure);
            }
            sleep(RETRY_SPACING.saturating_sub(started.elapsed())).await;
        };
        Written { clean: end.is_ok() && writing.attempts == 1, replaced: writing.replaced, end }
    }

    async fn send(&self, writing: &mut Writing<'_>) -> Attempt<Document> {
        let mut command = self.context.database.run_raw_command(writing.body.clone());
        if let (Some(session), true) = (writing.session.as_mut(), writing.numbered.is_some()) {
            session.used = Instant::now();
            command = command.session(&mut session.session);
        }
        self.attempt(None, command.into_future()).await
    }

    async fn after_error(
        &self,
        error: DriverError,
        writing: &mut Writing<'_>,
        encode: &impl Fn(Option<&schedule::Part>) -> RawDocumentBuf,
    ) -> Next {
        let code = server_error::command_code(&error);
        let network = server_error::is_network_error(&error);
        writing.unanswered |= network;
        let is_numbered = writing.numbered.is_some();
        if is_numbered && code == Some(ILLEGAL_OPERATION) {
            self.context.info.renounce_transaction_numbers();
            writing.numbered = None;
            writing.replaced = true;
            writing.body = encode(None);
            return Next::Again;
        }
        if is_numbered && code == Some(TRANSACTION_TOO_OLD) && writing.attempts == 1 {
            self.take_fresh_session(writing).await;
            writing.body = encode(writing.numbered.as_ref());
            return Next::Again;
        }
        if is_numbered && server_error::is_retryable(&error) && !self.is_over() {
            writing.last_error = Some(error);
            return Next::Again;
        }
        // An idle connection that the other side closed would otherwise surface as an error that users of the Node.js
        // driver never see. Statements by key may be repeated: only 'created' and 'removed' can then be inexact.
        let may_resend = !is_numbered && !self.context.settings.target.unacknowledged;
        if may_resend && network && !server_error::is_timeout(&error) && !writing.resent {
            writing.resent = true;
            writing.last_error = Some(error);
            return Next::Again;
        }
        let kind = if writing.unanswered {
            FailureKind::Fate(Fate::Unanswered)
        } else if server_error::precedes_execution(&error) {
            FailureKind::Rejected(writing.numbered.as_ref().map(|numbered| numbered.txn_number))
        } else if server_error::is_interruption(&error) {
            FailureKind::Fate(Fate::Unknown)
        } else {
            FailureKind::Fate(Fate::NotApplied)
        };
        Next::Give(WriteFailure { error: server_error::from_driver(&error, self.ids), kind })
    }

    fn after_loss(&self, writing: &mut Writing<'_>) -> Next {
        writing.unanswered = true;
        if writing.numbered.is_some() && !self.is_over() {
            return Next::Again;
        }
        Next::Give(WriteFailure { error: lost_write(), kind: FailureKind::Fate(Fate::Unanswered) })
    }

    /// A higher number was seen on the session: what was never answered there is fenced off.
    async fn take_fresh_session(&self, writing: &mut Writing<'_>) {
        *writing.session = ServerSession::start(&self.context.servers).await;
        writing.replaced = true;
        writing.numbered = writing
            .session
            .is_some()
            .then(|| schedule::Part { txn_number: next_txn_number(), statement_ids: Vec::new() });
    }

    /// Runs `command` until it succeeds, fails for good or the deadline has passed. Returns whether the first attempt
    /// did it, too.
    pub async fn read<T, F>(
        &self,
        selection: Option<&SelectionCriteria>,
        mut command: impl FnMut() -> F,
    ) -> (Result<T, ReadFailure>, bool)
    where
        F: Future<Output = Result<T, DriverError>>,
    {
        let mut attempts = 0;
        loop {
            let started = Instant::now();
            attempts += 1;
            let retry = self.context.settings.retry_reads;
            match self.attempt(selection, command()).await {
                Attempt::Ended(Ok(value)) => return (Ok(value), attempts == 1),
                Attempt::Ended(Err(error)) => {
                    if !retry || !server_error::is_retryable(&error) || self.is_over() {
                        let rejected = server_error::precedes_execution(&error);
                        return (
                            Err(ReadFailure { error: server_error::from_driver(&error, self.ids), rejected }),
                            false,
                        );
                    }
                }
                Attempt::Lost if retry => {}
                Attempt::Lost | Attempt::Expired => {
                    return (Err(ReadFailure { error: lost_read(), rejected: false }), false);
                }
            }
            sleep(RETRY_SPACING.saturating_sub(started.elapsed())).await;
        }
    }

    /// Runs a writing command that must not be repeated.
    pub async fn once(&self, command: RawDocumentBuf) -> Result<Document, Error> {
        match self.attempt(None, self.context.database.run_raw_command(command).into_future()).await {
            Attempt::Ended(reply) => reply.map_err(|error| server_error::from_driver(&error, self.ids)),
            Attempt::Lost | Attempt::Expired => Err(lost_write()),
        }
    }

    /// Dropping the future abandons the command: the pool then closes its connection (mongodb 3.9.1, cmap/worker.rs:524).
    /// Without that, two commands on a frozen server would stop the whole store.
    async fn attempt<T>(
        &self,
        selection: Option<&SelectionCriteria>,
        command: impl Future<Output = Result<T, DriverError>>,
    ) -> Attempt<T> {
        let topology = &self.context.topology;
        let part = Part::of(selection);
        let served = async {
            self.context.servers.until_served(topology, selection).await;
            let before = topology.view();
            tokio::select! {
                biased;
                ended = command => Attempt::Ended(ended),
                () = self.until_lost(&before, part) => Attempt::Lost,
            }
        };
        tokio::select! {
            biased;
            ended = served => ended,
            () = sleep_until((self.deadline + DEADLINE_GRACE).into()) => Attempt::Expired,
        }
    }

    async fn until_lost(&self, before: &View, part: Part) {
        let mut view = self.context.topology.watch();
        loop {
            // An error means that monitoring has ended, and with it who could tell of a loss.
            if view.wait_for(|view| view.has_lost(before, part)).await.is_err() {
                std::future::pending::<()>().await;
            }
            sleep(LOST_LIMIT).await;
            if view.borrow().has_lost(before, part) {
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

/// How a read failed. `rejected`: before it was carried out.
pub struct ReadFailure {
    pub error: Error,
    pub rejected: bool,
}

fn lost_write() -> Error {
    Error::new("MongoNetworkError", "the server stopped answering").with_unknown_outcome()
}

fn lost_read() -> Error {
    Error::new("MongoNetworkError", "the server stopped answering: no answer")
}
