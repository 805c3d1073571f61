import { Data, SessionStore } from './types/express-session'
import { Callback, Entry, Stats, Touchable } from './types/store'

/**
 * session-mongoose's store with its I/O in a Rust core. `connect`: express-session, Connect 1 to 3 or Express 2 to 5;
 * nothing means the app's express-session.
 *
 * ```ts
 * const SessionStore = require('connect-mongo-native/session-mongoose')(session)
 * app.use(session({ secret: 'foo', resave: false, saveUninitialized: false, store: new SessionStore({ url }) }))
 * ```
 */
declare const sessionMongoose: sessionMongoose.Export

declare namespace sessionMongoose {
  /** Options with the meaning that they have in session-mongoose 0.5. */
  export interface Options {
    /** A connection string. Default: 'mongodb://localhost/sessions'. */
    url?: string | undefined
    /** Milliseconds between two removals of expired sessions. Default: 60000. */
    interval?: number | undefined
    /** Whether the store removes expired sessions. Default: true. */
    sweeper?: boolean | undefined
    /** The Mongoose model's name, whose plural names the collection. Default: 'Session', in `sessions`. */
    modelName?: string | undefined
    /** The collection, whatever `modelName` says. */
    collection?: string | undefined
    /**
     * Seconds that a session lives after it was last used, whatever its cookie says. MongoDB removes it then, and the
     * sweeper is off. Not above 0: off (default).
     */
    ttl?: number | undefined
    /**
     * A Mongoose connection, of Mongoose 4.1.2 or newer, in place of `url`. It is used through its own driver, may be open
     * or not, and stays open when the store is closed.
     */
    connection?: object | undefined

    /** Who dials the `url`: this package's core (default), or the app's package mongodb. */
    backend?: 'native' | 'driver' | undefined
    /** Milliseconds after which an operation fails, queueing included. */
    operationTimeoutMS?: number | undefined
    /** Operations that may wait or run at a time; one more fails at once. Default: 100,000. */
    maxQueue?: number | undefined
    /** As in the other dialects: what becomes of a session that cannot be read, and its older name. */
    onUnreadable?: 'error' | 'ignore' | 'destroy' | undefined
    onUndecryptable?: 'error' | 'ignore' | 'destroy' | undefined
    /** As in the other dialects: whether requests are served without sessions while there is no server. */
    onOutage?: 'error' | 'skip' | undefined
    /** Milliseconds, with `onOutage: 'skip'`. Default: 5000. */
    outageAfterMS?: number | undefined
  }

  export interface Store<T extends Data = Data> extends SessionStore {
    /** The options given, with the defaults filled in. */
    readonly options: object
    /** How many times the sweeper has removed expired sessions. */
    readonly sweeps: number
    /**
     * The rows as a Mongoose model: of `connection`, or of a Mongoose instance of its own, for which it needs the package
     * mongoose. Made on first use, and closed with the store.
     */
    readonly model: any

    /** Passes nothing, and resolves to undefined, when there is no such session or it has expired. */
    get (sid: string, callback?: Callback<T | null | undefined>): Promise<T | undefined>
    /** Resolves to 1. (A session that is null or undefined is destroyed.) */
    set (sid: string, session: T, callback?: Callback<number>): Promise<number>
    touch (sid: string, session: Touchable<T>, callback?: Callback<void>): Promise<void>
    /** Resolves to how many were removed: 1 or 0. */
    destroy (sid: string, callback?: Callback<number>): Promise<number>
    /** The ids of the sessions that have not expired. */
    all (callback?: Callback<any>): Promise<string[]>
    /** How many sessions are stored, expired ones included. */
    length (callback?: Callback<number>): Promise<number>
    /** Removes all sessions, and keeps the indexes. */
    clear (callback?: Callback<true>): Promise<true>
    ids (callback?: Callback<string[]>): Promise<string[]>
    /** The sessions that have not expired, one after the other. */
    entries (): AsyncIterableIterator<Entry<T>>
    sweep (callback?: Callback<number>): Promise<number>
    ping (callback?: Callback<void>): Promise<void>
    stats (callback?: Callback<Stats>): Promise<Stats>
    close (callback?: Callback<void>): Promise<void>
    [Symbol.asyncDispose] (): Promise<void>
  }

  export interface Export {
    (connect?: object): StoreClass
    /** A store, as with session-mongoose up to 0.1, which exported its class. */
    new <T extends Data = Data> (options?: Options): Store<T>
    readonly prototype: Store
  }

  export interface StoreClass {
    new <T extends Data = Data> (options?: Options): Store<T>
    readonly prototype: Store
  }
}

export = sessionMongoose
