// Compiled, never run: what users wrote for connect-mongo 4.x to 6.x, which have types of their own.

import MongoStore, { createKrupteinAdapter, type CryptoAdapter, type CryptoOptions } from 'connect-mongo-native'
import session from 'express-session'

declare class MongoClient { db (name?: string): object }
declare const client: MongoClient

class Sessions {
  private readonly store: MongoStore
  constructor (private readonly secret: string) {
    const crypto: CryptoOptions = { secret: this.secret }
    this.store = MongoStore.create({ clientPromise: Promise.resolve(client), crypto, stringify: false, collectionName: 's' })
  }

  middleware () {
    return session({ secret: this.secret, resave: false, saveUninitialized: false, store: this.store })
  }
}

const adapter: CryptoAdapter = createKrupteinAdapter({ secret: 'foo' })
const store = new MongoStore({
  client,
  cryptoAdapter: adapter,
  serialize: (a: any) => a,
  unserialize: (a: any) => a,
  transformId: (a: any) => a,
  writeOperationOptions: { w: 'majority', wtimeoutMS: 1000 }
})
store.get('sid', (err: any, found?: session.SessionData | null) => found?.cookie)
store.set('sid', { cookie: new session.Cookie() }, (err: any) => err)
store.all((err: any, found) => Array.isArray(found))
store.length((err: any, length: number) => length.toFixed())
store.collectionP.then(collection => collection.createIndex({ 'session.user': 1 }))
store.close().then(() => {})

export { Sessions }
