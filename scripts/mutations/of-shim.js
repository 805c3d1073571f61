'use strict'

// The behaviours of the shim, lib/, that `npm run mutations` breaks: see index.js.

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
    breaks: 'a conditional set within a lifetime inserts nothing where it expects a row',
    file: 'lib/backends/driver/layouts/lifetime.js',
    replace: ["[IS_INSERTED, null, '$_id']", "[IS_INSERTED, '$_id', '$_id']"],
    test: 'store/max-lifetime.test.js'
  },
  {
    breaks: 'what was sent before is not taken for what the app deleted',
    file: 'lib/conflicts/history.js',
    replace: ['return !this.isNew && this.current !== this.base', 'return false'],
    test: 'conflicts/conflicts.test.js'
  },
  {
    breaks: 'what is gone stays gone',
    file: 'lib/conflicts/save.js',
    replace: ['if (!this.#history.isNew) {', 'if (false) {'],
    test: 'conflicts/conflicts.test.js'
  },
  {
    breaks: 'a session that expires during a request is gone for its touch, too',
    file: 'lib/conflicts/conditional-backend.js',
    replace: ['if (!history?.mayHaveExpired) return', 'if (true) return'],
    test: 'conflicts/late-saves.test.js'
  },
  {
    breaks: 'an object knows what a save of unknown outcome has stored',
    file: 'lib/conflicts/save.js',
    replace: ['if (own !== undefined) {', 'if (false) {'],
    test: 'conflicts/late-saves.test.js'
  },
  {
    breaks: 'what only they changed is kept',
    file: 'lib/conflicts/merge.js',
    replace: ['if (isSame(base, ours)) return theirs', 'if (isSame(base, ours)) return ours'],
    test: 'conflicts/merge.test.js'
  },
  {
    breaks: 'fields follow the merged session',
    file: 'lib/conflicts/save.js',
    replace: ['fields.of(prepared)', 'fields.of(this.#prepared)'],
    test: 'store/fields.test.js'
  },
  {
    breaks: 'a collection that is dropped gets its indexes again, on borrowed connections too',
    file: 'lib/backends/driver/commands.js',
    replace: ['if (reply.upserted.length > 0 || this.isUnacknowledged) this.#rowsMade.raise()', ''],
    test: 'backends/dropped-collection.test.js'
  },
  {
    breaks: 'a write that the driver has sent twice is unknown',
    file: 'lib/backends/driver/errors.js',
    replace: [' && !RETRYABLE.has(error.code)\n  return', '\n  return'],
    test: 'backends/attempts.test.js'
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
    breaks: 'a conditional set finds nothing past the end of the lifetime',
    file: 'lib/backends/driver/layouts/connect-mongo.js',
    replace: ['if (this.#maxLifetimeMS === null) return live', 'if (true) return live'],
    test: 'store/max-lifetime.test.js'
  },
  {
    breaks: 'no store works on a collection that takes two ids for one',
    file: 'lib/backends/driver/index.js',
    replace: ['if (fault !== undefined) return', 'if (fault === null) return'],
    test: 'backends/collation.test.js'
  }
]
