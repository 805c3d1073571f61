import { CryptoAdapter } from './crypto'
import './dispose'
import { Data, SessionStore } from './express-session'
import { AutoRemove, FieldValue, WriteOperationOptions } from './options'

/** A store made by `MongoStore.create()` or `new MongoStore()`. */
export interface ModernStore<T extends Data = Data> extends Store<T> {
  /** What encrypts the sessions: the option of this name, or what `crypto` stands for. Else null. */
  readonly cryptoAdapter: CryptoAdapter | null
  /**
   * The collection of the sessions, as the Node.js driver has it: the app's own with `client` or
   * `clientPromise`. By URL it is made when first asked for, which takes the package `mongodb`, and closed with
   * the store. Rejects when an attempt to connect fails, never unhandled; asked again, it tries again.
   */
  readonly collectionP: Promise<any>
  /** The client that `collectionP` is of. */
  readonly clientP: Promise<any>

  /** Passes `null`, and resolves to it, when there is no such session or it has expired. */
  get (sid: string, callback?: Callback<T | null | undefined>): Promise<T | null>
  /** Fails with 'Unable to find the session to touch' when it is gone, as connect-mongo does from 4.2. */
  touch (sid: string, session: Touchable<T>, callback?: Callback<void>): Promise<void>
  destroy (sid: string, callback?: Callback<void>): Promise<void>
  clear (callback?: Callback<void>): Promise<void>
}

/** A store made by the class that `require('connect-mongo-native')(session)` returns. */
export interface LegacyStore<T extends Data = Data> extends Store<T> {
  /** 'connecting' at first. Each change to one of the two others is an event of the same name. */
  state: 'connecting' | 'connected' | 'disconnected'
  /** Seconds, or the function that returns them. */
  readonly ttl: number | ((session: T, sid: string) => number)
  readonly collectionName: string
  readonly autoRemove: AutoRemove
  /** Minutes. */
  readonly autoRemoveInterval: number
  readonly writeOperationOptions: WriteOperationOptions
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
  get (sid: string, callback?: Callback<T | null | undefined>): Promise<T | undefined>
  /** Succeeds also when the session is gone, as in connect-mongo up to 3.x. */
  touch (sid: string, session: Touchable<T>, callback?: Callback<void>): Promise<void>
  /** Resolves to whether anyone listens to 'destroy', as in connect-mongo 1.x to 3.x. */
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
 * A session that is larger than MongoDB stores is a `MongoServerError` with the code 10334, its size and the limit.
 * What a hook or an adapter throws is passed on as it is, but for undefined and other values that callbacks would
 * take for a success: then it is an `Error` that says so.
 * They contain no password, no secret, no session and no whole session id. Their stack leads to the function that
 * awaits the operation; what an app's own driver has thrown is passed on as it is.
 */
export interface Store<T extends Data = Data> extends SessionStore {
  /** The options given; in a store of the modern kind a copy, with the defaults filled in. */
  readonly options: object

  /** Of stores of the modern kind: the driver's collection. */
  readonly collectionP?: Promise<any>

  /** The session, or `null` (modern) or `undefined` (legacy) when there is none or it has expired. */
  get (sid: string, callback?: Callback<T | null | undefined>): Promise<T | null | undefined>
  /** Moves the expiration, as far as `touchAfter` does not spare it. */
  touch (sid: string, session: Touchable<T>, callback?: Callback<void>): Promise<void>
  destroy (sid: string, callback?: Callback<any>): Promise<boolean | void>
  clear (callback?: Callback<any>): Promise<true | void>
  /** Stores a session. It expires with its cookie, or after `ttl` if the cookie does not expire. */
  set (sid: string, session: T, callback?: Callback<void>): Promise<void>
  /** The sessions that have not expired. Held in memory all at once. */
  all (callback?: Callback<T[]>): Promise<T[]>
  /**
   * The ids of the sessions that have not expired, as they are stored, that is as `transformId` made them.
   */
  ids (callback?: Callback<StoredId[]>): Promise<StoredId[]>
  /**
   * The sessions that have not expired, one after the other, for any number of them: 500 are in memory at a time.
   * Reading begins with the first of them; what is stored or removed meanwhile may be there or not.
   */
  entries (): AsyncIterableIterator<Entry<T>>
  /**
   * How many sessions that have not expired have these values of the option `fields`. Rejects with a TypeError for
   * an empty filter, a name that is not declared, and a value that is null, undefined or no single value.
   */
  countWhere (filter: Filter, callback?: Callback<number>): Promise<number>
  /** Their ids, as they are stored. */
  idsWhere (filter: Filter, callback?: Callback<StoredId[]>): Promise<StoredId[]>
  /** The same as `entries` yields. Held in memory all at once. */
  entriesWhere (filter: Filter, callback?: Callback<Array<Entry<T>>>): Promise<Array<Entry<T>>>
  /**
   * Destroys them, expired ones too, but for the one with the session id `except`. Resolves to how many there
   * were. What was called before it happens before it, what is called later after it. Emits no 'destroy'.
   */
  destroyWhere (filter: Filter, options?: { except: string }, callback?: Callback<number>): Promise<number>
  destroyWhere (filter: Filter, callback: Callback<number>): Promise<number>
  /**
   * Writes the fields of sessions that were stored without them, or by other functions. Only for stores with the
   * option `fields`.
   */
  backfill (options?: BackfillOptions, callback?: Callback<Backfilled>): Promise<Backfilled>
  backfill (callback: Callback<Backfilled>): Promise<Backfilled>
  /** How many sessions are stored, expired ones that MongoDB has not removed yet included. */
  length (callback?: Callback<number>): Promise<number>
  /**
   * Removes the expired sessions now, with the event `expire` for each where there is a listener. Resolves to how
   * many this store has removed.
   */
  sweep (callback?: Callback<number>): Promise<number>
  /** Succeeds when the server replies. */
  ping (callback?: Callback<void>): Promise<void>
  /** Figures of this store since it was made. */
  stats (callback?: Callback<Stats>): Promise<Stats>
  /**
   * Refuses new operations, finishes those accepted, then disconnects. May be called again. A connection that
   * the app has handed over is closed too, as in connect-mongo 1.2 to 6.
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
   * With `autoRemove: 'interval'`: a session had expired and has been removed. The id is as it is stored. Of all
   * processes that listen, one announces it. `session` is undefined if it cannot be read.
   */
  on (event: 'expire', listener: (id: StoredId, session: T | undefined) => void): this
  /**
   * An attempt to connect, the index or a sweep of the store's own failed. Operations that fail meanwhile report
   * it to their callers besides. Emitted only if there is a listener.
   */
  on (event: 'error', listener: ErrorListener): this
  /**
   * `connected`: there is a server that takes writes, at first and after each outage. `disconnected`: there is
   * none any more, or the first attempt to connect has failed. Once for each change.
   */
  on (event: 'connected' | 'disconnected', listener: () => void): this
  /**
   * With `onOutage: 'skip'`: for express-session, Connect and whoever else serves without sessions meanwhile.
   * `disconnect`: there has been no such server for `outageAfterMS`; a listener that is added during an outage is
   * told at once. `connect`: there is one again.
   */
  on (event: 'connect' | 'disconnect', listener: () => void): this
  on (event: string | symbol, listener: (...args: any[]) => void): this
  once (event: 'create' | 'update' | 'set', listener: (sid: string, merged?: T) => void): this
  once (event: 'destroy' | 'get' | 'gone', listener: (sid: string) => void): this
  once (event: 'touch', listener: (sid: string, session: T) => void): this
  once (event: 'all', listener: (sessions: T[]) => void): this
  once (event: 'expire', listener: (id: StoredId, session: T | undefined) => void): this
  once (event: 'error', listener: ErrorListener): this
  once (event: 'connected' | 'disconnected' | 'connect' | 'disconnect', listener: () => void): this
  once (event: string | symbol, listener: (...args: any[]) => void): this
}

/** An error of a store. */
export interface StoreError extends Error {
  /** MongoDB's number of an error of the server; 'ERR_SESSION_UNDECRYPTABLE'; 'MODULE_NOT_FOUND'. */
  readonly code?: number | string
  /** MongoDB's name of `code`. */
  readonly codeName?: string
  /** MongoDB's, such as 'RetryableWriteError'. */
  readonly errorLabels?: readonly string[]
  /** What it is due to. */
  readonly cause?: unknown
}

// Methods, so that a callback may declare its parameters more narrowly, as those of connect-mongo could: the
// error as a `MongoError`, the result without `undefined`.

/** `error` is `null` on success. */
export type Callback<R> = { call (error: StoreError | null, result?: R): void }['call']

type ErrorListener = { call (error: StoreError): void }['call']

/** What `get` returns carries `lastModified` when `touchAfter` is on: that is how `touch` knows. */
export type Touchable<T> = T & { lastModified?: Date }

/** What `entries` yields. */
export interface Entry<T extends Data = Data> {
  /** As it is stored, that is as `transformId` made it. */
  id: StoredId
  session: T
  /** Null if it never expires. */
  expires: Date | null
}

/** Values of the option `fields`, by name. */
export type Filter = Record<string, FieldValue>

export interface BackfillOptions {
  /** Called after each 500 rows. */
  onProgress?: ((progress: { done: number, total: number }) => void) | undefined
}

/** Sessions that `backfill` has read. */
export interface Backfilled {
  sessions: number
  /** They have their fields now. */
  written: number
  /** They were destroyed, or have expired, meanwhile. */
  gone: number
  /** They cannot be read, and are left as they are. */
  unreadable: number
  /** They were saved again and again meanwhile, and may have their fields by that. */
  changing: number
}

/** An ObjectId is read as an instance of the app's `bson`. */
export type StoredId = string | number | bigint | Date | Buffer | object

/** Figures of one store. Counters count from its start. */
export interface Stats {
  /** Operations that wait, and operations that are part of a command under way. */
  queued: number
  inFlight: number
  /** Operations that have ended, in success or failure, and commands sent for them, by name. */
  operations: Record<string, number>
  commands: Record<string, number>
  /** How many operations a command carried, by the command's name: on average, and at most. */
  batch: Record<string, { mean: number, max: number }>
  /** Milliseconds from call to outcome, by operation. */
  latencyMS: Record<string, { p50: number, p95: number, p99: number }>
  errors: number
  /** Interval removals so far, and rows that they removed. */
  sweeps: number
  swept: number
  connected: boolean
  /** Of stores with `conflicts`: saves that found their session changed, merges, sessions that were gone. */
  conflicts?: number
  merges?: number
  gone?: number
  /** Of stores that encrypt: keys derived by the process since its start, and keys that it keeps. */
  encryption?: { derivations: number, keys: number }
}
