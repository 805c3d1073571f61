//! An operation of a store: its deadline, its share of the bounds, and the claim to its one outcome.

use std::{
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use super::{bounds::Admission, claim::Claim};
use crate::{
    error::Error,
    schedule,
    session::{Id, Kind, Value},
};

/// Held by whoever may end the operation: the inbox, the scheduler, the deadline thread, the bridge to JavaScript.
#[derive(Clone, Debug)]
pub struct Ticket(Arc<TicketState>);

#[derive(Debug)]
pub struct TicketState {
    /// The sink's own name for the operation.
    pub token: usize,
    pub kind: Kind,
    pub admitted: Instant,
    pub deadline: Instant,
    pub claim: Claim,
    /// Its share of the bounds. It is given back when the outcome has been delivered, or when nobody holds the ticket.
    admission: Mutex<Option<Admission>>,
}

impl Deref for Ticket {
    type Target = TicketState;

    fn deref(&self) -> &TicketState {
        &self.0
    }
}

impl Ticket {
    pub fn new(
        token: usize,
        kind: Kind,
        admitted: Instant,
        deadline: Instant,
        admission: Option<Admission>,
    ) -> Self {
        let (claim, admission) = (Claim::default(), Mutex::new(admission));
        Self(Arc::new(TicketState { token, kind, admitted, deadline, claim, admission }))
    }
}

impl TicketState {
    /// Whether it has room among the process's payloads, or waits for it.
    pub fn has_room(&self) -> bool {
        self.admission().as_ref().is_none_or(Admission::has_room)
    }

    /// The sink has handed the outcome over: the operation counts no more.
    pub fn delivered(&self) {
        drop(self.admission().take());
    }

    fn admission(&self) -> std::sync::MutexGuard<'_, Option<Admission>> {
        self.admission.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl schedule::Ticket for Ticket {
    fn admitted(&self) -> Instant {
        self.admitted
    }

    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn is_settled(&self) -> bool {
        self.claim.is_settled()
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn send(&self) -> bool {
        self.claim.send()
    }

    fn recall(&self) {
        self.claim.recall();
    }
}

/// The core's own connections, as the scheduler sees them.
#[derive(Clone, Debug)]
pub struct Core;

impl schedule::Transport for Core {
    type Key = Id;
    type Value = Value;
    type Ticket = Ticket;
    type Error = Error;

    fn key_bytes(key: &Id) -> usize {
        key.bytes().len()
    }
}

impl schedule::Value for Value {
    fn bytes(&self) -> usize {
        self.size()
    }

    fn serves_gets(&self) -> bool {
        true
    }
}
