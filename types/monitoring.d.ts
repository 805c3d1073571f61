/** Of which store a message is. */
interface OfStore {
  readonly backend: 'native' | 'driver'
  readonly collection: string
  readonly dialect: 'modern' | 'legacy' | 'session-mongoose'
}

/**
 * What `tracingChannel('connect-mongo-native:operation')` publishes of one call of a store's method. The same object
 * from `start` to `asyncEnd`; what comes of the call is in it from `error` and `asyncStart` on. Neither the session
 * nor its id is in it.
 */
export interface OperationMessage extends OfStore {
  /** The method. */
  readonly operation: 'get' | 'set' | 'touch' | 'destroy' | 'all' | 'ids' | 'length' | 'clear' | 'sweep' | 'ping' |
    'countWhere' | 'idsWhere' | 'entriesWhere' | 'destroyWhere' | 'backfill' | 'stats' | 'close'
  /** Milliseconds from the call to its outcome. */
  readonly duration?: number
  /** `found` and `missing` are of `get`; other methods that succeed are `done`. */
  readonly outcome?: 'found' | 'missing' | 'done' | 'failed'
  /** What it fails with. */
  readonly error?: unknown
}

/** What the channel `connect-mongo-native:command` publishes when a command has ended. */
export interface CommandMessage extends OfStore {
  /** As the server calls it: 'find', 'update', 'delete', 'findAndModify', 'aggregate' or 'ping'. */
  readonly command: string
  /** How many operations it carried; 0: it is the store's own. */
  readonly operations: number
  /** About how large the sessions are that it sent or returned. */
  readonly bytes: number
  /** Milliseconds from when it left to its last reply, repeated attempts included. */
  readonly duration: number
  /** `failed`: as a whole. */
  readonly outcome: 'done' | 'failed'
  readonly error?: Error
}
