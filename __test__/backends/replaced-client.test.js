'use strict'

// A server that comes back and refuses at first: the core takes another client then, or waits, where the
// server only steps down.

const assert = require('node:assert/strict')
const { after, before, test } = require('node:test')
const { BSON: { serialize } } = require('mongodb')

const { startReplicaSet } = require('../helpers/mongod')
const { Proxy } = require('../helpers/proxy')
const { within } = require('../helpers/rows')
const { makeSession, MongoStore } = require('../helpers/stores')

let set
let proxy
/** The error with which the server answers the store's own hello, which unlike a monitor's has a session. */
let refusal = null
let refused = 0

before(async () => {
  set = await startReplicaSet({ count: 1 })
  proxy = await Proxy.start(set.ports[0])
  proxy.weather = (chunk, write, { client, isReply }) => {
    if (isReply || refusal === null || !chunk.includes('hello') || !chunk.includes('lsid')) return write(chunk)
    refused++
    client.write(replyTo(chunk, { ok: 0, errmsg: 'not now', ...refusal }))
  }
})
after(async () => {
  await proxy?.stop()
  await set?.stop()
})

/** An OP_MSG. */
function replyTo (request, document) {
  const body = Buffer.from(serialize(document))
  const header = Buffer.alloc(21)
  header.writeInt32LE(header.length + body.length)
  header.writeInt32LE(request.readInt32LE(4), 8)
  header.writeInt32LE(2013, 12)
  return Buffer.concat([header, body])
}

async function open (t, options) {
  const store = MongoStore.create({
    mongoUrl: `mongodb://${proxy.host}/replaced?directConnection=true&retryWrites=true`, autoRemove: 'disabled', ...options
  })
  t.after(() => store.close())
  await Promise.all(['a', 'b', 'c'].map(id => store.set(id, makeSession({ n: 0 }))))
  return store
}

/** The store loses its connection, and the server refuses it when it comes back. */
async function comeBackTo (store, error) {
  [refused, refusal] = [0, error]
  const lost = new Promise(resolve => store.once('disconnected', resolve))
  proxy.refuse()
  await lost
  proxy.accept()
  assert.ok(await within(20_000, async () => {
    store.get('a').catch(() => {}) // somebody asks
    return refused > 2
  }))
}

test('writes go on with the client that takes the place of one that was refused', async t => {
  const store = await open(t)
  await comeBackTo(store, { code: 13, codeName: 'Unauthorized' })
  await assert.rejects(store.get('a'), { code: 13 })
  refusal = null
  for (const n of [1, 2, 3]) {
    // The sessions of the client before are not those of this one.
    await Promise.all(['a', 'b', 'c'].map(id => store.set(id, makeSession({ n }))))
  }
  await store.clear()
  assert.equal(await store.length(), 0)
})

test('a server that is stepping down refuses nobody for good', async t => {
  const store = await open(t)
  const errors = []
  store.on('error', error => errors.push(error))
  await comeBackTo(store, { code: 91, codeName: 'ShutdownInProgress', errorLabels: ['RetryableWriteError'] })
  const outcome = Promise.allSettled([store.set('a', makeSession({ n: 5 })), store.get('a')])
  refusal = null
  const [written, read] = await outcome
  assert.deepEqual([written.status, read.value?.n], ['fulfilled', 5])
  assert.deepEqual(errors.filter(({ code }) => code === 91), [])
})
