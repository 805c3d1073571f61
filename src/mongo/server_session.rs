//! Server sessions: an `lsid` with its transaction numbers, kept over commands.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

use mongodb::ClientSession;

use super::watched_client::WatchedClient;
use crate::schedule::Session;

/// The server forgets a session after 30 minutes without use.
const IDLE_LIMIT: Duration = Duration::from_secs(20 * 60);

/// One counter for the process: server sessions are pooled, and a number must never be lower than one that the session
/// has seen. A clock can be set back.
static TXN_NUMBER: AtomicI64 = AtomicI64::new(1);

pub fn next_txn_number() -> i64 {
    TXN_NUMBER.fetch_add(1, Ordering::Relaxed)
}

pub struct ServerSession {
    pub(super) session: ClientSession,
    /// The client that it belongs to: another one refuses it.
    client: u64,
    pub(super) used: Instant,
}

impl ServerSession {
    /// `None` where the deployment has no sessions.
    pub async fn start(servers: &WatchedClient) -> Option<Self> {
        let session = servers.client.start_session().causal_consistency(false).await.ok()?;
        Some(Self { session, client: servers.number, used: Instant::now() })
    }

    /// Whether the server may have forgotten it, or its client has gone with its connections: nothing can be on its way on
    /// it any more, either.
    pub fn is_stale(&self, servers: &WatchedClient) -> bool {
        self.client != servers.number || self.used.elapsed() > IDLE_LIMIT
    }
}

/// What the scheduler's session numbers stand for. A session is taken out while a command uses it.
#[derive(Default)]
pub struct ServerSessions(HashMap<Session, ServerSession>);

impl ServerSessions {
    /// `None` if none has been started for this number yet.
    pub fn take(&mut self, session: Session) -> Option<ServerSession> {
        self.0.remove(&session)
    }

    pub fn put_back(&mut self, session: Session, server_session: ServerSession) {
        self.0.insert(session, server_session);
    }
}
