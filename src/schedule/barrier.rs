//! `clear`, `all`, `ids` and `length` see everything that was called before them; what is called after `clear`, or after a
//! destroy of the rows that a filter finds, happens after it.
//!
//! Operations belong to epochs, the stretches between barriers. A barrier may leave when no operation of its epoch or of
//! an earlier one is left.

use std::collections::VecDeque;

use super::operation::{Epoch, Ticket, Transport};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BarrierKind {
    /// Holds back what is called after it.
    Clear,
    /// Finds rows to destroy. It holds back what is called after it until their ids are known.
    FindToDestroy,
    /// Later barriers wait for it.
    Count,
    /// The first page of a scan. It holds nothing back.
    Scan,
}

impl BarrierKind {
    fn holds_back(self) -> bool {
        matches!(self, Self::Clear | Self::FindToDestroy)
    }
}

#[derive(Debug)]
pub struct Barrier<T: Transport> {
    pub sequence: u64,
    pub kind: BarrierKind,
    pub ticket: T::Ticket,
    /// What it waits for: this epoch and the earlier ones.
    after: Epoch,
    /// What waits for it, as for an operation of this epoch.
    holds: Option<Epoch>,
}

#[derive(Debug)]
pub struct Barriers<T: Transport> {
    /// How many operations are left of each epoch, from `first` on. The last one is the current.
    left: VecDeque<usize>,
    first: Epoch,
    waiting: VecDeque<Barrier<T>>,
    running: Vec<Barrier<T>>,
}

impl<T: Transport> Default for Barriers<T> {
    fn default() -> Self {
        Self { left: VecDeque::from([0]), first: 0, waiting: VecDeque::new(), running: Vec::new() }
    }
}

impl<T: Transport> Barriers<T> {
    /// The epoch of an operation that takes its place now. It counts until `leave`.
    pub fn enter(&mut self) -> Epoch {
        let current = self.current();
        self.left[index(self.first, current)] += 1;
        current
    }

    pub fn leave(&mut self, epoch: Epoch) {
        self.left[index(self.first, epoch)] -= 1;
        self.drop_ended();
    }

    pub fn push(&mut self, sequence: u64, kind: BarrierKind, ticket: T::Ticket) {
        let after = self.current();
        self.left.push_back(0);
        let holds = (kind != BarrierKind::Scan).then(|| self.enter());
        self.waiting.push_back(Barrier { sequence, kind, ticket, after, holds });
        self.drop_ended();
    }

    /// Whether a barrier holds back what is called now.
    pub fn is_holding(&self) -> bool {
        let holds = |barrier: &Barrier<T>| barrier.kind.holds_back();
        self.waiting.iter().any(holds) || self.running.iter().any(holds)
    }

    /// Starts the oldest barrier that nothing before it keeps waiting. `may_hold`: whether one that holds others back may be
    /// among them.
    pub fn start_open(&mut self, may_hold: bool) -> Option<&Barrier<T>> {
        let first = self.first;
        let may = |kind: BarrierKind| may_hold || !kind.holds_back();
        let index = self.waiting.iter().position(|barrier| barrier.after < first && may(barrier.kind))?;
        self.running.extend(self.waiting.remove(index));
        self.running.last()
    }

    /// The barrier that holds others back and waits for no operation any more: its sequence number and its ticket.
    pub fn open_holding(&self) -> Option<(u64, &T::Ticket)> {
        let open = |barrier: &&Barrier<T>| barrier.kind.holds_back() && barrier.after < self.first;
        self.waiting.iter().find(open).map(|barrier| (barrier.sequence, &barrier.ticket))
    }

    /// A barrier that was started has ended. One that was given up before is not known any more.
    pub fn finish(&mut self, sequence: u64) -> Option<T::Ticket> {
        let index = self.running.iter().position(|barrier| barrier.sequence == sequence)?;
        let barrier = self.running.swap_remove(index);
        self.let_go(&barrier);
        Some(barrier.ticket)
    }

    /// Lets go of the barriers that have been settled, waiting or running.
    pub fn purge(&mut self) {
        let is_settled = |barrier: &Barrier<T>| barrier.ticket.is_settled();
        let (settled, waiting): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(is_settled);
        self.waiting = waiting.into();
        let (given_up, running): (Vec<_>, Vec<_>) = self.running.drain(..).partition(is_settled);
        self.running = running;
        for barrier in settled.iter().chain(&given_up) {
            self.let_go(barrier);
        }
    }

    /// Takes all that wait.
    pub fn take_waiting(&mut self) -> Vec<T::Ticket> {
        let waiting: Vec<Barrier<T>> = self.waiting.drain(..).collect();
        for barrier in &waiting {
            self.let_go(barrier);
        }
        waiting.into_iter().map(|barrier| barrier.ticket).collect()
    }

    /// Takes one that waits, if it still does.
    pub fn take_waiting_one(&mut self, sequence: u64) -> Option<T::Ticket> {
        let index = self.waiting.iter().position(|barrier| barrier.sequence == sequence)?;
        let barrier = self.waiting.remove(index)?;
        self.let_go(&barrier);
        Some(barrier.ticket)
    }

    /// Whether no barrier and no operation of any epoch is left.
    pub fn are_quiet(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty() && self.left.iter().all(|left| *left == 0)
    }

    fn current(&self) -> Epoch {
        self.first + self.left.len() as Epoch - 1
    }

    fn let_go(&mut self, barrier: &Barrier<T>) {
        if let Some(epoch) = barrier.holds {
            self.leave(epoch);
        }
    }

    fn drop_ended(&mut self) {
        while self.left.len() > 1 && self.left[0] == 0 {
            self.left.pop_front();
            self.first += 1;
        }
    }
}

fn index(first: Epoch, epoch: Epoch) -> usize {
    usize::try_from(epoch - first).expect("epochs in use are few")
}
