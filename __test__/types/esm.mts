// Compiled, never run: what an ES module in TypeScript may write.

import MongoStore, {
  createKrupteinAdapter, createWebCryptoAdapter, type CryptoAdapter, type CryptoOptions, MongoStore as Named
} from 'connect-mongo-native'
import session from 'express-session'
import { MongoClient } from 'mongodb'

declare module 'express-session' {
  interface SessionData { user: string }
}

const options: MongoStore.ConnectMongoOptions = { mongoUrl: 'mongodb://localhost/app', ttl: 60 }
const store = MongoStore.create(options)
const named: Named = new Named({ url: 'mongodb://localhost/app' })
const again: MongoStore = store
session({ secret: 'foo', store: again })

const found: session.SessionData | null = await store.get('sid')
const user: string | undefined = found?.user
const nothing: void = await store.destroy('sid')
store.get('sid', (error, result) => { if (!error) console.log(result?.user) })
store.set('sid', { cookie: new session.Cookie(), user: 'u' }, error => console.log(error))
store.on('create', sid => sid.length).on('touch', (sid, { user }) => user.length).once('error', error => error.message)
const { queued, latencyMS }: MongoStore.Stats = await store.stats()
const ids: MongoStore.StoredId[] = await named.ids()
const counted: number = await named.countWhere({ userId: 5 }) + await named.destroyWhere({ userId: 'u' }, { except: 'sid' })
named.destroyWhere({ userId: true }, (error, removed) => { if (!error) console.log(removed) })
const entries: MongoStore.Entry[] = await named.entriesWhere({ at: new Date() })
MongoStore.create({ mongoUrl: 'mongodb://localhost/app', fields: { userId: ({ user }) => user, path: ({ cookie }) => cookie.path ?? null } })
const { written }: MongoStore.Backfilled = await named.backfill({ onProgress: ({ done, total }) => console.log(done / total, counted) })
ids.push(written, entries.length, ...await named.idsWhere({ userId: 5n }))
for await (const { id, session, expires } of named.entries()) ids.push(id, session.cookie.path ?? '', expires ?? 0)

MongoStore.create({
  mongoUrl: 'mongodb://localhost/app',
  conflicts: (base, theirs, ours, id) => ({ ...theirs, ...ours, user: base.user ?? id }),
  ttl: ({ user }, sid) => user.length + sid.length,
  maxLifetime: 3600,
  touch: false,
  onOutage: 'skip',
  outageAfterMS: 1000,
  onUnreadable: 'destroy'
}).on('gone', sid => sid.length).on('expire', (id, session) => console.log(id, session?.user)).on('disconnect', () => {})
new Named({ mongoUrl: 'mongodb://localhost/app', conflicts: 'reject' }).once('update', (sid, merged) => merged?.user)

const client = new MongoClient('mongodb://localhost/app')
MongoStore.create({ client, dbName: 'app' })
MongoStore.create({ clientPromise: client.connect(), backend: 'driver' })
await (await store.collectionP).findOne({})

class Mine extends MongoStore {
  override async get (sid: string) {
    return super.get(sid)
  }
}
session({ secret: 'foo', store: new Mine({ mongoUrl: 'mongodb://localhost/app', transformId: sid => sid.length }) })

interface Data extends session.SessionData { more: number }
const generic = MongoStore.create<Data>({ mongoUrl: 'mongodb://localhost/app', serialize: ({ more }) => more })
const more: number | undefined = (await generic.get('sid'))?.more

const LegacyStore = MongoStore(session)
new LegacyStore({ db: client.db() })
new LegacyStore({ dbPromise: client.connect().then(connected => connected.db()) })
new LegacyStore({ db: 'app', host: 'localhost', port: 27017 })
new LegacyStore({ mongooseConnection: { readyState: 1 } }).collection.findOne({}, () => {})
const legacy = new LegacyStore({ url: 'mongodb://localhost/app', autoRemove: 'interval', autoRemoveInterval: 0.5 })
legacy.on('connected', () => console.log(legacy.state))
const heard: boolean = await legacy.destroy('sid')
const missing: session.SessionData | undefined = await legacy.get('sid')
session({ secret: 'foo', store: legacy })

const crypto: CryptoOptions = { secret: ['new', 'old'], family: 'C' }
const adapter: CryptoAdapter = createKrupteinAdapter(crypto)
MongoStore.create({ mongoUrl: 'mongodb://localhost', crypto, onUndecryptable: 'ignore' })
MongoStore.create({ mongoUrl: 'mongodb://localhost', cryptoAdapter: adapter }).cryptoAdapter?.encrypt('text')
MongoStore.create({
  mongoUrl: 'mongodb://localhost', cryptoAdapter: createWebCryptoAdapter({ secret: new Uint8Array(32), encoding: 'hex' })
})
const encrypting = new LegacyStore({ url: 'mongodb://localhost', secret: Buffer.from('s'), algorithm: 'aes-192-gcm' })
const derivations: number | undefined = (await encrypting.stats()).encryption?.derivations

// @ts-expect-error: no such family
MongoStore.create({ mongoUrl: 'mongodb://localhost', crypto: { secret: 's', family: 'E' } })
// @ts-expect-error: not a string
MongoStore.create({ mongoUrl: 5 })
// @ts-expect-error: legacy's name for it
MongoStore.create({ mongoUrl: 'mongodb://localhost', collection: 'sessions' })
// @ts-expect-error: no such way
MongoStore.create({ mongoUrl: 'mongodb://localhost', conflicts: 'mrge' })
// @ts-expect-error: no such way
MongoStore.create({ mongoUrl: 'mongodb://localhost', onOutage: 'ignore' })
// @ts-expect-error: no such mode
MongoStore.create({ mongoUrl: 'mongodb://localhost', autoRemove: 'sometimes' })

const command: Pick<MongoStore.CommandMessage, 'operations' | 'error'> = { operations: 2 }
const operation: MongoStore.OperationMessage = {
  operation: 'get', outcome: 'found', backend: 'native', collection: 'sessions', dialect: 'modern'
}

await using closing = MongoStore.create(options)

export { closing, command, derivations, heard, ids, latencyMS, missing, more, nothing, operation, queued, user }
