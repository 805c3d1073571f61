/**
 * Moves the sessions of session-mongoose, or of connect-mongodb-session, into connect-mongo's layout, and copies those of
 * connect-redis, which Redis keeps until they expire there. May be interrupted and started again. Needs the package
 * mongodb, unless `db` is given; for connect-redis the package redis or ioredis, unless `redis` is given; and with
 * `documents` the package bson. Rejects with
 * a TypeError or RangeError for options that are wrong, and with an Error, before anything is changed, for a collection
 * that is not there and for one that holds other documents.
 */
export function migrate (options: Options): Promise<Summary>

export interface Options {
  /** The package that has written the sessions. Default: 'session-mongoose'. */
  from?: 'session-mongoose' | 'connect-mongodb-session' | 'connect-redis'
  /** Of connect-mongodb-session: its option of this name. Default: '_id'. */
  idField?: string
  /**
   * Of connect-mongodb-session: its option of this name. Default: 'expires'. With another one, and the usual `idField`,
   * `to` must name another collection.
   */
  expiresKey?: string
  /** Of connect-redis: where Redis is, like `redis://localhost:6379`. */
  redisUrl?: string | undefined
  /** In place of `redisUrl`: a connected client of the package redis (4 or later) or ioredis. It stays open. */
  redis?: object | undefined
  /** Of connect-redis: its option of this name, `''` included. Default: 'sess:'. */
  prefix?: string | undefined
  /** A connection string, with the database. */
  url?: string | undefined
  /** In place of `url`: a connected Db of the app's driver. */
  db?: object | undefined
  /** Where the sessions are. Default: where Mongoose keeps `modelName`. Not of connect-redis. */
  collection?: string | undefined
  /** Default: 'Session', in `sessions`. */
  modelName?: string | undefined
  /** Where they go. Default: the same collection; of connect-redis, `sessions`. */
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
   * Rows that stay where they are, all of them (about 200 bytes each). `sid` is a whole session id: do not log it. Those in
   * Redis have no `_id`. In the
   * same collection, the TTL index removes them when their own `expires` has passed, as session-mongoose did.
   */
  left: Array<{ _id: unknown, sid: unknown, reason: string }>
  /** Whether connect-mongo's TTL index is there now. If not, `notes` have the remedy. */
  ttlIndex: boolean
  /** What was found about the collections, for people. */
  notes: string[]
}
