//! Updates and deletes: many sets, touches or destroys, one command.

use std::time::Instant;

use super::{
    context::{Context, Settings},
    retry::{Attempts, FailureKind, Written},
    server_session::{ServerSession, next_txn_number},
};
use crate::{
    command::reply::write_reply,
    error::{Error, Result},
    schedule::{Part, Transport, Write, WriteEnd},
    session::{Id, Value},
};

/// How a write ended, and what became of its session.
pub struct Sent {
    pub end: WriteEnd<Error>,
    /// With its first attempt.
    pub clean: bool,
    /// The session is another one now, or transaction numbers were given up.
    pub replaced: bool,
    pub session: Option<ServerSession>,
}

impl Sent {
    /// Whether the server may have inserted something: without counts and after errors, nobody knows.
    pub fn may_have_made_rows(&self, settings: &Settings) -> bool {
        match &self.end {
            WriteEnd::Reply(reply) => !reply.upserted.is_empty() || settings.target.unacknowledged,
            WriteEnd::Failed { .. } => true,
            WriteEnd::Rejected { .. } => false,
        }
    }
}

/// Sends a write. `session`: what its session number stands for, if one has been started.
pub async fn write<T>(
    context: &Context,
    write: &Write<T>,
    session: Option<ServerSession>,
    deadline: Instant,
) -> Sent
where
    T: Transport<Key = Id, Value = Value>,
{
    let ids: Vec<&Id> = write.statements.iter().map(|statement| &statement.key).collect();
    let attempts = Attempts { context, deadline, ids: &ids };
    let (mut session, renewed) =
        if write.session.is_some() { fresh(context, session).await } else { (None, false) };
    let numbered = session.is_some().then(|| {
        write
            .part
            .clone()
            .unwrap_or_else(|| Part { txn_number: next_txn_number(), statement_ids: Vec::new() })
    });
    let target = &context.settings.target;
    let now = context.info.server_millis();
    let encode = |numbered: Option<&Part>| target.write(write.kind, &write.statements, now, numbered);
    let Written { end, clean, replaced } = attempts.write(&mut session, numbered, encode).await;
    let end = match end {
        Ok(reply) => WriteEnd::Reply(write_reply(
            &reply,
            &ids,
            |index| write.statements[index].expected.is_some(),
            target.unacknowledged,
        )),
        Err(failure) => match failure.kind {
            FailureKind::Rejected(txn_number) => WriteEnd::Rejected {
                error: failure.error,
                txn_number: txn_number.filter(|_| !context.settings.api_strict),
            },
            FailureKind::Fate(fate) => WriteEnd::Failed { error: failure.error, fate },
        },
    };
    Sent { end, clean, replaced: replaced || renewed, session }
}

/// Makes the server refuse whatever was sent on a session before and has not been carried out yet.
pub async fn fence(
    context: &Context,
    session: Option<ServerSession>,
    deadline: Instant,
) -> (Result<()>, Option<ServerSession>) {
    let attempts = Attempts { context, deadline, ids: &[] };
    // Without the session that the write went out on there is nothing to fence it with.
    let Some(session) = session.filter(|session| !session.is_stale(&context.servers)) else {
        return (Ok(()), None);
    };
    let mut session = Some(session);
    let numbered = Part { txn_number: next_txn_number(), statement_ids: Vec::new() };
    let target = &context.settings.target;
    let written = attempts.write(&mut session, Some(numbered), |numbered| target.fence(numbered)).await;
    (written.end.map(|_| ()).map_err(|failure| failure.error), session)
}

/// The session, or another one if the server may have forgotten it; and whether it is another one.
async fn fresh(context: &Context, session: Option<ServerSession>) -> (Option<ServerSession>, bool) {
    match session {
        Some(session) if !session.is_stale(&context.servers) => (Some(session), false),
        stale => (ServerSession::start(&context.servers).await, stale.is_some()),
    }
}
