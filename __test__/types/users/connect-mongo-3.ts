// Compiled, never run: what users of `@types/connect-mongo` wrote for connect-mongo up to 3.x, but for the module's
// name. Without `esModuleInterop`, as was usual.

import * as connectMongo from 'connect-mongo-native'
import * as session from 'express-session'

declare class Db { collection (name: string): object }
declare class Connection { readyState: number }
declare class MongoError extends Error { code?: number }
declare const connection: Connection
declare const db: Db

const MongoStore: connectMongo.MongoStoreFactory = connectMongo(session)

const byUrl: connectMongo.MongoUrlOptions = {
  url: 'mongodb://localhost/app',
  host: 'localhost',
  port: '27017',
  autoReconnect: true,
  ssl: false,
  w: 1,
  collection: 'sessions',
  stringify: false,
  hash: false,
  ttl: 14 * 24 * 60 * 60,
  autoRemove: 'interval',
  autoRemoveInterval: 10,
  touchAfter: 24 * 3600,
  mongoOptions: { useNewUrlParser: true }
}
const byMongoose: connectMongo.MongooseConnectionOptions = { mongooseConnection: connection }
const byDb: connectMongo.NativeMongoOptions = { db }
const byPromise: connectMongo.NativeMongoPromiseOptions = { dbPromise: Promise.resolve(db) }
const defaults: connectMongo.DefaultOptions = { ttl: 60 }
// Not a literal type: the compiler takes it for any text.
const untyped = { url: 'mongodb://localhost/app', autoRemove: 'native', touchAfter: 60 }

const store: connectMongo.MongoStore = new MongoStore(byUrl)
const inferred = new MongoStore(untyped)
const others: InstanceType<typeof MongoStore>[] = [
  new MongoStore(byMongoose), new MongoStore(byDb), new MongoStore(byPromise), new MongoStore({ ...defaults, url: 'mongodb://h' })
]
others[0].state.toUpperCase()

session({ secret: 'foo', resave: false, saveUninitialized: false, store })
session({ secret: 'foo', store: inferred })

type SessionOf<S> = S extends { get: (sid: string, callback: (error: any, session?: infer D) => void) => any } ? D : never
type Found = NonNullable<SessionOf<session.Store>>

store.get('sid', (err: any, found: Found | null) => { if (found) found.cookie.originalMaxAge })
store.get('sid', (err: MongoError, found) => { if (err) err.code })
store.get('sid', (err, found) => {
  if (err && err.code === 11000) throw err
  if (found) store.set('sid', found, (error: any) => { if (error) console.error(error) })
})
store.touch('sid', { cookie: new session.MemoryStore() as any } as Found)
store.destroy('sid')
store.destroy('sid', (err: any) => err)
store.length((err: any, length: number) => length.toFixed())
store.clear((err?: any) => err)
store.close()
inferred.on('error', (error: Error) => error.message)
inferred.on('connected', () => inferred.collection)
inferred.once('touch', (sid, { cookie }) => cookie.path)
store.off('error', () => {})
store.regenerate({} as any, (err: any) => err)

class Mine extends MongoStore {
  name = 'mine'
}
const mine: Mine = new Mine({ url: 'mongodb://localhost/app' })
mine.ids().then(ids => ids.length)

export { mine }
