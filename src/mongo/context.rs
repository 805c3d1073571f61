//! What a command needs to reach one store's collection.

use std::sync::{Arc, atomic::AtomicBool};

use mongodb::{Database, options::SelectionCriteria};

use super::{server_info::ServerInfo, topology::Topology, watched_client::WatchedClient};
use crate::command::target::Target;

/// A connection, and how a store uses it.
#[derive(Clone)]
pub struct Context {
    pub servers: Arc<WatchedClient>,
    pub info: Arc<ServerInfo>,
    pub database: Database,
    pub topology: Arc<Topology>,
    pub settings: Arc<Settings>,
}

/// What is the same on every connection of a store.
pub struct Settings {
    pub target: Target,
    /// Whether the write concern makes writes wait for other members, or for the journal. `None`: it is the server's
    /// default, which on replica sets is a majority from MongoDB 5.0 on.
    pub writes_wait: Option<bool>,
    pub database: String,
    /// Where reads go; `None`: the primary.
    pub selection: Option<SelectionCriteria>,
    /// The server knows no `min`: pages of rows start by `$gt`.
    pub pages_by_gt: AtomicBool,
    pub retry_reads: bool,
    pub retry_writes: bool,
    /// Whether it makes conditional sets.
    pub compares_values: bool,
    /// `stmtIds` is no part of the stable API.
    pub api_strict: bool,
}

impl Context {
    /// Whether writes go out on server sessions with transaction numbers, and so can be repeated.
    pub fn numbers_writes(&self) -> bool {
        self.info.transaction_numbers() && self.settings.retry_writes && !self.settings.target.unacknowledged
    }
}
