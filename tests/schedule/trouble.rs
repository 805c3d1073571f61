//! What goes wrong in the world: commands fail, late writes arrive, deadlines pass.

use pure_rooms::schedule::{Body, Fate, FindEnd, WriteEnd, WriteReply};

use crate::{
    bench::Came,
    server::apply,
    world::{Failure, Flying, World},
};

impl World {
    pub fn fail(&mut self, choice: usize, failure: Failure) {
        let fails = |flying: &Flying| {
            matches!(flying.command.body, Body::Write(_) | Body::Find { .. } | Body::FindCurrent { .. })
                && flying.reply.is_none()
        };
        let Some(index) = self.choose(choice, fails) else { return };
        let Flying { command, txn_number, .. } = self.flying.remove(index);
        let id = command.id;
        let write = match command.body {
            Body::Write(write) => write,
            Body::FindCurrent { .. } => {
                self.bench.scheduler.end_find_current(id, Err("refused"));
                return self.bench.collect();
            }
            _ => {
                let end = match failure {
                    Failure::Rejected => FindEnd::Rejected("rejected"),
                    Failure::Interrupted => FindEnd::Incomplete(Some("broken")),
                    _ => FindEnd::Failed("failed"),
                };
                return self.bench.end_find(id, end);
            }
        };
        match failure {
            Failure::Refused => self.bench.fail(id, "refused", Fate::NotApplied),
            Failure::Rejected => {
                let txn_number = self.numbered.then_some(0);
                self.bench.end_write(id, WriteEnd::Rejected { error: "rejected", txn_number });
            }
            Failure::Unconfirmed => {
                let reply = apply(&write, txn_number, &mut self.rows, &mut self.carried_out);
                let reply = WriteReply { write_concern_error: Some("not confirmed"), ..reply };
                self.bench.end_write(id, WriteEnd::Reply(reply));
            }
            Failure::Interrupted => {
                let mut part = write;
                part.statements.truncate(part.statements.len().div_ceil(2));
                apply(&part, txn_number, &mut self.rows, &mut self.carried_out);
                self.bench.fail(id, "interrupted", Fate::Unknown);
            }
            Failure::Unanswered if self.numbered => {
                self.late.push((id, write, txn_number));
                self.bench.fail(id, "unanswered", Fate::Unanswered);
            }
            Failure::Unanswered => {
                self.late.push((id, write, txn_number));
                self.bench.scheduler.abandon(id, &"abandoned", self.bench.now);
                self.bench.collect();
            }
        }
    }

    /// With transaction numbers the server refuses what a later write of the session has fenced off. Without, the ids
    /// wait for it.
    pub fn arrive(&mut self, choice: usize) {
        if self.late.is_empty() {
            return;
        }
        let (id, write, number) = self.late.remove(choice % self.late.len());
        let fenced =
            write.session.is_some_and(|session| self.carried_out.get(&session).is_some_and(|n| *n > number));
        if !fenced {
            apply(&write, number, &mut self.rows, &mut self.carried_out);
        }
        self.bench.scheduler.settle(id);
    }

    pub fn ring(&mut self, choice: usize) {
        let open: Vec<u64> = self
            .bench
            .tickets
            .iter()
            .filter(|ticket| !ticket.settled.get())
            .map(|ticket| ticket.sequence)
            .collect();
        if open.is_empty() {
            return;
        }
        let sequence = open[choice % open.len()];
        let sent = self.bench.tickets[usize::try_from(sequence).unwrap()].sent.get();
        self.bench.ring(sequence);
        self.bench.outcomes.push((sequence, Came::Failed(if sent { "outcome unknown" } else { "not sent" })));
        self.bench.expire();
    }
}
