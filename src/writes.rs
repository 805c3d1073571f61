//! Updates and deletes: many sets, touches or destroys, one command.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use futures_util::FutureExt;

use crate::{
    batch::{self, Fields, Retryable, Told, Verdict},
    delivery::{Delivery, LaneSession, next_txn_number},
    deployment::Connected,
    error::Error,
    id::Id,
    line::{Op, Statement, WriteKind},
    operation::{Outcome, Ticket},
    reads,
    stats::Command,
    store::Store,
};

/// `BSONObjectTooLarge`.
const OBJECT_TOO_LARGE: i32 = 10334;

/// Carries out `statements` and gives their lane back, whatever happens.
pub async fn run(
    store: Arc<Store>,
    connected: Connected,
    kind: WriteKind,
    statements: Vec<Statement>,
    session: Option<LaneSession>,
) {
    let started = Instant::now();
    let mut ids: Vec<Id> = statements.iter().map(|statement| statement.id.clone()).collect();
    let tickets: Vec<Arc<Ticket>> = statements
        .iter()
        .flat_map(|statement| &statement.members)
        .map(|member| Arc::clone(&member.op.ticket))
        .collect();
    let lane = Mutex::new(Lane { session, finished: Vec::with_capacity(ids.len()) });
    let carrying_out = CarryOut { store: &store, connected: &connected, kind, lane: &lane }.all(statements);
    let panicked = AssertUnwindSafe(carrying_out).catch_unwind().await.is_err();
    if panicked {
        for ticket in &tickets {
            store.settle(ticket, Err(Error::panicked()));
        }
    }
    let Lane { session, mut finished } = lane.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut answered = Vec::new();
    {
        let mut work = store.work();
        if panicked {
            // Nothing is known of the rest.
            ids.retain(|id| !finished.iter().any(|done| done.id == *id));
            finished.extend(ids.into_iter().map(|id| Finished {
                id,
                acknowledged: false,
                orphans: Vec::new(),
            }));
        }
        for Finished { id, acknowledged, orphans } in finished {
            answered.extend(work.queue.finish_write(&id, acknowledged, orphans));
        }
        if let Some(session) = session {
            work.fences.put_back(session);
        }
        work.in_flight -= tickets.len();
        let idle = !work.queue.has_ready_writes();
        work.write_lanes.end_command(started.elapsed(), idle);
    }
    for (op, row) in answered {
        store.settle(&op.ticket, Ok(Outcome::Row(row)));
    }
    store.pump();
}

/// What the lane keeps over the command, and what it learned.
struct Lane {
    session: Option<LaneSession>,
    finished: Vec<Finished>,
}

struct Finished {
    id: Id,
    acknowledged: bool,
    orphans: Vec<Op>,
}

struct CarryOut<'a> {
    store: &'a Store,
    connected: &'a Connected,
    kind: WriteKind,
    lane: &'a Mutex<Lane>,
}

/// A command's statements, with their numbers if they are part of a command that was split.
struct Part {
    statements: Vec<Statement>,
    numbers: Option<Vec<i32>>,
    txn_number: Option<i64>,
}

impl CarryOut<'_> {
    async fn all(self, statements: Vec<Statement>) {
        let statements = self.refuse_too_large(statements);
        let mut parts = vec![Part { statements, numbers: None, txn_number: None }];
        while let Some(part) = parts.pop() {
            if !part.statements.is_empty() {
                parts.extend(self.part(part).await);
            }
        }
    }

    /// One value over the server's limit would spoil the command for everyone in it.
    fn refuse_too_large(&self, statements: Vec<Statement>) -> Vec<Statement> {
        let limit = self.connected.facts.max_document_bytes;
        let (fit, too_large): (Vec<_>, Vec<_>) =
            statements.into_iter().partition(|statement| statement.size() <= limit);
        for statement in too_large {
            let message = format!(
                "the session is larger than the server's limit of {limit} bytes (BSONObjectTooLarge)"
            );
            let error = Error::new("MongoServerError", message).with_code(OBJECT_TOO_LARGE);
            self.finish(
                statement,
                &Verdict::Failed(error.with_code_name("BSONObjectTooLarge")),
                false,
                false,
            );
        }
        fit
    }

    /// Sends one command. Returns the halves that are to be tried instead.
    async fn part(&self, part: Part) -> Vec<Part> {
        let store = self.store;
        let database = self.connected.client.database(&store.database);
        let mut session = self.lane().session.take();
        let numbered = self.connected.facts.transaction_numbers()
            && store.deployment.spec.retry_writes
            && !store.target.unacknowledged;
        if numbered && session.is_none() {
            session = LaneSession::start(self.connected).await;
        }
        let txn_number =
            (numbered && session.is_some()).then(|| part.txn_number.unwrap_or_else(next_txn_number));
        let retryable =
            txn_number.map(|txn_number| Retryable { txn_number, statement_ids: part.numbers.clone() });
        let bound = session.as_ref().map(|session| session.id);

        let statements = part.statements;
        let ids: Vec<Id> = statements.iter().map(|statement| statement.id.clone()).collect();
        let borrowed: Vec<&Id> = ids.iter().collect();
        let deadline = last_deadline(&statements);
        let monitor = &store.deployment.monitor;
        let delivery =
            Delivery { connected: self.connected, database: &database, monitor, deadline, ids: &borrowed };
        let verb = if self.kind == WriteKind::Update { Command::Update } else { Command::Delete };
        store.stats.command(verb, statements.len());
        let now = self.connected.facts.server_millis();
        let outcome = delivery
            .write(&mut session, retryable, |retryable| {
                store.target.write(self.kind, &statements, now, retryable)
            })
            .await;

        let current = session.as_ref().map(|session| session.id);
        self.settle_fences(bound, current, &outcome, &ids, numbered);
        self.lane().session = session;
        match outcome {
            Ok(reply) => {
                self.read_reply(&delivery, &reply, statements).await;
                Vec::new()
            }
            Err(undelivered) if undelivered.precedes_execution && statements.len() > 1 => {
                halves(statements, part.numbers, txn_number.filter(|_| !self.is_api_strict()))
            }
            Err(undelivered) => {
                for statement in statements {
                    self.finish(statement, &Verdict::Failed(undelivered.error.clone()), false, false);
                }
                Vec::new()
            }
        }
    }

    fn settle_fences(
        &self,
        bound: Option<u64>,
        current: Option<u64>,
        outcome: &Result<bson::Document, crate::delivery::Undelivered>,
        ids: &[Id],
        numbered: bool,
    ) {
        let mut work = self.store.work();
        if let Some(bound) = bound.filter(|_| bound != current) {
            work.fences.forget(bound);
        }
        match (current, outcome) {
            (Some(session), Ok(_)) => work.fences.acknowledged(session),
            (Some(session), Err(undelivered)) if undelivered.unanswered && numbered => {
                work.fences.unanswered(session, ids.iter().cloned());
            }
            _ => {}
        }
    }

    async fn read_reply(&self, delivery: &Delivery<'_>, reply: &bson::Document, statements: Vec<Statement>) {
        let (verdicts, n) = match batch::verdicts(reply, &statements) {
            Ok(judged) => judged,
            Err(error) => {
                for statement in statements {
                    self.finish(statement, &Verdict::Failed(error.clone()), false, false);
                }
                return;
            }
        };
        // Without acknowledgement there are no counts: everything is taken to have worked.
        let n = n.filter(|_| !self.store.target.unacknowledged);
        let matched = match n {
            None => Matched::All,
            Some(_) if self.kind == WriteKind::Delete => Matched::All,
            Some(n) => match batch::touches_matched(&statements, &verdicts, n) {
                Some(true) => Matched::All,
                Some(false) => Matched::None,
                None => self.look_up_touched(delivery, &statements).await,
            },
        };
        // The sum does not say whose row it was. Whoever asks does not group destroys (layout.rs).
        let removed = n.is_none_or(|n| n > 0);
        for (statement, verdict) in statements.into_iter().zip(verdicts) {
            let matched = matched.includes(&statement.id);
            self.finish(statement, &verdict, matched, removed);
        }
    }

    /// Which of the touched rows exist. The ids are still busy, so no operation of this store comes between.
    async fn look_up_touched(&self, delivery: &Delivery<'_>, statements: &[Statement]) -> Matched {
        let touched: Vec<Id> = statements
            .iter()
            .filter(|statement| !statement.upserts())
            .map(|statement| statement.id.clone())
            .collect();
        let found = reads::find(self.store, delivery, &touched, Fields::Id, None).await;
        match found.end {
            Ok(()) => Matched::These(found.rows.into_iter().map(|row| row.id).collect()),
            Err(_) => Matched::All,
        }
    }

    fn finish(&self, statement: Statement, verdict: &Verdict, matched: bool, removed: bool) {
        let id = statement.id.clone();
        let acknowledged = !matches!(verdict, Verdict::Failed(_));
        let Told { outcomes, orphans } = batch::tell(statement, verdict, matched, removed);
        for (op, outcome) in outcomes {
            self.store.settle(&op.ticket, outcome);
        }
        self.lane().finished.push(Finished { id, acknowledged, orphans });
    }

    /// `stmtIds` is no part of the stable API.
    fn is_api_strict(&self) -> bool {
        self.store.deployment.spec.server_api.as_ref().is_some_and(|api| api.strict == Some(true))
    }

    fn lane(&self) -> std::sync::MutexGuard<'_, Lane> {
        self.lane.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ids whose touch matched.
enum Matched {
    All,
    None,
    These(Vec<Id>),
}

impl Matched {
    fn includes(&self, id: &Id) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::These(ids) => ids.contains(id),
        }
    }
}

fn last_deadline(statements: &[Statement]) -> Instant {
    let members = statements.iter().flat_map(|statement| &statement.members);
    members.map(|member| member.op.ticket.deadline).max().unwrap_or_else(Instant::now)
}

/// The culprit of a rejected command is found by halves. They keep session, number and statement numbers, so that to
/// the server they stay the same write.
fn halves(mut statements: Vec<Statement>, numbers: Option<Vec<i32>>, txn_number: Option<i64>) -> Vec<Part> {
    let mut numbers = numbers.unwrap_or_else(|| (0..batch::count(statements.len())).collect());
    let middle = statements.len() / 2;
    let (later, later_numbers) = (statements.split_off(middle), numbers.split_off(middle));
    [(statements, numbers), (later, later_numbers)]
        .into_iter()
        .map(|(statements, numbers)| Part {
            statements,
            numbers: txn_number.is_some().then_some(numbers),
            txn_number,
        })
        .collect()
}
