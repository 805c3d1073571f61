//! The engine's state: the scheduler, and what its commands need.

use std::{collections::HashMap, sync::Arc};

use super::{
    bounds::budget,
    ticket::{Core, Ticket},
};
use crate::{
    command::layout::Layout,
    mongo::{context::Context, server_session::ServerSessions},
    schedule::{Limits, MAX_LOOKUPS, MAX_SHARDED, MAX_STATEMENTS, Scheduler},
    session::Request,
};

/// The engine's state. The I/O thread's tasks change it; `stats()` reads it on the JavaScript thread, and the deadline
/// thread sets `has_expired`.
pub struct Work {
    pub scheduler: Scheduler<Core>,
    pub sessions: ServerSessions,
    /// What barriers ask for, by sequence number.
    pub barriers: HashMap<u64, (Request, Ticket)>,
    /// Pings, sweeps and later pages of scans, which wait for nothing but a connection.
    pub calls: Vec<(Request, Ticket)>,
    pub calls_in_flight: usize,
    /// Operations have been settled by their deadlines and are still in the scheduler.
    pub has_expired: bool,
    limits: Limits,
}

impl Work {
    pub fn new(layout: &Layout, pool: usize) -> Self {
        let limits = Limits {
            groups_destroys: layout.groups_destroys(),
            sets_serve_gets: layout.sets_serve_gets(),
            pool,
            ..Limits::default()
        };
        Self {
            scheduler: Scheduler::new(limits, Arc::clone(budget())),
            sessions: ServerSessions::default(),
            barriers: HashMap::new(),
            calls: Vec::new(),
            calls_in_flight: 0,
            has_expired: false,
            limits,
        }
    }

    pub fn operations_in_flight(&self) -> usize {
        self.scheduler.operations_in_flight() + self.calls_in_flight
    }

    pub fn is_idle(&self) -> bool {
        self.scheduler.is_idle() && self.calls.is_empty() && self.calls_in_flight == 0
    }

    /// What the connection allows.
    pub fn follow(&mut self, context: &Context) {
        let sharded = context.topology.is_sharded();
        let settings = &context.settings;
        let limits = Limits {
            lookups: if sharded { MAX_SHARDED } else { MAX_LOOKUPS },
            statements: if sharded { MAX_SHARDED } else { MAX_STATEMENTS.min(context.info.max_statements) },
            isolates_finds: sharded,
            numbers_writes: context.numbers_writes(),
            writes_wait: settings.writes_wait.unwrap_or(context.info.is_member),
            ..self.limits
        };
        if limits != self.limits {
            self.limits = limits;
            self.scheduler.set_limits(limits);
        }
    }

    pub fn expire(&mut self) {
        if std::mem::take(&mut self.has_expired) {
            self.scheduler.expire();
            self.barriers.retain(|_, (_, ticket)| !ticket.claim.is_settled());
            self.calls.retain(|(_, ticket)| !ticket.claim.is_settled());
        }
    }
}
