import session = require('express-session')
import SessionMongoose = require('./session-mongoose')

/**
 * connect-mongo's store with its I/O in a Rust core, off the event loop.
 *
 * - `MongoStore.create(options)` or `new MongoStore(options)`: the store of connect-mongo 4.x to 6.x.
 * - `MongoStore(session)`, that is `require('connect-mongo-native')(session)`: the store class of
 *   connect-mongo 0.x to 3.x.
 *
 * ```ts
 * app.use(session({
 *   secret: 'foo',
 *   store: MongoStore.create({ mongoUrl: 'mongodb://localhost/test-app' })
 * }))
 * ```
 */
declare const MongoStore: MongoStoreExport

/** A store made by `MongoStore.create()` or `new MongoStore()`. */
interface MongoStore<T extends Data = Data> extends Store<T> {
  /** What encrypts the sessions: the option of this name, or what `crypto` stands for. Else null. */
  readonly cryptoAdapter: MongoStore.CryptoAdapter | null
  /**
   * The collection of the sessions, as the Node.js driver has it: the app's own with `client` or
   * `clientPromise`. By URL it is made when first asked for, which takes the package `mongodb`, and closed with
   * the store. Rejects when an attempt to connect fails, never unhandled; asked again, it tries again.
   */
  readonly collectionP: Promise<any>
  /** The client that `collectionP` is of. */
  readonly clientP: Promise<any>

  /** Passes `null`, and resolves to it, when there is no such session or it has expired. */
  get (sid: string, callback?: Callback<T | null>): Promise<T | null>
  /** Fails with 'Unable to find the session to touch' when it is gone, as connect-mongo does from 4.2. */
  touch (sid: string, session: Touchable<T>, callback?: Callback<void>): Promise<void>
  destroy (sid: string, callback?: Callback<void>): Promise<void>
  clear (callback?: Callback<void>): Promise<void>
}

/** A store made by the class that `require('connect-mongo-native')(session)` returns. */
interface LegacyStore<T extends Data = Data> extends Store<T> {
  /** 'connecting' at first. Each change to one of the two others is an event of the same name. */
  state: 'connecting' | 'connected' | 'disconnected'
  /** Seconds. */
  readonly ttl: number
  readonly collectionName: string
  readonly autoRemove: MongoStore.AutoRemove
  /** Minutes. */
  readonly autoRemoveInterval: number
  readonly writeOperationOptions: MongoStore.WriteOperationOptions
  /** With a connection of the app's and `autoRemove: 'interval'`: the timer of the removals. */
  readonly timer?: ReturnType<typeof setInterval>

  /**
   * The objects of the Node.js driver that the store works on. With a connection of the app's they are its own
   * (`client` is the Mongoose connection, if that is what was given), and undefined until it is open. By URL
   * they are made when first asked for, which takes the package `mongodb`, 2.0.36 or newer, and closed with the
   * store. These may be used at once, and take callbacks as well as promises, whatever the driver's version.
   */
  readonly client: any
  readonly db: any
  readonly collection: any
  /** Resolves to `collection` when there is a connection. */
  collectionReady (): Promise<any>

  /** Passes `undefined`, and resolves to it, when there is no such session or it has expired. */
  get (sid: string, callback?: Callback<T | undefined>): Promise<T | undefined>
  /** Succeeds also when the session is gone, as in connect-mongo up to 3.x. */
  touch (sid: string, session: Touchable<T>, callback?: Callback<void>): Promise<void>
  /** Answers whether anyone listens to 'destroy', as in connect-mongo 1.x to 3.x. */
  destroy (sid: string, callback?: Callback<boolean>): Promise<boolean>
  clear (callback?: Callback<true>): Promise<true>
}

/**
 * What both kinds of store have. Each method takes an optional callback, which is called once and never
 * before the method has returned, and returns a promise.
 *
 * Errors carry the names and codes of the Node.js driver, such as `MongoServerSelectionError` after
 * `serverSelectionTimeoutMS` without a server, `MongoServerError` with a `code`, or `MongoNetworkError`; and
 * besides them `MongoOperationTimeoutError` after `operationTimeoutMS`, whose message says 'not sent', 'no
 * answer' to a read, or 'outcome unknown' of a write; `MongoQueueFullError` past `maxQueue`; and
 * `UndecryptableError` with the code 'ERR_SESSION_UNDECRYPTABLE' for an encrypted session that cannot be read.
 * They contain no password, no secret, no session and no whole session id. Their stack leads to the function that
 * awaits the operation; what an app's own driver has thrown is passed on as it is.
 */
interface Store<T extends Data> extends session.Store {
  /** The options given; in a store of the modern kind a copy, with the defaults filled in. */
  readonly options: object

  /** Stores a session. It expires with its cookie, or after `ttl` if the cookie does not expire. */
  set (sid: string, session: T, callback?: Callback<void>): Promise<void>
  /** The sessions that have not expired. Held in memory all at once. */
  all (callback?: Callback<T[]>): Promise<T[]>
  /**
   * The ids of the sessions that have not expired, as they are stored, that is as `transformId` made them.
   */
  ids (callback?: Callback<MongoStore.StoredId[]>): Promise<MongoStore.StoredId[]>
  /** How many sessions are stored, expired ones that MongoDB has not removed yet included. */
  length (callback?: Callback<number>): Promise<number>
  /** Removes the expired sessions now. Answers how many there were. */
  sweep (callback?: Callback<number>): Promise<number>
  /** Succeeds when the server answers. */
  ping (callback?: Callback<void>): Promise<void>
  /** Figures of this store since it was made. */
  stats (callback?: Callback<MongoStore.Stats>): Promise<MongoStore.Stats>
  /**
   * Refuses new operations, finishes those accepted, then disconnects. May be called again. A connection that
   * the app has handed over is closed too, as connect-mongo does in all its versions.
   */
  close (callback?: Callback<void>): Promise<void>
  [Symbol.asyncDispose] (): Promise<void>

  /**
   * `create` or `update`, then `set`: a session was stored. `destroy`: it was removed, or was not there.
   * `get`: it was asked for (from connect-mongo 4 on: also when there is none). With `conflicts`, `update` and
   * `set` have the session too where it was merged; `gone`: it was to be saved or touched and was not there.
   */
  on (event: 'create' | 'update' | 'set', listener: (sid: string, merged?: T) => void): this
  on (event: 'destroy' | 'get' | 'gone', listener: (sid: string) => void): this
  /** Not emitted for a touch that `touchAfter` spared. */
  on (event: 'touch', listener: (sid: string, session: T) => void): this
  on (event: 'all', listener: (sessions: T[]) => void): this
  /**
   * What no caller is told: the connection, the index or a sweep failed. Emitted only if there is a listener.
   */
  on (event: 'error', listener: (error: Error) => void): this
  /**
   * `connected`: there is a server that takes writes, at first and after each outage. `disconnected`: there is
   * none any more, or the first attempt to connect has failed. Once for each change.
   */
  on (event: 'connected' | 'disconnected', listener: () => void): this
  on (event: string | symbol, listener: (...args: any[]) => void): this
  once (event: 'create' | 'update' | 'set' | 'destroy' | 'get', listener: (sid: string) => void): this
  once (event: 'touch', listener: (sid: string, session: T) => void): this
  once (event: 'all', listener: (sessions: T[]) => void): this
  once (event: 'error', listener: (error: Error) => void): this
  once (event: 'connected' | 'disconnected', listener: () => void): this
  once (event: string | symbol, listener: (...args: any[]) => void): this
}

type Data = session.SessionData

/** `error` is `null` on success. */
type Callback<R> = (error: any, result?: R) => void

/** What `get` returns carries `lastModified` when `touchAfter` is on: that is how `touch` knows. */
type Touchable<T> = T & { lastModified?: Date }

interface MongoStoreExport {
  new <T extends Data = Data> (options: MongoStore.ConnectMongoOptions<T>): MongoStore<T>
  create<T extends Data = Data> (options: MongoStore.ConnectMongoOptions<T>): MongoStore<T>

  /**
   * The store class for express-session, or for the sessions that Express 2-3 and Connect 1-2 bring along:
   * pass the module itself. Connect 3 and Express 4+ have none: with one of these, the app's express-session
   * is used.
   */
  (connect: object): LegacyStoreClass

  /**
   * An adapter for `cryptoAdapter`, the same that the option `crypto` stands for. As with connect-mongo 6,
   * what its `decrypt` answers is the JSON of what its `encrypt` got, but for the families K0, D and W.
   */
  createKrupteinAdapter (options: MongoStore.CryptoOptions): MongoStore.CryptoAdapter
  /**
   * An adapter for `cryptoAdapter` that writes rows of family W, which connect-mongo 6 reads and writes with
   * its function of this name. It reads the other families too, if the secret is the same.
   */
  createWebCryptoAdapter (options: MongoStore.WebCryptoAdapterOptions): MongoStore.CryptoAdapter

  readonly prototype: MongoStore
  readonly MongoStore: MongoStoreExport
  readonly default: MongoStoreExport
}

interface LegacyStoreClass {
  new <T extends Data = Data> (options: MongoStore.LegacyOptions<T>): LegacyStore<T>
  /** With `interval`, `sweeper`, `connection` or `modelName`: the store of session-mongoose. */
  new <T extends Data = Data> (options: SessionMongoose.Options): SessionMongoose.Store<T>
  readonly prototype: LegacyStore
}

declare namespace MongoStore {
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
    mongoUrl?: string
    /**
     * The app's own client, open or not, which the store works on in place of a connection of its own. The
     * sessions are in its default database, or in `dbName`; a client from the `getClient()` of a Mongoose
     * connection means the database of that connection.
     */
    client?: MongoStore.ClientLike
    /** The promise of one. Comes before `client`; `mongoUrl` comes before both. */
    clientPromise?: PromiseLike<MongoStore.ClientLike>
    /** The same as `mongoUrl`, if none of the others is given. */
    url?: string
    /** Default: 'sessions'. */
    collectionName?: string
    /**
     * Seconds that a session lives whose cookie does not expire. Default: 14 days. 0 means not at all. A
     * function returns them for a session; what it throws fails the operation.
     */
    ttl?: number | ((session: T, sid: string) => number)
    /** Keep `createdAt` and `updatedAt` in the stored documents. Default: false. */
    timestamps?: boolean

    /**
     * Encrypt the sessions. Default: they are not; `{ secret: false }` says so, too. Rows of every
     * connect-mongo since 3.0 are read, if the secret and algorithms are the same. Rows that hold a document
     * are read as they are; rows that hold a string must be encrypted. Sessions are JSON inside, also with
     * `stringify: false`.
     */
    crypto?: CryptoOptions
    /** Encrypt the sessions in this way. Not together with `crypto`. */
    cryptoAdapter?: CryptoAdapter | null
  }

  /**
   * Options of `new (MongoStore(session))()`, with the meaning that they have in connect-mongo 3.2. A value
   * of 0, '', false or null means the default.
   */
  export interface LegacyOptions<T extends Data = Data> extends CommonOptions<T> {
    /**
     * A connection string: `mongodb://…` or `mongodb+srv://…`. The default database is `test`, and a single
     * host is connected to directly, as in mongodb 3.7. Without a database, here and in `dbName`, there is one
     * process warning, since connect-mongo up to 2.x used `admin`.
     */
    url?: string
    /**
     * A Mongoose connection, or Mongoose itself, which the store works on in place of a connection of its own.
     * It may be open, opening or opened later. Of several ways to connect, the store takes the first of: `url`,
     * `mongooseConnection`, `db`, `client`, `clientPromise`, `dbPromise`, the names of 0.x.
     */
    mongooseConnection?: MongoStore.MongooseLike
    /** The name of `mongooseConnection` in connect-mongo 0.x. */
    mongoose_connection?: MongoStore.MongooseLike
    /**
     * A Db of the Node.js driver; the store opens it if it is not open. A string is the database's name, in
     * the way of connect-mongo 0.x, with `host`, `port`, `username` and `password`.
     */
    db?: MongoStore.DbLike | string
    /** The promise of a Db. */
    dbPromise?: PromiseLike<MongoStore.DbLike | MongoStore.ClientLike>
    /** A MongoClient. */
    client?: MongoStore.ClientLike
    /** The promise of a MongoClient. */
    clientPromise?: PromiseLike<MongoStore.ClientLike>
    /** With `db` as a string. Default: '127.0.0.1'. */
    host?: string
    /** With `db` as a string. Default: 27017. */
    port?: number | string
    /** With `db` as a string. */
    username?: string
    /** With `db` as a string. */
    password?: string
    /** Default: 'sessions'. */
    collection?: string
    /**
     * Seconds that a session lives whose cookie does not expire. Default: 14 days. A function returns them for
     * a session; what it throws fails the operation.
     */
    ttl?: number | ((session: T, sid: string) => number)
    /** The name of `ttl` up to connect-mongo 0.8, in milliseconds. */
    defaultExpirationTime?: number
    /**
     * Make a MemoryStore of the module passed, such as express-session's, in place of a MongoDB store.
     * Default: false.
     */
    fallbackMemory?: boolean

    /**
     * Encrypt the sessions, in the way of connect-mongo 3.x, family K0. Default: they are not. Rows of every
     * later connect-mongo are read too, if the secret and algorithms are the same. With a list of secrets the
     * first writes, all read. Sessions are JSON inside, also with `stringify: false`. The hooks `serialize`
     * and `unserialize` are called with the encrypted text, and `unserialize` with the session's JSON, too.
     */
    secret?: Secret | readonly Secret[]
    /** Of `secret`: a gcm cipher of OpenSSL's. Default: 'aes-256-gcm'. */
    algorithm?: string
    /** Of `secret`: a hash of OpenSSL's. Default: 'sha512'. */
    hashing?: string
    /** Of `secret`. Default: 'hex'. */
    encodeas?: CryptoEncoding
    /** Of `secret`, characters, as many as the algorithm's key has bytes. Default: 32. */
    key_size?: number
    /** Of `secret`, bytes. Default: 16. */
    iv_size?: number
    /** Of `secret`, bytes. Default: 16. */
    at_size?: number
  }

  export interface CommonOptions<T extends Data> {
    /** Options of the Node.js driver's MongoClient, of any of its versions. */
    mongoOptions?: object
    /** The database, in place of the connection string's. */
    dbName?: string

    /**
     * How expired sessions are removed. `native` (default): by MongoDB, with a TTL index on `expires` that
     * the store makes at its start. `interval`: by the store, every `autoRemoveInterval`. `disabled`: by
     * someone else.
     */
    autoRemove?: AutoRemove
    /** Minutes, or fractions of them, between two removals in mode `interval`. Default: 10. At most 71582. */
    autoRemoveInterval?: number
    /**
     * Seconds during which a session that is only read is not touched again. Default: 0, which touches it on
     * each request. Must be less than the cookie's `maxAge`, lest active sessions expire. Sessions that `get`
     * returns have the Date of the last write as `lastModified`, a name that an app should not use for data
     * of its own then.
     */
    touchAfter?: number

    /**
     * Store sessions as JSON strings (default: true), or as documents, in which dates, ObjectIds and buffers
     * stay what they are. Documents need the package `bson`, which mongodb and mongoose bring. Rows of either
     * form are always read.
     */
    stringify?: boolean
    /**
     * Makes what is stored of a session: a string, or anything that MongoDB can store. Comes before
     * `stringify`. Without `unserialize`, `get` returns what is stored.
     */
    serialize?: (session: T) => unknown
    /**
     * Makes a session of what is stored. Comes before `stringify`. Without `serialize`, sessions are stored
     * as documents.
     */
    unserialize?: (stored: any) => T
    /** Makes the `_id` under which a session is stored of its id. */
    transformId?: (sid: string) => StorableId

    /** The write concern of `set`, `touch`, `destroy` and `clear`, in place of the connection string's. */
    writeOperationOptions?: WriteOperationOptions

    /**
     * Who talks to MongoDB. `native`, the default with a URL: the Rust core. `driver`, and the only one with a
     * connection of the app's: the Node.js driver. With a URL it takes the package `mongodb`, and is the way
     * out where the core cannot connect, such as to servers before 4.4.
     */
    backend?: 'native' | 'driver'
    /**
     * Milliseconds after which an operation fails, queueing included. Default: the smaller one of
     * `socketTimeoutMS` and `timeoutMS` of the URL or your client; else 30 s, or `serverSelectionTimeoutMS` if
     * longer.
     */
    operationTimeoutMS?: number
    /**
     * Operations that may wait or run at a time; one more fails at once. Default: 100,000. Past 64 MiB of
     * sessions in the process, a `set` waits for room, in its place and within its deadline.
     */
    maxQueue?: number
    /**
     * What becomes of an encrypted session that cannot be decrypted: it was changed, or encrypted with a
     * secret that is not among those given, or is not encrypted at all. `error` (default): `get` and `all`
     * fail with the code 'ERR_SESSION_UNDECRYPTABLE'. `ignore`: it passes for missing, so that its visitor
     * starts anew.
     */
    onUndecryptable?: 'error' | 'ignore'
    /** Whether a touch moves the expiration (default: true). With false only a save does. */
    touch?: boolean
    /**
     * What a save does that finds its session changed since it was loaded. `overwrite` (default): replaces it,
     * as in every connect-mongo. `merge`: stores what both changed. `reject`: fails with a
     * SessionConflictError. A function gets copies of the session that was loaded, the one that is stored and
     * the one that is saved, and returns the one to store; it may be called again. With all but `overwrite`, a
     * session that is gone stays gone, and the store emits 'gone' with its id. Not with `w: 0`. See
     * docs/conflicts.md.
     */
    conflicts?: 'overwrite' | 'merge' | 'reject' | ((base: T, theirs: T, ours: T, sid: string) => T)
  }

  /** Not empty. kruptein 3.1 and later write only with 8 characters or more of 4 kinds, two of each. */
  export type Secret = string | ArrayBuffer | ArrayBufferView

  export type CryptoEncoding = 'hex' | 'base64' | 'base64url' | 'latin1' | 'binary'

  /**
   * What rows connect-mongo wrote, by its version and by that of kruptein, which encrypts for it: `K0`
   * connect-mongo 3.x (`secret`); `K2` 4.1 to 4.2.0; `A` 4.2.2 to 5.1 with kruptein 3.0, and 6.0; `B` with
   * kruptein 3.1.1; `C` with kruptein 3.1.3 to 3.3; `D` with kruptein 3.4, which `npm install` gives to
   * connect-mongo 4 and 5 today, and with which these cannot read what they write; `W` connect-mongo 6.0 with
   * createWebCryptoAdapter. Each connect-mongo reads its own family only.
   */
  export type CryptoFamily = 'K0' | 'K2' | 'A' | 'B' | 'C' | 'D' | 'W'

  /**
   * Options of `crypto`, those of connect-mongo 4.1 to 6.0 and two of ours. Keys are derived off the event
   * loop's thread and kept; rows written within an hour share one.
   */
  export interface CryptoOptions {
    /** With a list the first writes, all read: so a secret is replaced. */
    secret: false | Secret | readonly Secret[]
    /** The family written. All are read. Default: 'A', which connect-mongo 6.0 reads and writes. */
    family?: CryptoFamily
    /**
     * A cipher of OpenSSL's. Default: 'aes-256-gcm'. Keep to gcm: with the cbc and ctr ciphers, the families
     * K2 and A do not notice a changed IV.
     */
    algorithm?: string
    /** A hash of OpenSSL's. Default: 'sha512'. */
    hashing?: string
    /** Default: 'base64'; of K0 and K2 'hex'. Rows in hex are always read. */
    encodeas?: CryptoEncoding
    /** Bytes, of K0 (there, characters) and D; the other families go by the algorithm. Default: 32. */
    key_size?: number
    /** Bytes, of K0 and D; the other families go by the algorithm. Default: 16. */
    iv_size?: number
    /** Bytes of the authentication tag, of K0 and D; 16 in the other families. Default: 16. */
    at_size?: number
    /** kruptein's: derive keys with scrypt in place of PBKDF2. Default: false. */
    use_scrypt?: boolean
  }

  export interface WebCryptoAdapterOptions {
    /** With a list the first writes, all read. */
    secret: Secret | readonly Secret[]
    /** Bytes. Default: 12, for AES-CBC 16. */
    ivLength?: number
    /** Default: 'base64'. */
    encoding?: 'base64' | 'base64url' | 'hex'
    /** Default: 'AES-GCM'. AES-CBC does not notice that a row was changed. */
    algorithm?: 'AES-GCM' | 'AES-CBC'
    /** Default: the text 'connect-mongo:webcrypto-default-salt'. */
    salt?: string | ArrayBuffer | ArrayBufferView
    /** Rounds of PBKDF2 with SHA-256. Default: 310,000. */
    iterations?: number
  }

  /**
   * Encrypts and decrypts what is stored. One of an app's own has `operationTimeoutMS` (default: 30 s) for
   * each call; when its `decrypt` fails, the error is the `cause` of an 'ERR_SESSION_UNDECRYPTABLE'.
   */
  export interface CryptoAdapter {
    encrypt (plaintext: string): Promise<string>
    decrypt (ciphertext: string): Promise<string>
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
    w?: number | string
    j?: boolean
    journal?: boolean
    wtimeout?: number
    /** Milliseconds. */
    wtimeoutMS?: number
  }

  /** What a session can be stored under. Matched by equality only. */
  export type StorableId = string | number | bigint | Date | Uint8Array | { toHexString (): string }

  /** An ObjectId is read as an instance of the app's `bson`. */
  export type StoredId = string | number | bigint | Date | Buffer | object

  /** Figures of one store. Counters count from its start. */
  export interface Stats {
    /** Operations that wait, and operations that are part of a command under way. */
    queued: number
    inFlight: number
    /** Operations accepted, and commands sent for them, by name. */
    operations: Record<string, number>
    commands: Record<string, number>
    /** How many operations commands carried. */
    batch: Record<string, any>
    /** Milliseconds from call to outcome, by operation. */
    latencyMS: Record<string, { p50: number, p95: number, p99: number }>
    errors: number
    /** Interval removals so far, and rows that they removed. */
    sweeps: number
    swept: number
    connected: boolean
    /** Of stores with `conflicts`: saves that found their session changed, merges, and sessions that were gone. */
    conflicts?: number
    merges?: number
    gone?: number
    /** Of stores that encrypt: keys derived by the process since its start, and keys that it keeps. */
    encryption?: { derivations: number, keys: number }
  }

  export type { Instance as MongoStore, Instance as default, LegacyStore }
}

type Instance<T extends Data = Data> = MongoStore<T>

export = MongoStore
