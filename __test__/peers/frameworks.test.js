'use strict'

// Sessions over HTTP in apps on every framework that the peers' documents name, real ones of their time.

const assert = require('node:assert/strict')
const { fork } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { describe, test } = require('node:test')

const { startStandalone } = require('../helpers/mongod')
const { within } = require('../helpers/rows')
const { useCollection } = require('../helpers/stores')

const { rows } = useCollection('frameworks')
const { rows: rowsOfSessionMongoose } = useCollection('frameworks-session-mongoose')

const FRAMEWORKS = ['Express 2.5', 'Express 3', 'Express 4', 'Express 5', 'Connect 1.9', 'Connect 2.30', 'Connect 3.7']

describe('over HTTP', () => {
  for (const framework of FRAMEWORKS) {
    for (const way of ['url', 'connection', 'session-mongoose']) {
      test(`${framework}, by ${way}: sessions are kept`, async () => {
        const app = fork(path.join(__dirname, 'framework-app.js'), [framework, way], { silent: true })
        const exit = once(app, 'exit')
        const [port] = await Promise.race([once(app, 'message'), exit.then(([code]) => assert.fail(`exit ${code}`))])
        const visit = async headers => {
          const response = await fetch(`http://127.0.0.1:${port}/`, { headers })
          return { count: await response.text(), cookie: response.headers.get('set-cookie')?.split(';')[0] }
        }

        const { count, cookie } = await visit()
        assert.equal(count, '1')
        assert.equal((await visit({ cookie })).count, '2')
        assert.equal((await visit({ cookie })).count, '3')
        assert.equal((await visit()).count, '1')
        // 's:' marks a signed one, and the signature follows the last dot; Connect 1 does not sign.
        const value = decodeURIComponent(cookie.slice(cookie.indexOf('=') + 1))
        const sid = value.startsWith('s:') ? value.slice(2, value.lastIndexOf('.')) : value
        const stored = way === 'session-mongoose'
          ? (await rowsOfSessionMongoose.findOne({ sid })).data
          : JSON.parse((await rows.findOne({ _id: sid })).session)
        assert.equal(stored.visits, 3)

        app.disconnect()
        await exit
      })
    }
  }
})

/** Connect listens since 2.5. */
const DEAF = ['Express 2.5', 'Connect 1.9']

describe("over HTTP, with onOutage: 'skip'", () => {
  for (const framework of FRAMEWORKS.filter(name => !DEAF.includes(name))) {
    test(`${framework}: requests are served without sessions while the server is away`, async () => {
      const server = await startStandalone()
      await server.shutdown()
      const env = { ...process.env, OUTAGE_URL: server.uri }
      const app = fork(path.join(__dirname, 'framework-app.js'), [framework, 'outage'], { silent: true, env })
      const exit = once(app, 'exit')
      const [port] = await Promise.race([once(app, 'message'), exit.then(([code]) => assert.fail(`exit ${code}`))])
      const visit = async () => (await fetch(`http://127.0.0.1:${port}/`)).text()

      assert.ok(await within(10_000, async () => await visit() === 'no session'))
      assert.equal(await visit(), 'no session')
      await server.restart()
      assert.ok(await within(45_000, async () => await visit() === '1'))

      app.disconnect()
      await exit
      await server.stop()
    })
  }
})
