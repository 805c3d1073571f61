//! The loop that feeds the scheduler with what was called, starts the commands that it lets go, and delivers outcomes.
//! It decides nothing itself.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, MutexGuard},
    time::Instant,
};

use futures_util::FutureExt;
use tokio::time::sleep_until;

use super::{
    calls::{barrier_of, call},
    inbox::Filling,
    maintenance,
    sink::Event,
    stats::Verb,
    store::Store,
    ticket::{Core, Ticket},
    watch::{Watched, find_error, write_error},
    work::Work,
};
use crate::{
    error::Error,
    mongo::{
        connect::State,
        context::Context,
        find::{self, Found},
        server_session::{ServerSession, ServerSessions},
        write,
    },
    schedule::{self, Action, Body, Command, CommandId, Fate, FindEnd, WriteEnd, WriteKind},
    session::{Id, Outcome, Request, StoredRow, Value},
};

impl Store {
    /// The engine's task, for the life of the store.
    pub(super) async fn run(self: Arc<Self>) {
        let mut state = self.lease.connection.watch();
        // Connections that other stores share may be there already.
        state.mark_changed();
        let mut maintaining = None;
        let mut ever_connected = false;
        let connect_deadline = Instant::now() + self.lease.connection.spec.server_selection_timeout;
        let mut overdue = false;
        while !self.is_finished() {
            let wake = self.pump();
            tokio::select! {
                () = self.wake.notified() => {}
                Ok(()) = state.changed() => {
                    let now = state.borrow_and_update().clone();
                    match now {
                        State::Connecting => {}
                        State::Failed(error) => self.fail_waiting(&error),
                        State::Ready(connected) => {
                            ever_connected = true;
                            self.has_connected(connected.info.round_trip);
                            if maintaining.is_none() {
                                self.learn_soundness();
                            }
                            maintaining.get_or_insert_with(|| {
                                self.lease.spawner.spawn(maintenance::maintain(Arc::downgrade(&self)))
                            });
                        }
                    }
                    self.note_connection(self.lease.connection.topology.is_writable());
                }
                () = sleep_until(wake.unwrap_or(connect_deadline).into()), if wake.is_some() => {}
                () = sleep_until(connect_deadline.into()), if !ever_connected && !overdue => {
                    overdue = true;
                    self.sink.event(Event::Error(self.server_selection_error(None), "connect"));
                    self.note_failed_attempt();
                }
            }
        }
        if let Some(task) = maintaining {
            task.abort();
        }
        // Sessions end before their client.
        self.work().sessions = ServerSessions::default();
        self.lease.release().await;
        let closers = {
            let mut inbox = self.inbox();
            inbox.closed = true;
            std::mem::take(&mut inbox.closers)
        };
        for ticket in closers {
            self.settle(&ticket, Ok(Outcome::Closed));
        }
    }

    /// Starts every command that may start now. Returns when to look again, should nothing happen until then.
    pub(super) fn pump(self: &Arc<Self>) -> Option<Instant> {
        let mut work = self.work();
        loop {
            self.absorb(&mut work);
            self.refuse_faulty(&mut work);
            let now = Instant::now();
            let context = self.lease.connection.context(&self.settings).filter(|_| self.is_sound());
            if let Some(context) = &context {
                work.follow(context);
                self.start_calls(&mut work, context);
                while let Some(command) = work.scheduler.poll(now) {
                    self.start(&mut work, context, command);
                }
            }
            self.deliver(&mut work);
            let mut inbox = self.inbox();
            if inbox.is_empty() {
                // Without a connection every arrival is a reason to try again.
                inbox.wants_reads = context.is_none() || work.scheduler.heeds_reads(now);
                inbox.wants_writes = context.is_none() || work.scheduler.heeds_writes(now);
                if inbox.closing && work.is_idle() {
                    self.wake.notify_one();
                }
                drop(inbox);
                // Without a connection nothing can be sent, whatever the time.
                return context.and_then(|_| work.scheduler.next_wake(now));
            }
        }
    }

    fn is_finished(&self) -> bool {
        let work = self.work();
        let inbox = self.inbox();
        inbox.closing && inbox.is_empty() && work.is_idle()
    }

    /// Hands the scheduler what has arrived, in the order of the calls.
    pub(super) fn absorb(&self, work: &mut Work) {
        let (requests, fillings, withdrawn) = {
            let mut inbox = self.inbox();
            (
                std::mem::take(&mut inbox.requests),
                std::mem::take(&mut inbox.fillings),
                std::mem::take(&mut inbox.withdrawn),
            )
        };
        if !requests.is_empty() {
            self.lease.connection.ask();
        }
        for (sequence, request, ticket) in requests {
            self.submit_to(work, sequence, request, ticket);
        }
        for Filling { sequence, value, dates, expected } in fillings {
            work.scheduler.fill(sequence, value, dates, expected);
        }
        for sequence in withdrawn {
            work.scheduler.withdraw(sequence);
        }
        work.expire();
    }

    fn submit_to(&self, work: &mut Work, sequence: u64, request: Request, ticket: Ticket) {
        let (id, action) = match request {
            Request::Get { id, now } => {
                (id, Action::Get { latest_expired: self.settings.target.layout.latest_expired(now) })
            }
            Request::Set { id, value, dates, expected } => (id, Action::Set { value, dates, expected }),
            Request::Reserve { id, .. } => (id, Action::Unfilled),
            Request::Touch { id, dates } => (id, Action::Touch { dates }),
            Request::Destroy { id } => (id, Action::Destroy),
            request => {
                match barrier_of(&request) {
                    Some(kind) => {
                        work.barriers.insert(sequence, (request, ticket.clone()));
                        work.scheduler.submit_barrier(sequence, kind, ticket);
                    }
                    None => work.calls.push((request, ticket)),
                }
                return;
            }
        };
        work.scheduler.submit(sequence, id, ticket, action);
    }

    fn start_calls(self: &Arc<Self>, work: &mut Work, context: &Context) {
        for (request, ticket) in std::mem::take(&mut work.calls) {
            if ticket.claim.send() {
                work.calls_in_flight += 1;
                self.start_call(context, request, ticket, None);
            }
        }
    }

    fn start(self: &Arc<Self>, work: &mut Work, context: &Context, command: Command<Core>) {
        let (store, context) = (Arc::clone(self), context.clone());
        let Command { id, body, deadline, operations } = command;
        match body {
            Body::Find { keys } => {
                let watched = self.begin_command(Verb::Find, operations);
                self.lease
                    .spawner
                    .spawn(async move { store.find(&context, id, keys, deadline, watched).await });
            }
            Body::FindExisting { keys } => {
                let watched = self.begin_command(Verb::Find, keys.len());
                self.lease.spawner.spawn(async move {
                    let existing = find::find_existing(&context, &keys, deadline);
                    let existing = AssertUnwindSafe(existing).catch_unwind().await.unwrap_or_default();
                    store.report(watched, None);
                    store.end(|work| work.scheduler.end_find_existing(id, existing.as_deref()));
                });
            }
            Body::FindCurrent { keys } => {
                let watched = self.begin_command(Verb::Find, keys.len());
                self.lease.spawner.spawn(async move {
                    let finding = find::find_current(&context, &keys, deadline);
                    let rows = AssertUnwindSafe(finding).catch_unwind().await;
                    let rows = rows.unwrap_or_else(|_| Err(Error::panicked()));
                    store.report(watched, rows.as_ref().err());
                    store.end(|work| work.scheduler.end_find_current(id, rows));
                });
            }
            Body::Write(write) => {
                let watched = self.begin_command(Verb::of(write.kind), operations);
                watched.sends(&write.statements);
                let session = write.session.and_then(|session| work.sessions.take(session));
                self.lease.spawner.spawn(async move {
                    store.write(&context, id, write, session, deadline, watched).await;
                });
            }
            Body::Fence { session } => {
                let watched = self.begin_command(Verb::Update, 0);
                let server_session = work.sessions.take(session);
                self.lease.spawner.spawn(async move {
                    let fencing = write::fence(&context, server_session, deadline);
                    let (end, server_session) = AssertUnwindSafe(fencing)
                        .catch_unwind()
                        .await
                        .unwrap_or((Err(Error::panicked()), None));
                    store.report(watched, end.as_ref().err());
                    store.end(|work| {
                        if let Some(server_session) = server_session {
                            work.sessions.put_back(session, server_session);
                        }
                        work.scheduler.end_fence(id, end);
                    });
                });
            }
            Body::Barrier { sequence, ticket, .. } => match work.barriers.remove(&sequence) {
                Some((Request::DestroyWhere { filter, except }, _)) => {
                    self.find_to_destroy(&context, id, filter, except, ticket);
                }
                Some((request, _)) => self.start_call(&context, request, ticket, Some(id)),
                None => work.scheduler.end_barrier(id),
            },
        }
    }

    async fn find(
        self: &Arc<Self>,
        context: &Context,
        id: CommandId,
        keys: Vec<Id>,
        deadline: Instant,
        watched: Watched,
    ) {
        let on_rows = |rows: Vec<(usize, StoredRow)>| {
            watched.receives(&rows);
            let mut work = self.work();
            for (index, row) in rows {
                work.scheduler.found(id, index, &row);
            }
            self.deliver(&mut work);
        };
        let finding = find::find(context, &keys, deadline, &on_rows);
        let found = AssertUnwindSafe(finding).catch_unwind().await;
        let Found { end, clean } =
            found.unwrap_or_else(|_| Found { end: FindEnd::Failed(Error::panicked()), clean: false });
        self.report(watched, find_error(&end));
        self.end(|work| work.scheduler.end_find(id, end, clean, Instant::now()));
    }

    async fn write(
        self: &Arc<Self>,
        context: &Context,
        id: CommandId,
        write: schedule::Write<Core>,
        session: Option<ServerSession>,
        deadline: Instant,
        watched: Watched,
    ) {
        let writing = write::write(context, &write, session, deadline);
        let sent = AssertUnwindSafe(writing).catch_unwind().await.unwrap_or_else(|_| write::Sent {
            end: WriteEnd::Failed { error: Error::panicked(), fate: Fate::Unanswered },
            clean: false,
            replaced: true,
            session: None,
        });
        self.report(watched, write_error(&sent.end));
        if write.kind == WriteKind::Update && sent.may_have_made_rows(&context.settings) {
            self.made_rows.notify_one();
        }
        self.end(|work| {
            if let (Some(number), Some(session)) = (write.session, sent.session) {
                work.sessions.put_back(number, session);
            }
            work.scheduler.end_write(id, sent.end, sent.clean, sent.replaced, Instant::now());
        });
    }

    /// Carries out a call on the whole collection and settles it. `barrier`: the command that the scheduler waits for.
    fn start_call(
        self: &Arc<Self>,
        context: &Context,
        request: Request,
        ticket: Ticket,
        barrier: Option<CommandId>,
    ) {
        let watched = self.begin_call(&request);
        let (store, context) = (Arc::clone(self), context.clone());
        self.lease.spawner.spawn(async move {
            let calling = call(&store, &context, &request, ticket.deadline);
            let outcome =
                AssertUnwindSafe(calling).catch_unwind().await.unwrap_or_else(|_| Err(Error::panicked()));
            watched.returns(&outcome);
            store.report(watched, outcome.as_ref().err());
            store.settle(&ticket, outcome);
            store.end(|work| match barrier {
                Some(id) => work.scheduler.end_barrier(id),
                None => work.calls_in_flight -= 1,
            });
        });
    }

    /// A command has ended: what comes of it is delivered, and others may start.
    pub(super) fn end(self: &Arc<Self>, end: impl FnOnce(&mut Work)) {
        let mut work = self.work();
        end(&mut work);
        self.deliver(&mut work);
        drop(work);
        self.pump();
    }

    /// While the engine is locked, so that outcomes leave in the order in which the scheduler made them.
    pub(super) fn deliver(&self, work: &mut MutexGuard<'_, Work>) {
        for (ticket, outcome) in work.scheduler.take_settled() {
            self.settle(&ticket, outcome.map(Outcome::from));
        }
        for conflict in work.scheduler.take_conflicts() {
            self.refill(conflict);
        }
    }

    fn has_connected(&self, round_trip: std::time::Duration) {
        let mut work = self.work();
        work.scheduler.topology_changed();
        work.scheduler.learn_distance(round_trip, Instant::now());
    }
}

impl From<schedule::Outcome<Value>> for Outcome {
    fn from(outcome: schedule::Outcome<Value>) -> Self {
        match outcome {
            schedule::Outcome::Row(row) => Self::Row(row),
            schedule::Outcome::Created => Self::Created,
            schedule::Outcome::Updated => Self::Updated,
            schedule::Outcome::Matched(matched) => Self::Matched(matched),
            schedule::Outcome::Removed(removed) => Self::Removed(removed),
            schedule::Outcome::Count(count) => Self::Count(count),
        }
    }
}

impl Verb {
    fn of(kind: WriteKind) -> Self {
        match kind {
            WriteKind::Update => Self::Update,
            WriteKind::Delete => Self::Delete,
        }
    }
}
