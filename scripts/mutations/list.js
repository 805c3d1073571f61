'use strict'

// The behaviours that `npm run mutations` breaks. Each mutation replaces one piece of source text, which must
// be there exactly once, and names the tests that must notice: a file of __test__, or a crate of the
// workspace whose tests need no server.

module.exports = [
  {
    breaks: 'sessions live as long as `ttl` says',
    file: 'lib/session/dates.js',
    replace: ['return now + (typeof', 'return now + 1000 || (typeof'],
    test: 'store/ttl.test.js'
  },
  {
    breaks: 'callbacks are never called synchronously, and a throwing one is the app\'s own uncaught exception',
    file: 'lib/dialects/modern.js',
    replace: ['else nextTick(callback, null, value)', 'else callback(null, value)'],
    test: 'store/callbacks.test.js'
  },
  {
    breaks: '`create` comes before `set`',
    file: 'lib/store.js',
    replace: ["this.#announce(result === 'created' ? 'create' : 'update', sid)", 'void result'],
    test: 'store/events.test.js'
  },
  {
    breaks: 'a row that somebody else has claimed is not announced',
    file: 'lib/store/expiry.js',
    replace: ['if (row === null) continue', 'if (row === null) { this.#tell("expire", ""); continue }'],
    test: 'store/expire.test.js'
  },
  {
    breaks: 'only a row that is still expired is claimed',
    file: 'lib/backends/driver/collection-calls.js',
    replace: ['{ _id: row, ...layout.expired(now) }', '{ _id: row }'],
    test: 'store/expire.test.js'
  },
  {
    breaks: 'only a row that is still expired is claimed, by URL',
    file: 'src/command/collection.rs',
    replace: ['command.splice(&self.layout.expired(now));', 'let _ = now;'],
    test: 'store/expire.test.js'
  },
  {
    breaks: 'what was claimed is announced before a close resolves',
    file: 'lib/store/expiry.js',
    replace: ['await Promise.allSettled(this.#sweeps)', 'await undefined'],
    test: 'store/expire.test.js'
  },
  {
    breaks: 'an id is shown by its first six characters',
    file: 'lib/session/ids.js',
    replace: ['slice(0, 6)', 'slice(0, 60)'],
    test: 'store/bad-input.test.js'
  },
  {
    breaks: 'commands are reported with the operations that they carry',
    file: 'lib/backends/driver/scheduler.js',
    replace: ['this.#ids(at), outbox[at + 2])', 'this.#ids(at))'],
    test: 'store/monitoring.test.js'
  },
  {
    breaks: 'an operation that nobody handles is an unhandled rejection, watched or not',
    file: 'lib/support/channels.js',
    replace: ['throw error', 'return undefined'],
    test: 'store/monitoring.test.js'
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
    breaks: 'a conditional set within a lifetime inserts nothing where it expects a row',
    file: 'lib/backends/driver/layouts/lifetime.js',
    replace: ["[IS_INSERTED, null, '$_id']", "[IS_INSERTED, '$_id', '$_id']"],
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
    breaks: 'what was sent before is not taken for what the app deleted',
    file: 'lib/conflicts/save.js',
    replace: ['const isBehind = !isNew && current !== base', 'const isBehind = false'],
    test: 'conflicts/conflicts.test.js'
  },
  {
    breaks: 'what is gone stays gone',
    file: 'lib/conflicts/save.js',
    replace: ['if (!this.#history.isNew) {', 'if (false) {'],
    test: 'conflicts/conflicts.test.js'
  },
  {
    breaks: 'what only they changed is kept',
    file: 'lib/conflicts/merge.js',
    replace: ['if (isSame(base, ours)) return theirs', 'if (isSame(base, ours)) return ours'],
    test: 'conflicts/merge.test.js'
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
    breaks: 'fields follow the merged session',
    file: 'lib/conflicts/save.js',
    replace: ['fields.of(prepared)', 'fields.of(this.#prepared)'],
    test: 'store/fields.test.js'
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
    breaks: 'a collection that is dropped gets its indexes again, on borrowed connections too',
    file: 'lib/backends/driver/commands.js',
    replace: ['if (reply.upserted.length > 0 || this.#unacknowledged) this.#rowsMade.raise()', ''],
    test: 'backends/dropped-collection.test.js'
  },
  {
    breaks: 'statements that a new attempt may mend are sent again',
    file: 'src/command/reply.rs',
    replace: ['|code| RETRYABLE.contains(&code)', '|code| false && RETRYABLE.contains(&code)'],
    test: 'backends/attempts.test.js'
  },
  {
    breaks: 'a write that the driver has sent twice is unknown',
    file: 'lib/backends/driver/errors.js',
    replace: [' && !RETRYABLE.has(error.code)\n  return', '\n  return'],
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
  },
  {
    breaks: 'encryption changes no order',
    file: 'lib/support/delivery-order.js',
    replace: ['    this.#waiting.push(outcome)\n', '    this.#waiting.unshift(outcome)\n'],
    test: 'crypto/order.test.js'
  },
  {
    breaks: 'with ttl, a write takes a date of the other kind away',
    file: 'lib/backends/driver/layouts/session-mongoose.js',
    replace: [', $unset: { expires: true } }', ' }'],
    test: 'dialects/session-mongoose.test.js'
  },
  {
    breaks: 'the migration knows what an interrupted run had written',
    file: 'lib/migrate/convert.js',
    replace: ['if (byTtl) return isDate(stored.expires)', 'if (byTtl) return false'],
    test: 'migrate/migrate.test.js'
  },
  {
    breaks: 'nothing is destroyed without --yes',
    file: 'lib/cli/clear.js',
    replace: ['if (values.yes) await backend.clear()', 'await backend.clear()'],
    test: 'cli/sessions.test.js'
  },
  {
    breaks: 'doctor tells an index that removes sessions late from one that is right',
    file: 'lib/cli/checks/indexes.js',
    replace: ['Number(index.expireAfterSeconds) === 0 && ', ''],
    test: 'cli/doctor-collections.test.js'
  },
  {
    breaks: 'a row that cannot be read is removed only while it holds that',
    file: 'lib/backends/driver/collection-calls.js',
    replace: [', [valueField]: { $eq: value } }', ' }'],
    test: 'store/unreadable-rows.test.js'
  },
  {
    breaks: 'no store works on a collection that takes two ids for one',
    file: 'lib/backends/driver/index.js',
    replace: ['if (fault !== undefined) return', 'if (fault === null) return'],
    test: 'backends/collation.test.js'
  }
]
