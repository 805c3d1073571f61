import session = require('express-session')

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
   * they are made when first asked for, which takes the package `mongodb`, and closed with the store; these
   * take callbacks as well as promises, whatever the driver's version.
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
 * besides them `MongoOperationTimeoutError` after `operationTimeoutMS`. They contain no password, no session
 * and no whole session id.
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
   * `get`: it was asked for (from connect-mongo 4 on: also when there is none).
   */
  on (event: 'create' | 'update' | 'set' | 'destroy' | 'get', listener: (sid: string) => void): this
  /** Not emitted for a touch that `touchAfter` spared. */
  on (event: 'touch', listener: (sid: string, session: T) => void): this
  on (event: 'all', listener: (sessions: T[]) => void): this
  /**
   * What no caller is told: the connection, the index or a sweep failed. Emitted only if there is a listener.
   */
  on (event: 'error', listener: (error: Error) => void): this
  /** Of stores of the legacy kind only: each change of `state`. */
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

  readonly prototype: MongoStore
  readonly MongoStore: MongoStoreExport
  readonly default: MongoStoreExport
}

interface LegacyStoreClass {
  new <T extends Data = Data> (options: MongoStore.LegacyOptions<T>): LegacyStore<T>
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
    /** Seconds that a session lives whose cookie does not expire. Default: 14 days. 0 means not at all. */
    ttl?: number
    /** Keep `createdAt` and `updatedAt` in the stored documents. Default: false. */
    timestamps?: boolean
  }

  /**
   * Options of `new (MongoStore(session))()`, with the meaning that they have in connect-mongo 3.2. A value
   * of 0, '', false or null means the default.
   */
  export interface LegacyOptions<T extends Data = Data> extends CommonOptions<T> {
    /**
     * A connection string: `mongodb://…` or `mongodb+srv://…`. The default database is the `authSource`, or
     * else `test`, as in mongodb 3.7.
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
    /** Seconds that a session lives whose cookie does not expire. Default: 14 days. */
    ttl?: number
    /** The name of `ttl` up to connect-mongo 0.8, in milliseconds. */
    defaultExpirationTime?: number
    /**
     * Make a MemoryStore of the module passed, such as express-session's, in place of a MongoDB store.
     * Default: false.
     */
    fallbackMemory?: boolean
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
     * Milliseconds after which an operation fails, queueing included. Default: 30 s, or
     * `serverSelectionTimeoutMS` if longer.
     */
    operationTimeoutMS?: number
    /** Operations that may wait or run at a time; one more fails at once. Default: 100,000. */
    maxQueue?: number
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
  }

  export type { Instance as MongoStore, Instance as default, LegacyStore }
}

type Instance<T extends Data = Data> = MongoStore<T>

export = MongoStore
