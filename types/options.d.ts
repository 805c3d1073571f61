import { CryptoAdapter, CryptoEncoding, CryptoOptions, Secret } from './crypto'
import { Data } from './express-session'

/**
 * Options of `MongoStore.create()`, with the meaning that they have in connect-mongo 6.0. Names that it
 * does not know are ignored, with one process warning. Values of a wrong type throw a `TypeError`, numbers
 * out of range a `RangeError`.
 */
export interface ConnectMongoOptions<T extends Data = Data> extends CommonOptions<T> {
  /**
   * A connection string: `mongodb://…` or `mongodb+srv://…`. The default database is `test`, as in mongodb
   * 4+.
   */
  mongoUrl?: string | undefined
  /**
   * The app's own client, open or not, which the store works on in place of a connection of its own. The
   * sessions are in its default database, or in `dbName`; a client from the `getClient()` of a Mongoose
   * connection means the database of that connection.
   */
  client?: ClientLike | undefined
  /** The promise of one. Comes before `client`; `mongoUrl` comes before both. */
  clientPromise?: PromiseLike<ClientLike> | undefined
  /** The same as `mongoUrl`, if none of the others is given. */
  url?: string | undefined
  /** Default: 'sessions'. */
  collectionName?: string | undefined
  /**
   * Seconds that a session lives whose cookie does not expire. Default: 14 days. 0 means not at all. A function
   * returns them for a session; what it throws fails the operation.
   */
  ttl?: number | ((session: T, sid: string) => number) | undefined
  /**
   * How expired sessions are removed. `native` (default): by MongoDB, with a TTL index on `expires` that
   * the store makes at its start, and again if the collection is dropped. `interval`: by the store, every `autoRemoveInterval`. `disabled`: by
   * someone else.
   */
  autoRemove?: AutoRemove | undefined
  /** Keep `createdAt` and `updatedAt` in the stored documents. Default: false. */
  timestamps?: boolean | undefined

  /**
   * Encrypt the sessions. Default: they are not; `{ secret: false }` says so, too. Rows of every
   * connect-mongo since 3.0 are read, if the secret and algorithms are the same. Rows that hold a document
   * are read as they are; rows that hold a string must be encrypted. Sessions are JSON inside, also with
   * `stringify: false`.
   */
  crypto?: CryptoOptions | undefined
  /** Encrypt the sessions in this way. Not together with `crypto`. */
  cryptoAdapter?: CryptoAdapter | null | undefined
}

/**
 * Options of `new (MongoStore(session))()`, with the meaning that they have in connect-mongo 3.2. Of those
 * that it had, a value of 0, '', false or null means the default.
 */
export interface LegacyOptions<T extends Data = Data> extends CommonOptions<T> {
  /**
   * A connection string: `mongodb://…` or `mongodb+srv://…`. The default database is `test`, and a single
   * host is connected to directly, as in mongodb 3.7. Without a database, here and in `dbName`, there is one
   * process warning, since connect-mongo up to 2.x used `admin`.
   */
  url?: string | undefined
  /**
   * A Mongoose connection, or Mongoose itself, which the store works on in place of a connection of its own.
   * It may be open, opening or opened later. Of several ways to connect, the store takes the first of: `url`,
   * `mongooseConnection`, `db`, `client`, `clientPromise`, `dbPromise`, the names of 0.x.
   */
  mongooseConnection?: MongooseLike | undefined
  /** The name of `mongooseConnection` in connect-mongo 0.x. */
  mongoose_connection?: MongooseLike | undefined
  /**
   * A Db of the Node.js driver; the store opens it if it is not open. A string is the database's name, in
   * the way of connect-mongo 0.x, with `host`, `port`, `username` and `password`.
   */
  db?: DbLike | string | undefined
  /** The promise of a Db. */
  dbPromise?: PromiseLike<DbLike | ClientLike> | undefined
  /** A MongoClient. */
  client?: ClientLike | undefined
  /** The promise of a MongoClient. */
  clientPromise?: PromiseLike<ClientLike> | undefined
  /** With `db` as a string. Default: '127.0.0.1'. */
  host?: string | undefined
  /** With `db` as a string. Default: 27017. */
  port?: number | string | undefined
  /** With `db` as a string. */
  username?: string | undefined
  /** With `db` as a string. */
  password?: string | undefined
  /** Default: 'sessions'. */
  collection?: string | undefined
  /**
   * Seconds that a session lives whose cookie does not expire. Default: 14 days. A function returns them for a
   * session; what it throws fails the operation.
   */
  ttl?: number | ((session: T, sid: string) => number) | undefined
  /**
   * How expired sessions are removed. `native` (default): by MongoDB, with a TTL index on `expires` that
   * the store makes at its start, and again if the collection is dropped. `interval`: by the store, every `autoRemoveInterval`. `disabled`: by
   * someone else, as with any other text.
   */
  autoRemove?: AutoRemove | (string & {}) | undefined
  /** The name of `ttl` up to connect-mongo 0.8, in milliseconds. */
  defaultExpirationTime?: number | undefined
  /**
   * Make a MemoryStore of the module passed, such as express-session's, in place of a MongoDB store.
   * Default: false.
   */
  fallbackMemory?: boolean | undefined

  /**
   * Encrypt the sessions, in the way of connect-mongo 3.x, family K0. Default: they are not. Rows of every
   * later connect-mongo are read too, if the secret and algorithms are the same. With a list of secrets the
   * first writes, all read. Sessions are JSON inside, also with `stringify: false`. The hooks `serialize`
   * and `unserialize` are called with the encrypted text, and `unserialize` with the session's JSON, too.
   */
  secret?: Secret | readonly Secret[] | undefined
  /** Of `secret`: a gcm cipher of OpenSSL's. Default: 'aes-256-gcm'. */
  algorithm?: string | undefined
  /** Of `secret`: a hash of OpenSSL's. Default: 'sha512'. */
  hashing?: string | undefined
  /** Of `secret`. Default: 'hex'. */
  encodeas?: CryptoEncoding | undefined
  /** Of `secret`, characters, as many as the algorithm's key has bytes. Default: 32. */
  key_size?: number | undefined
  /** Of `secret`, bytes. Default: 16. */
  iv_size?: number | undefined
  /** Of `secret`, bytes. Default: 16. */
  at_size?: number | undefined
}

/**
 * The names that `@types/connect-mongo` has for the options of connect-mongo up to 3.x, and options that these
 * ignored.
 */
export interface DefaultOptions extends LegacyOptions {
  /** @deprecated Ignored. Belongs into `mongoOptions`. */
  autoReconnect?: boolean | undefined
  /** @deprecated Ignored. Belongs into `mongoOptions`. */
  ssl?: boolean | undefined
  /** @deprecated Ignored. Belongs into `writeOperationOptions`. */
  w?: number | undefined
  /** @deprecated Ignored since connect-mongo 1.0. */
  hash?: boolean | undefined
}

/** The name in `@types/connect-mongo`. */
export interface MongoUrlOptions extends DefaultOptions {
  url: string
}

/** The name in `@types/connect-mongo`. */
export interface MongooseConnectionOptions extends DefaultOptions {
  mongooseConnection: MongooseLike
}

/** The name in `@types/connect-mongo`. */
export interface NativeMongoOptions extends DefaultOptions {
  db: DbLike
}

/** The name in `@types/connect-mongo`. */
export interface NativeMongoPromiseOptions extends DefaultOptions {
  dbPromise: PromiseLike<DbLike | ClientLike>
}

export interface CommonOptions<T extends Data = Data> {
  /** Options of the Node.js driver's MongoClient, of any of its versions. */
  mongoOptions?: object | undefined
  /** The database, in place of the connection string's. */
  dbName?: string | undefined

  /** Minutes, or fractions of them, between two removals in mode `interval`. Default: 10. At most 71582. */
  autoRemoveInterval?: number | undefined
  /**
   * Seconds during which a session that is only read is not touched again. Default: 0, which touches it on
   * each request. Must be less than the cookie's `maxAge`, lest active sessions expire. Sessions that `get`
   * returns have the Date of the last write as `lastModified`, a name that an app should not use for data
   * of its own then.
   */
  touchAfter?: number | undefined

  /**
   * Store sessions as JSON strings (default: true), or as documents, in which dates, ObjectIds and buffers
   * stay what they are. Documents need the package `bson`, which mongodb and mongoose bring. Rows of either
   * form are always read.
   */
  stringify?: boolean | undefined
  /**
   * Makes what is stored of a session: a string, or anything that MongoDB can store. Comes before
   * `stringify`. Without `unserialize`, `get` returns what is stored.
   */
  serialize?: ((session: T) => unknown) | undefined
  /**
   * Makes a session of what is stored. Comes before `stringify`. Without `serialize`, sessions are stored
   * as documents.
   */
  unserialize?: ((stored: any) => T) | undefined
  /** Makes the `_id` under which a session is stored of its id. */
  transformId?: ((sid: string) => StorableId) | undefined

  /** The write concern of `set`, `touch`, `destroy` and `clear`, in place of the connection string's. */
  writeOperationOptions?: WriteOperationOptions | undefined

  /**
   * Who talks to MongoDB. `native`, the default with a URL: the Rust core. `driver`, and the only one with a
   * connection of the app's: the Node.js driver. With a URL it takes the package `mongodb`, and is the way
   * out where the core cannot connect, such as to servers before 4.4.
   */
  backend?: 'native' | 'driver' | undefined
  /**
   * Milliseconds after which an operation fails, queueing included. Default: the smaller one of
   * `socketTimeoutMS` and `timeoutMS` of the URL or your client; else 30 s, or `serverSelectionTimeoutMS` if
   * longer.
   */
  operationTimeoutMS?: number | undefined
  /**
   * Operations that may wait or run at a time; one more fails at once. Default: 100,000. Past 64 MiB of
   * sessions in the process, a `set` waits for room, in its place and within its deadline.
   */
  maxQueue?: number | undefined
  /**
   * What becomes of a session that cannot be read: it is no JSON and no object, `unserialize` throws, or it cannot be
   * decrypted, since it was changed, or encrypted with a secret that is not among those given, or not encrypted at
   * all. `error` (default): its `get` fails with the reason, of an encrypted one with the code
   * 'ERR_SESSION_UNDECRYPTABLE'. `ignore`: it passes for missing, so that its visitor starts anew. `destroy`: so it
   * does, and `get` removes it, unless it has changed meanwhile. What lists sessions leaves it out, with one process
   * warning, and removes nothing.
   */
  onUnreadable?: 'error' | 'ignore' | 'destroy' | undefined
  /** The older name of `onUnreadable`. */
  onUndecryptable?: 'error' | 'ignore' | 'destroy' | undefined
  /**
   * What the store does while no server that takes writes is known. `error` (default): operations wait, and fail when
   * their time is up. `skip`: once that has lasted for `outageAfterMS`, the store emits 'disconnect', by which
   * express-session and Connect serve requests without `req.session`, and 'connect' when there is a server again; and
   * operations wait no longer than that time.
   */
  onOutage?: 'error' | 'skip' | undefined
  /** Milliseconds, with `onOutage: 'skip'`. Default: 5000. */
  outageAfterMS?: number | undefined
  /** Whether a touch moves the expiration (default: true). With false only a save does. */
  touch?: boolean | undefined
  /**
   * Seconds, above 0, after its creation at which a session expires at the latest, however often it is saved
   * and touched. By the server's clock, from the row's `createdAt`, which the store writes once. Default: none.
   * Needs MongoDB 4.2. See docs/expiry.md.
   */
  maxLifetime?: number | undefined
  /**
   * What a save does that finds its session changed since it was loaded. `overwrite` (default): replaces it, as
   * in every connect-mongo. `merge`: stores what both changed. `reject`: fails with a SessionConflictError. A
   * function gets copies of the session that was loaded, the one that is stored and the one that is saved, and
   * returns the one to store; it may be called again. With all but `overwrite`, a session that is gone stays
   * gone, and the store emits 'gone' with its id. Not with `w: 0`. See docs/conflicts.md.
   */
  conflicts?: 'overwrite' | 'merge' | 'reject' | ((base: T, theirs: T, ours: T, sid: string) => T) | undefined
  /**
   * What is stored beside each session in clear text, with an index for each, to find sessions by: functions of
   * the session as `get` returns it, by name. Each returns a string, number, bigint, boolean, Date, ObjectId or
   * Buffer of at most 1,024 bytes, or null or undefined for none; anything else, and what it throws, fails the
   * save. Default: none. See docs/finding-sessions.md.
   */
  fields?: Record<string, (session: T) => FieldValue | null | undefined> | undefined
}

/** A MongoClient of any version of the package `mongodb`. */
export interface ClientLike {
  db (...args: any[]): any
}

/** A Db of any version of the package `mongodb`. */
export interface DbLike {
  collection (...args: any[]): any
}

/** A connection of any version of Mongoose, or Mongoose itself. */
export type MongooseLike = { readonly readyState: number } | { readonly connection: { readonly readyState: number } }

export type AutoRemove = 'native' | 'interval' | 'disabled'

export interface WriteOperationOptions {
  w?: number | string | undefined
  j?: boolean | undefined
  journal?: boolean | undefined
  wtimeout?: number | undefined
  /** Milliseconds. */
  wtimeoutMS?: number | undefined
}

/** What a session can be found by. */
export type FieldValue = string | number | bigint | boolean | Date | Uint8Array | { toHexString (): string } |
  { readonly _bsontype: 'Binary' }

/** What a session can be stored under. Matched by equality only. */
export type StorableId = string | number | bigint | Date | Uint8Array | { toHexString (): string }
