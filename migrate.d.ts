/**
 * Moves the sessions of session-mongoose, or of connect-mongodb-session, into connect-mongo's layout. May be interrupted
 * and started again. Needs the package mongodb, unless `db` is given, and with `documents` the package bson. Rejects with
 * a TypeError or RangeError for options that are wrong, and with an Error, before anything is changed, for a collection
 * that is not there and for one that holds other documents.
 */
export function migrate (options: Options): Promise<Summary>

export interface Options {
  /** The package that has written the sessions. Default: 'session-mongoose'. */
  from?: 'session-mongoose' | 'connect-mongodb-session'
  /** Of connect-mongodb-session: its option of this name. Default: '_id'. */
  idField?: string
  /**
   * Of connect-mongodb-session: its option of this name. Default: 'expires'. With another one, and the usual `idField`,
   * `to` must name another collection.
   */
  expiresKey?: string
  /** A connection string, with the database. */
  url?: string | undefined
  /** In place of `url`: a connected Db of the app's driver. */
  db?: object | undefined
  /** Where the sessions are. Default: where Mongoose keeps `modelName`. */
  collection?: string | undefined
  /** Default: 'Session', in `sessions`. */
  modelName?: string | undefined
  /** Where they go. Default: the same collection. */
  to?: string | undefined
  /** Seconds, 1 or more, that sessions without an expiration get. By default they have none afterwards either. */
  ttl?: number | undefined
  /** Store sessions as documents (`stringify: false`) in place of JSON strings. */
  documents?: boolean | undefined
  /** Say what would happen, and change nothing. */
  dryRun?: boolean | undefined
  /** Called after each batch, with rows. */
  onProgress?: ((progress: { done: number, total: number }) => void) | undefined
}

export interface Summary {
  database: string
  from: string
  to: string
  dryRun: boolean
  /** Rows that were found. */
  total: number
  moved: number
  /** Rows that an interrupted run had written already. */
  alreadyMoved: number
  /**
   * Rows that stay where they are, all of them (about 200 bytes each). `sid` is a whole session id: do not log it. In the
   * same collection, the TTL index removes them when their own `expires` has passed, as session-mongoose did.
   */
  left: Array<{ _id: unknown, sid: unknown, reason: string }>
  /** Whether connect-mongo's TTL index is there now. If not, `notes` have the remedy. */
  ttlIndex: boolean
  /** What was found about the collections, for people. */
  notes: string[]
}
