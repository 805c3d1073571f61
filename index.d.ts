import SessionMongoose = require('./session-mongoose')
import * as crypto from './types/crypto'
import { Data } from './types/express-session'
import * as monitoring from './types/monitoring'
import * as options from './types/options'
import * as stores from './types/store'

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
 *   resave: false,
 *   saveUninitialized: false,
 *   store: MongoStore.create({ mongoUrl: 'mongodb://localhost/test-app' })
 * }))
 * ```
 */
declare const MongoStore: MongoStoreExport

/** A store made by `MongoStore.create()` or `new MongoStore()`. */
interface MongoStore<T extends Data = Data> extends stores.ModernStore<T> {}

interface MongoStoreExport {
  new <T extends Data = Data> (options: options.ConnectMongoOptions<T>): MongoStore<T>
  create<T extends Data = Data> (options: options.ConnectMongoOptions<T>): MongoStore<T>

  /**
   * The store class for express-session, or for the sessions that Express 2-3 and Connect 1-2 bring along:
   * pass the module itself. Connect 3 and Express 4+ have none: with one of these, the app's express-session
   * is used.
   */
  (connect: object): LegacyStoreClass

  /**
   * An adapter for `cryptoAdapter`, the same that the option `crypto` stands for. As with connect-mongo 6,
   * what its `decrypt` returns is the JSON of what its `encrypt` got, but for the families K0, D and W.
   */
  createKrupteinAdapter (options: crypto.CryptoOptions): crypto.CryptoAdapter
  /**
   * An adapter for `cryptoAdapter` that writes rows of family W, which connect-mongo 6 reads and writes with
   * its function of this name. It reads the other families too, if the secret is the same.
   */
  createWebCryptoAdapter (options: crypto.WebCryptoAdapterOptions): crypto.CryptoAdapter

  readonly prototype: MongoStore
  readonly MongoStore: MongoStoreExport
  readonly default: MongoStoreExport
}

interface LegacyStoreClass {
  // Two type parameters without defaults: so this is no constructor to a `class … extends`, whose constructors must
  // all make the same. It comes first, since `InstanceType` and the compiler's errors go by the last one.
  /** With `interval`, `sweeper`, `connection` or `modelName`: the store of session-mongoose. */
  new <T extends Data, U extends T> (options: SessionMongooseOptions): SessionMongoose.Store<T>
  new <T extends Data = Data> (options: options.LegacyOptions<T>): stores.LegacyStore<T>
  readonly prototype: stores.LegacyStore
}

type SessionMongooseOptions = SessionMongoose.Options &
  ({ interval: number } | { sweeper: boolean } | { connection: object } | { modelName: string })

declare namespace MongoStore {
  export type ConnectMongoOptions<T extends Data = Data> = options.ConnectMongoOptions<T>
  export type LegacyOptions<T extends Data = Data> = options.LegacyOptions<T>
  export type CommonOptions<T extends Data = Data> = options.CommonOptions<T>
  export type AutoRemove = options.AutoRemove
  export type WriteOperationOptions = options.WriteOperationOptions
  export type ClientLike = options.ClientLike
  export type DbLike = options.DbLike
  export type MongooseLike = options.MongooseLike
  export type StorableId = options.StorableId
  export type FieldValue = options.FieldValue

  export type CryptoOptions = crypto.CryptoOptions
  export type CryptoFamily = crypto.CryptoFamily
  export type CryptoEncoding = crypto.CryptoEncoding
  export type Secret = crypto.Secret
  export type WebCryptoAdapterOptions = crypto.WebCryptoAdapterOptions
  export type CryptoAdapter = crypto.CryptoAdapter

  export type OperationMessage = monitoring.OperationMessage
  export type CommandMessage = monitoring.CommandMessage

  export type LegacyStore<T extends Data = Data> = stores.LegacyStore<T>
  export type StoreError = stores.StoreError
  export type Stats = stores.Stats
  export type StoredId = stores.StoredId
  export type Filter = stores.Filter
  export type BackfillOptions = stores.BackfillOptions
  export type Backfilled = stores.Backfilled
  export type Entry<T extends Data = Data> = stores.Entry<T>

  // Names of `@types/connect-mongo`. Its `MongoStore` is what the class made that is called with `session` here, and
  // that of connect-mongo 6 what `create` makes: the name stands for either.
  export type MongoStore<T extends Data = Data> = stores.Store<T>
  export type MongoStoreFactory = LegacyStoreClass
  export type DefaultOptions = options.DefaultOptions
  export type MongoUrlOptions = options.MongoUrlOptions
  export type MongooseConnectionOptions = options.MongooseConnectionOptions
  export type NativeMongoOptions = options.NativeMongoOptions
  export type NativeMongoPromiseOptions = options.NativeMongoPromiseOptions

  export type { Instance as default }
}

type Instance<T extends Data = Data> = MongoStore<T>

export = MongoStore
