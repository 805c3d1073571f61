'use strict'

// What apps and their test tools put in place of the clock, the queues and the promises that a store is
// driven by. The clock by which sessions live follows them, and `store.timer`; nothing else does.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

const { runScript } = require('../helpers/child')

const STORES = `
  const { MongoClient } = require('mongodb')
  const session = require('express-session')
  const MongoStore = require('connect-mongo-native')
  const SessionStore = require('connect-mongo-native/session-mongoose')(session)
  const LegacyStore = MongoStore(session)
  const url = process.env.TEST_URL
  const collection = 'replaced_globals'
  const ways = {
    modern: () => MongoStore.create({ mongoUrl: url, collectionName: collection }),
    legacy: () => new LegacyStore({ url, collection }),
    encrypted: () => new LegacyStore({ url, collection, secret: 'squirrel' }),
    'session-mongoose': () => new SessionStore({ url, collection: collection + '_sm' }),
    'modern on a client': () => MongoStore.create({ client: new MongoClient(url), collectionName: collection }),
    'legacy on a Db': () => new LegacyStore({ db: new MongoClient(url).db(), collection }),
    'encrypted, on a client': () => MongoStore.create({
      client: new MongoClient(url), collectionName: collection, crypto: { secret: 'squirrel' }
    }),
    'session-mongoose, dialled by the driver': () => new SessionStore({ url, collection: collection + '_sm', backend: 'driver' })
  }
  const real = { setTimeout, nextTick: process.nextTick }
  const later = milliseconds => new Promise(resolve => real.setTimeout(resolve, milliseconds))
  const call = (store, method, ...args) => new Promise((resolve, reject) => {
    const timer = real.setTimeout(() => reject(new Error(method + ' never called back')), 5000)
    store[method](...args, (error, value) => {
      clearTimer(timer)
      if (error) reject(error)
      else resolve(value)
    })
  })
  const clearTimer = clearTimeout
  let number = 0
  /** Everything, with callbacks and promises, each with its own id. */
  async function works (store) {
    const id = 'id-' + process.pid + '-' + ++number
    await call(store, 'set', id, { cookie: {}, n: 1 })
    const found = await Promise.all([call(store, 'get', id), store.get(id), call(store, 'get', id)])
    if (found.some(({ n }) => n !== 1)) throw new Error('another session')
    await call(store, 'touch', id, { cookie: {} })
    await call(store, 'length')
    await call(store, 'destroy', id)
    if (await store.get(id)) throw new Error('not destroyed')
  }
  const fail = way => error => {
    console.log(way + ': ' + error.message)
    process.exitCode = 1
  }`

/** Each store works in `body`, which has it as `open()`; nothing is printed. */
async function eachStore (body, { prelude = '', only = () => true } = {}) {
  const { stdout, stderr, code } = await runScript(`${prelude}
    ;(() => {
      ${STORES}
      const chosen = Object.entries(ways).filter(([way]) => (${only})(way))
      ;(async () => {
        for (const [way, open] of chosen) {
          await (async () => { ${body} })().catch(fail(way))
        }
        console.log('done')
        await later(10)
        process.exit()
      })()
    })()`, { cwd: __dirname })
  assert.deepEqual({ stdout, stderr, code }, { stdout: 'done\n', stderr: '', code: 0 })
}

const FAKES = `
  const { install } = require('@sinonjs/fake-timers')
  const CLOCKS = [
    'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate', 'Date',
    'performance', 'hrtime'
  ]
  const fakes = toFake => install({ now: Date.now(), shouldClearNativeTimers: true, toFake: toFake ?? CLOCKS })
  /** As in Jest, whose modules see other globals than Node.js itself: the driver needs its queues. */
  const stillForTheApp = () => {
    const queues = [[process, 'nextTick'], [globalThis, 'queueMicrotask']]
    const restore = queues.map(([holder, name]) => {
      const own = holder[name]
      holder[name] = function (...args) {
        const caller = new Error().stack.split('\\n')[2]
        if (/node:|node_modules/.test(caller)) return own.apply(holder, args)
      }
      return () => { holder[name] = own }
    })
    return () => restore.forEach(one => one())
  }`

describe('fake timers and queues', () => {
  test('clocks, while a store is used and after it', () => eachStore(`
    const store = open()
    await works(store)
    const clock = fakes()
    await works(store)
    clock.uninstall()
    await works(store)
    await store.close()`, { prelude: FAKES }))

  test('clocks, while a store is made', () => eachStore(`
    const clock = fakes()
    const store = open()
    await works(store).finally(() => clock.uninstall())
    await works(store)
    await store.close()`, { prelude: FAKES }))

  test('queues, while a store is made and used, and after it', () => eachStore(`
    const restore = stillForTheApp()
    const store = open()
    await works(store).finally(restore)
    await works(store)
    await store.close()`, { prelude: FAKES }))

  // Sockets in JavaScript need Node.js's own queues; the core's do not.
  test('everything at once, in the core', () => eachStore(`
    const clock = fakes([...CLOCKS, 'nextTick', 'queueMicrotask'])
    const store = open()
    await works(store).finally(() => clock.uninstall())
    await works(store)
    await store.close()`, { prelude: FAKES, only: way => !/ on a|driver/.test(way) }))

  test('everything at once, on a borrowed connection: others work again afterwards', () => eachStore(`
    const store = open()
    await works(store)
    const clock = fakes([...CLOCKS, 'nextTick', 'queueMicrotask'])
    store.get('the driver loses it').catch(() => {})
    await later(100)
    clock.uninstall()
    await works(store)`, { prelude: FAKES, only: way => / on a|driver/.test(way) }))

  test('an operation still has its deadline', () => eachStore(`
    const clock = fakes()
    const proxy = require('node:net').createServer(socket => socket.resume()).listen(0, '127.0.0.1')
    await new Promise(resolve => proxy.once('listening', resolve))
    const dead = 'mongodb://127.0.0.1:' + proxy.address().port + '/x'
    const options = { operationTimeoutMS: 300 }
    const store = /client|Db|driver/.test(way)
      ? MongoStore.create({ client: new MongoClient(dead), ...options })
      : MongoStore.create({ mongoUrl: dead, ...options })
    const outcome = await Promise.race([store.get('a').catch(({ name }) => name), later(3000)])
    if (!/Timeout|ServerSelection/.test(outcome)) fail(way)(new Error('no deadline: ' + outcome))
    clock.uninstall()
    store.close()
    proxy.close()`, { prelude: FAKES, only: way => ['modern', 'modern on a client'].includes(way) }))

  test('sessions live by the clock that the app has', () => eachStore(`
    const store = open()
    await call(store, 'set', 'live', { cookie: { expires: new Date(Date.now() + 60_000), maxAge: 60_000 }, n: 1 })
    const clock = fakes()
    clock.setSystemTime(Date.now() + 61_000)
    if (await call(store, 'get', 'live')) throw new Error('outlived its cookie')
    clock.uninstall()
    if (!await call(store, 'get', 'live')) throw new Error('is gone')
    await store.close()`, { prelude: FAKES }))

  test('the interval of store.timer is the app\'s own, and stops whatever is faked when it stops', () => eachStore(`
    const options = { autoRemove: 'interval', autoRemoveInterval: 10, client: new MongoClient(url), collectionName: collection }
    let clock = fakes()
    let store = MongoStore.create(options)
    await store.ping()
    clock.tick(11 * 60_000)
    for (let tries = 0; (await store.stats()).sweeps === 0; tries++) {
      if (tries > 100) throw new Error('not swept')
      await later(20)
    }
    clock.uninstall()
    await store.close()
    store = MongoStore.create({ ...options, client: new MongoClient(url) })
    const { timer } = store
    clock = fakes()
    await store.close()
    clock.uninstall()
    if (!timer._destroyed) throw new Error('goes on')`, { prelude: FAKES, only: way => way === 'modern' }))
})

describe('another global Promise', () => {
  // The driver's classes that extend Promise can be made with none but JavaScript's own.
  const BLUEBIRD = "require('mongodb'); globalThis.Promise = require('bluebird')\n"
  const body = `
    const store = open()
    await works(store)
    await store.close()`

  test('before the package is loaded', () => eachStore(body, { prelude: BLUEBIRD }))

  test('after it has been loaded', () => eachStore(body, { prelude: `require('connect-mongo-native');${BLUEBIRD}` }))

  test('a connection may be promised by it', () => eachStore(`
    const Bluebird = require('bluebird')
    const store = new LegacyStore({ clientPromise: Bluebird.resolve(new MongoClient(url).connect()), collection })
    await works(store)
    await store.close()`, { only: way => way === 'modern' }))

  test('an adapter may return it', () => eachStore(`
    const Bluebird = require('bluebird')
    const cryptoAdapter = {
      encrypt: text => Bluebird.delay(5).then(() => 'sealed ' + text), decrypt: text => Bluebird.resolve(text.slice(7))
    }
    for (const where of [{ mongoUrl: url }, { client: new MongoClient(url) }]) {
      const store = MongoStore.create({ ...where, collectionName: collection, cryptoAdapter })
      await works(store)
      await store.close()
    }`, { only: way => way === 'modern' }))
})
