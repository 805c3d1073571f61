//! What comes of a command's end: outcomes, and what must be asked or sent again.

use std::time::Instant;

use super::{
    command::{CommandId, Fate, FindEnd, Part, WriteEnd, WriteReply},
    key_queue::KeyQueue,
    operation::{Outcome, Transport, Value, WriteKind},
    scheduler::{Counted, InFlight, Resumed, Scheduler, WriteInFlight},
    statement::{Lookup, Member, Statement, StatementEnd, settle_members},
};
use crate::session::StoredRow;

impl<T: Transport> Scheduler<T> {
    /// A row that a find has returned, for the key at this index. Its gets learn of it at once.
    pub fn found(&mut self, id: CommandId, index: usize, row: &StoredRow<T::Value>) {
        let Some(InFlight::Find { lookups, .. }) = self.in_flight.get_mut(&id) else { return };
        let Some(lookup) = lookups.get_mut(index).and_then(Option::take) else { return };
        self.row_bytes = (self.row_bytes * 7 + row.value.bytes()) / 8;
        self.settle_gets(lookup, Some(row));
    }

    /// A find has ended. `clean`: with its first attempt.
    pub fn end_find(&mut self, id: CommandId, end: FindEnd<T::Error>, clean: bool, now: Instant) {
        let Some(InFlight::Find { lookups, keys, departure }) = self.in_flight.remove(&id) else { return };
        let grouped = keys.len() > 1;
        let rest: Vec<Lookup<T>> = lookups.into_iter().flatten().collect();
        let again = match end {
            FindEnd::Incomplete(_) if grouped => one_by_one(rest),
            // A row that is not the one asked for, although it was asked for alone, is nobody's.
            FindEnd::Complete | FindEnd::Incomplete(None) => {
                rest.into_iter().for_each(|lookup| self.settle_gets(lookup, None));
                Vec::new()
            }
            FindEnd::Rejected(_) if rest.len() > 1 => halves(rest),
            FindEnd::Failed(_) if grouped && self.limits.isolates_finds => one_by_one(rest),
            FindEnd::Rejected(error) | FindEnd::Failed(error) | FindEnd::Incomplete(Some(error)) => {
                rest.into_iter().for_each(|lookup| self.fail_gets(lookup, &error));
                Vec::new()
            }
        };
        let busy: Vec<T::Key> = again.iter().flatten().map(|lookup| lookup.key.clone()).collect();
        for key in keys.iter().filter(|key| !busy.contains(key)) {
            self.keys.change(key, KeyQueue::end_read);
        }
        self.resumed.extend(again.into_iter().map(Resumed::Find));
        self.windows.end(departure, clean, self.keys.ready_reads() == 0, now);
    }

    /// A write has ended. `clean`: with its first attempt. `replaced`: its session stands for another server session
    /// now, so that nothing can be fenced off by it any more.
    pub fn end_write(
        &mut self,
        id: CommandId,
        end: WriteEnd<T::Error>,
        clean: bool,
        replaced: bool,
        now: Instant,
    ) {
        let Some(InFlight::Write(write)) = self.in_flight.remove(&id) else { return };
        self.return_session(&write, &end, replaced);
        let departure = write.departure;
        match end {
            WriteEnd::Rejected { txn_number, .. } if write.statements.len() > 1 => {
                self.split(write, txn_number);
            }
            WriteEnd::Rejected { error, .. } | WriteEnd::Failed { error, fate: Fate::NotApplied } => {
                self.end_statements_alike(write.statements, &StatementEnd::NotApplied(error));
            }
            WriteEnd::Failed { error, fate: Fate::Unknown | Fate::Unanswered } => {
                self.end_statements_alike(write.statements, &StatementEnd::Unknown(error));
            }
            WriteEnd::Reply(reply) => self.end_replied(write, reply, clean),
        }
        self.windows.end(departure, clean, self.keys.ready_writes() == 0, now);
    }

    /// Whether the rows that a `FindExisting` asked for are there, by index; `None` if that cannot be told: then a touch
    /// passes for one that matched.
    pub fn end_find_existing(&mut self, id: CommandId, existing: Option<&[bool]>) {
        let Some(InFlight::FindExisting(counted)) = self.in_flight.remove(&id) else { return };
        let Counted { statements, mut ends, asking } = *counted;
        for (place, index) in asking.into_iter().enumerate() {
            let matched = existing.is_none_or(|existing| existing.get(place).copied().unwrap_or(false));
            ends[index] = StatementEnd::Applied { upserted: false, matched };
        }
        self.end_statements(statements, ends);
    }

    /// A fence's write was acknowledged, or failed for good: then the barrier that waits for it fails, too.
    pub fn end_fence(&mut self, id: CommandId, end: Result<(), T::Error>) {
        let Some(InFlight::Fence { session, barrier }) = self.in_flight.remove(&id) else { return };
        self.fences.give_back(session);
        match end {
            Ok(()) => self.fences.acknowledged(session),
            Err(error) => {
                self.settled
                    .extend(self.barriers.take_waiting_one(barrier).map(|ticket| (ticket, Err(error))));
                self.release_held();
            }
        }
    }

    /// A barrier's command has ended. Its outcome is the transport's to deliver.
    pub fn end_barrier(&mut self, id: CommandId) {
        let Some(InFlight::Barrier { sequence }) = self.in_flight.remove(&id) else { return };
        self.barriers.finish(sequence);
        self.release_held();
    }

    fn return_session(&mut self, write: &WriteInFlight<T>, end: &WriteEnd<T::Error>, replaced: bool) {
        let Some(session) = write.session else { return };
        self.fences.give_back(session);
        if replaced {
            self.fences.acknowledged(session);
        }
        match end {
            // What has the same number fences nothing off, such as the other half of a write that was split.
            WriteEnd::Reply(_) if write.part.is_none() => self.fences.acknowledged(session),
            WriteEnd::Failed { fate: Fate::Unanswered, .. } => {
                let keys = write.statements.iter().map(|(statement, _)| statement.key.clone());
                self.fences.unanswered(session, keys);
            }
            WriteEnd::Reply(_) | WriteEnd::Rejected { .. } | WriteEnd::Failed { .. } => {}
        }
    }

    /// The culprit of a rejected command is found by halves. They keep the session, its number and the statements'
    /// numbers, so that to the server they stay the same write.
    fn split(&mut self, write: WriteInFlight<T>, txn_number: Option<i64>) {
        let WriteInFlight { kind, mut statements, session, part, .. } = write;
        let mut ids = part.map_or_else(
            || (0..i32::try_from(statements.len()).unwrap_or(i32::MAX)).collect(),
            |part| part.statement_ids,
        );
        let middle = statements.len() / 2;
        let later = (statements.split_off(middle), ids.split_off(middle));
        for (statements, statement_ids) in [(statements, ids), later] {
            let part = txn_number.map(|txn_number| Part { txn_number, statement_ids });
            self.resumed.push_back(Resumed::Write { kind, statements, session, part });
        }
    }

    /// Where members have not confirmed a write as asked for, nobody knows whether it will last.
    ///
    /// The reply counts matches in sum. All or none of the touches: then that decides; else the rows are looked up.
    fn end_replied(&mut self, write: WriteInFlight<T>, reply: WriteReply<T::Error>, clean: bool) {
        let WriteReply { n, upserted, errors, missed, write_concern_error } = reply;
        let WriteInFlight { kind, statements, .. } = write;
        // A sum does not say whose row it was. A layout that asks does not group destroys.
        let matched = n.is_none_or(|n| kind == WriteKind::Update || n > 0);
        let is_confirmed = write_concern_error.is_none();
        let applied = StatementEnd::Applied { upserted: false, matched };
        let mut ends = vec![write_concern_error.map_or(applied, StatementEnd::Unknown); statements.len()];
        let mut note = |index: usize, end| ends.get_mut(index).map(|place| *place = end);
        for index in upserted.iter().filter(|_| is_confirmed) {
            note(*index, StatementEnd::Applied { upserted: true, matched });
        }
        for (index, error) in errors {
            note(index, StatementEnd::NotApplied(error));
        }
        for index in missed {
            note(index, StatementEnd::Missed { resent: !clean });
        }
        let is_applied = |ends: &[StatementEnd<T::Error>], index: usize| {
            matches!(ends[index], StatementEnd::Applied { .. })
        };
        let (sets, touches): (Vec<usize>, Vec<usize>) = (0..statements.len())
            .filter(|index| is_applied(&ends, *index))
            .partition(|index| statements[*index].0.upserts());
        // An insert that matched has found a row.
        for (index, (statement, _)) in statements.iter().enumerate() {
            if statement.inserts_only() && !upserted.contains(&index) && is_applied(&ends, index) {
                ends[index] = StatementEnd::Missed { resent: !clean };
            }
        }
        if let Some(n) = n.filter(|_| kind == WriteKind::Delete) {
            count_conditional(n, &statements, &mut ends);
        }
        let Some(n) = n.filter(|_| kind == WriteKind::Update && is_confirmed) else {
            return self.end_statements(statements, ends);
        };
        let matches = usize::try_from(n).unwrap_or(usize::MAX).saturating_sub(sets.len());
        if matches >= touches.len() {
            self.end_statements(statements, ends);
        } else if matches == 0 {
            for index in touches {
                ends[index] = StatementEnd::Applied { upserted: false, matched: false };
            }
            self.end_statements(statements, ends);
        } else {
            let counted = Counted { statements, ends, asking: touches };
            self.resumed.push_back(Resumed::FindExisting(Box::new(counted)));
        }
    }

    pub(super) fn end_statements_alike(
        &mut self,
        statements: Vec<(Statement<T>, Vec<Member<T>>)>,
        end: &StatementEnd<T::Error>,
    ) {
        let ends = vec![end.clone(); statements.len()];
        self.end_statements(statements, ends);
    }

    fn end_statements(
        &mut self,
        statements: Vec<(Statement<T>, Vec<Member<T>>)>,
        ends: Vec<StatementEnd<T::Error>>,
    ) {
        let mut left = Vec::new();
        let mut missed = Vec::new();
        for ((statement, members), end) in statements.into_iter().zip(ends) {
            if let StatementEnd::Missed { resent } = end {
                let operations = members.into_iter().map(|member| member.operation);
                missed.extend(operations.filter_map(|set| self.miss(&statement.key, set, resent, &mut left)));
                continue;
            }
            let ended: Vec<_> =
                members.iter().map(|member| (member.operation.is_get(), member.operation.epoch)).collect();
            let must_query = settle_members(&statement, members, &end, &mut self.settled);
            let queries = !must_query.is_empty();
            left.extend(
                ended.into_iter().filter(|(is_get, _)| !(*is_get && queries)).map(|(_, epoch)| epoch),
            );
            let decided =
                self.keys.change(&statement.key, |queue| queue.end_write(&end, must_query, &mut left));
            for (get, row) in decided.unwrap_or_default() {
                left.push(get.epoch);
                self.settled.push((get.ticket, row.map(Outcome::Row)));
            }
        }
        self.leave(left);
        if !missed.is_empty() {
            self.resumed.push_back(Resumed::FindCurrent(missed));
        }
    }
}

/// Of a delete's sum, conditional destroys take as much as there are of them: the sum of theirs is asked for, and of the
/// others nobody asks.
fn count_conditional<T: Transport>(
    n: u64,
    statements: &[(Statement<T>, Vec<Member<T>>)],
    ends: &mut [StatementEnd<T::Error>],
) {
    let mut left = n;
    for ((statement, _), end) in statements.iter().zip(ends) {
        if let (Some(_), StatementEnd::Applied { matched, .. }) = (&statement.expected, end) {
            *matched = left > 0;
            left = left.saturating_sub(1);
        }
    }
}

fn one_by_one<T: Transport>(lookups: Vec<Lookup<T>>) -> Vec<Vec<Lookup<T>>> {
    lookups.into_iter().map(|lookup| vec![lookup]).collect()
}

fn halves<T: Transport>(mut lookups: Vec<Lookup<T>>) -> Vec<Vec<Lookup<T>>> {
    let later = lookups.split_off(lookups.len() / 2);
    vec![lookups, later]
}
