// Compiled, never run: with `exactOptionalPropertyTypes`, an option that may be undefined.

import MongoStore = require('connect-mongo-native')
import sessionMongoose = require('connect-mongo-native/session-mongoose')
import migration = require('connect-mongo-native/migrate')
import session = require('express-session')

const url: string | undefined = process.env.MONGODB_URL
const ttl: number | undefined = url?.length

MongoStore.create({
  mongoUrl: url,
  dbName: url,
  ttl,
  touchAfter: ttl,
  crypto: url === undefined ? undefined : { secret: url, algorithm: undefined },
  cryptoAdapter: undefined,
  operationTimeoutMS: ttl,
  writeOperationOptions: { w: ttl }
})
new (MongoStore(session))({ url, secret: url, ttl, collection: url, backend: undefined })
new (sessionMongoose(session))({ url, interval: ttl, connection: undefined })
MongoStore.createWebCryptoAdapter({ secret: 'foo', ivLength: ttl, salt: url })
migration.migrate({ url, ttl, onProgress: undefined })

const store = MongoStore.create({ mongoUrl: url })
const error: Promise<number | string | undefined> = store.ping().then(() => undefined, (reason: MongoStore.StoreError) => reason.code)
const operations: Promise<number | undefined> = store.stats().then(({ batch }) => batch.find?.max)

// @ts-expect-error: an error is no text
store.ping((error: string) => error)
// @ts-expect-error: null on success
store.ping(error => error.message)
// @ts-expect-error: no such figure
store.stats().then(({ batch }) => batch.find?.maximum)

export = { error, operations }
