'use strict'

// The behaviours of the core, src/, that `npm run mutations` breaks: see index.js.

module.exports = [
  {
    breaks: 'only a row that is still expired is claimed, by URL',
    file: 'src/command/collection.rs',
    replace: ['command.splice(&self.layout.expired(now));', 'let _ = now;'],
    test: 'store/expire.test.js'
  },
  {
    breaks: 'a row that has expired is not found',
    file: 'src/session/dates.rs',
    replace: ['Self::At(millis) => millis > latest_expired', 'Self::At(_) => latest_expired > 0'],
    test: 'store/ttl.test.js'
  },
  {
    breaks: 'a touch shows no expiration past the end of the lifetime',
    file: 'src/session/row.rs',
    replace: ['.map_or(self.expiry, Expiry::At).by(self.ends)', '.map_or(self.expiry, Expiry::At)'],
    test: 'store/max-lifetime.test.js'
  },
  {
    breaks: 'a get behind a set learns from the server when the session expires',
    file: 'src/command/layout/mod.rs',
    replace: ['max_lifetime_millis: Some(_), .. }))', 'max_lifetime_millis: Some(0), .. }))'],
    test: 'store/max-lifetime.test.js'
  },
  {
    breaks: 'operations that wait leave together',
    file: 'src/schedule/scheduler.rs',
    replace: ['pub const MAX_LOOKUPS: usize = 256', 'pub const MAX_LOOKUPS: usize = 1'],
    test: 'backends/grouping.test.js'
  },
  {
    breaks: 'a conditional set folds with nothing',
    file: 'src/schedule/key_queue.rs',
    replace: ['            && statement.expected.is_none()\n', ''],
    crate: 'pure-rooms'
  },
  {
    breaks: 'a conditional set that missed keeps its id busy until it is stored',
    file: 'src/schedule/key_queue.rs',
    replace: ['operation.action = Action::Unfilled;\n        self.put_back', 'operation.action = Action::Get { latest_expired: 0 };\n        self.put_back'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'an id is in one write at a time',
    file: 'src/schedule/key_queue.rs',
    replace: ['let may = self.writing.is_none() && !self.unsettled && ', 'let may = !self.unsettled && '],
    crate: 'pure-rooms'
  },
  {
    breaks: 'a fold ends at a barrier',
    file: 'src/schedule/key_queue.rs',
    replace: ['first.operation.epoch == operation.epoch', 'first.operation.epoch <= operation.epoch'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'a get behind a set that nobody knows the outcome of fails with it',
    file: 'src/schedule/key_queue.rs',
    replace: ['StatementEnd::Unknown(error) if !writing.only_touches', 'StatementEnd::Unknown(error) if false && !writing.only_touches'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'the ids of a write that was given up without an answer take no other write',
    file: 'src/schedule/key_queue.rs',
    replace: ['self.unsettled = true;', 'self.unsettled = false;'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'the next write of an id fences off one that was never answered',
    file: 'src/schedule/fence.rs',
    replace: ['self.unsettled.extend(keys.map(|key| (key, session)));', 'let _ = keys.map(|key| (key, session)).count();'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'the next write of an id fences off one that was never answered',
    file: 'src/schedule/fence.rs',
    replace: ['self.unsettled.extend(keys.map(|key| (key, session)));', 'let _ = (session, keys.count());'],
    test: 'faults/short.test.js'
  },
  {
    breaks: 'a write is tried again with the number that it had',
    file: 'src/mongo/retry.rs',
    replace: [
      'server_error::is_retryable(&error) && !self.is_over() {\n            writing.last_error',
      'server_error::is_retryable(&error) && !self.is_over() {\n' +
        '            writing.numbered.iter_mut().for_each(|part| part.txn_number = next_txn_number());\n' +
        '            writing.body = encode(writing.numbered.as_ref());\n            writing.last_error'
    ],
    test: 'faults/short.test.js'
  },
  {
    breaks: 'the server session of a write that was never answered is kept for the next one',
    file: 'src/store/engine.rs',
    replace: ['work.sessions.put_back(number, session);', 'drop((number, session));'],
    test: 'backends/retries.test.js'
  },
  {
    breaks: 'the ids of a split write stay busy',
    file: 'src/schedule/completions.rs',
    replace: ['let middle = statements.len() / 2;', `let middle = statements.len() / 2;
        for (statement, _) in &statements {
            let end = StatementEnd::Applied { upserted: false, matched: true };
            self.keys.change(&statement.key, |queue| queue.end_write(&end, Vec::new(), &mut Vec::new()));
        }`],
    crate: 'pure-rooms'
  },
  {
    breaks: "'missing' is concluded from a completed find alone",
    file: 'src/schedule/completions.rs',
    replace: ['FindEnd::Incomplete(_) if grouped', 'FindEnd::Incomplete(Some(_)) if grouped'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'what a `clear` has held goes when it has ended',
    file: 'src/schedule/completions.rs',
    replace: ['self.barriers.finish(sequence);\n        self.release_held();', 'self.barriers.finish(sequence);'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'what is called while a `clear` runs happens after it',
    file: 'src/schedule/barrier.rs',
    replace: ['self.waiting.iter().any(holds) || self.running.iter().any(holds)', 'self.waiting.iter().any(holds)'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'what is called after a destroyWhere waits until its ids are known',
    file: 'src/schedule/barrier.rs',
    replace: ['matches!(self, Self::Clear | Self::FindToDestroy)', 'matches!(self, Self::Clear)'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'each delete of a destroyWhere repeats its filter',
    file: 'src/schedule/key_queue.rs',
    replace: ['expected = Some(condition.clone())', 'expected = None; drop(condition.clone())'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'a barrier waits for what was called before it',
    file: 'src/schedule/barrier.rs',
    replace: ['barrier.after < first && may(barrier.kind)', 'barrier.after <= first && may(barrier.kind)'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'a `clear` waits for writes that were given up without an answer',
    file: 'src/schedule/departures.rs',
    replace: ['self.fences.is_settled() && self.unsettled.is_empty()', 'self.fences.is_settled()'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'a large value travels alone',
    file: 'src/schedule/departures.rs',
    replace: ['(false, true) => false', '(false, true) => true'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'commands of both kinds share the pool',
    file: 'src/schedule/window.rs',
    replace: ['window.min(pool)', 'window.max(pool.min(0))'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'the shortest command tells the distance',
    file: 'src/schedule/window.rs',
    replace: ['|shortest| shortest.min(time)', '|shortest| shortest.max(time)'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'room for payloads is granted in the order of requests',
    file: 'src/schedule/budget.rs',
    replace: ['payload.waiting.pop_front()', 'payload.waiting.pop_back()'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'an insert that the server refuses has not missed',
    file: 'src/schedule/completions.rs',
    replace: [' && is_applied(&ends, index) {', ' {'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'a fence that fails fails the clear that asked for it and no other',
    file: 'src/schedule/barrier.rs',
    replace: ['position(|barrier| barrier.sequence == sequence)?;\n        let barrier = self.waiting.remove(index)?;', 'position(|barrier| barrier.sequence >= sequence)?;\n        let barrier = self.waiting.remove(index)?;'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'the other half of a write that was split fences nothing off',
    file: 'src/schedule/completions.rs',
    replace: ['WriteEnd::Reply(_) if write.part.is_none() =>', 'WriteEnd::Reply(_) if write.part.is_none() || true =>'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'a session of a client that has gone is not used',
    file: 'src/mongo/server_session.rs',
    replace: ['self.client != servers.number || ', 'self.client == u64::MAX || servers.number == u64::MAX || '],
    test: 'backends/replaced-client.test.js'
  },
  {
    breaks: 'an operation has one outcome, whoever races for it',
    file: 'src/store/claim.rs',
    replace: [
      'self.0.fetch_or(SETTLED, Ordering::AcqRel) & SETTLED == 0',
      '!self.is_settled() && { self.0.fetch_or(SETTLED, Ordering::AcqRel); true }'
    ],
    crate: 'threads'
  },
  {
    breaks: 'what was settled unsent is never sent',
    file: 'src/store/claim.rs',
    replace: [
      'self.0.compare_exchange(0, SETTLED, Ordering::AcqRel, Ordering::Acquire).is_ok()',
      '!self.is_sent() && self.settle()'
    ],
    crate: 'threads'
  },
  {
    breaks: 'what settles while the environment ends is released',
    file: 'src/node/mailbox.rs',
    replace: ['if self.closed.load(Ordering::Relaxed) {', 'if false {'],
    crate: 'threads'
  },
  {
    breaks: 'a completion wakes the JavaScript thread',
    file: 'src/node/mailbox.rs',
    replace: [
      'self.unschedule();\n        let mut items = self.items();\n        if items.len() <= max {\n' +
        '            return (std::mem::take(&mut items), false);',
      'let mut items = self.items();\n        if items.len() <= max {\n            let all = std::mem::take(&mut *items);\n' +
        '            drop(items);\n            self.unschedule();\n            return (all, false);'
    ],
    crate: 'threads'
  },
  {
    breaks: 'who gives a turn up is asked no more',
    file: 'src/schedule/budget.rs',
    replace: ['payload.waiting.retain(|waiting| !Arc::ptr_eq(waiting, request));', 'let _ = request;'],
    crate: 'threads'
  },
  {
    breaks: 'two locks are taken in one order',
    file: 'src/schedule/budget.rs',
    replace: [
      'granted.push(next);',
      'let on_granted = next.on_granted.lock().unwrap_or_else(PoisonError::into_inner).take();\n' +
        '                on_granted.into_iter().for_each(|on_granted| on_granted());\n                granted.push(next);'
    ],
    crate: 'threads'
  },
  {
    breaks: 'failures that may mend are tried again until the deadline',
    file: 'src/mongo/retry.rs',
    replace: ['if is_numbered && server_error::is_retryable(&error)', 'if false && server_error::is_retryable(&error)'],
    test: 'backends/retries.test.js'
  },
  {
    breaks: 'operations settle by their deadlines',
    file: 'src/store/watchlist.rs',
    replace: ['unselected || now >= ticket.deadline) {', 'unselected) {'],
    test: 'backends/failover.test.js'
  },
  {
    breaks: 'duplicate-key messages quote no id',
    file: 'src/command/reply.rs',
    replace: ['QUOTATIONS.iter()', 'QUOTATIONS[4..].iter()'],
    crate: 'pure-rooms'
  },
  {
    breaks: 'a collection that is dropped gets its indexes again',
    file: 'src/store/engine.rs',
    replace: ['self.made_rows.notify_one();', ''],
    test: 'backends/dropped-collection.test.js'
  },
  {
    breaks: 'statements that a new attempt may mend are sent again',
    file: 'src/command/reply.rs',
    replace: ['|code| RETRYABLE.contains(&code)', '|code| false && RETRYABLE.contains(&code)'],
    test: 'backends/attempts.test.js'
  },
  {
    breaks: 'a TTL index that is there already is accepted, whatever its name',
    file: 'src/mongo/indexes.rs',
    replace: ['.any(|one| index.is_served_by(one))', '.any(|one| false && index.is_served_by(one))'],
    test: 'backends/index-trouble.test.js'
  },
  {
    breaks: "session-mongoose's destroy says how many rows were removed, to each caller",
    file: 'src/command/layout/mod.rs',
    replace: ['matches!(self, Self::ConnectMongo(_))\n', 'matches!(self, Self::ConnectMongo(_) | Self::SessionMongoose(_))\n'],
    test: 'dialects/session-mongoose.test.js'
  }
]
