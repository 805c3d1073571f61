'use strict'

// Overlapping requests of one session over HTTP, in two processes on one database, with Express 4 and 5; and
// what the same requests come to with connect-mongo 6. `ROUNDS=1000 npm test -- <this file>` for figures.

const assert = require('node:assert/strict')
const { fork } = require('node:child_process')
const { once } = require('node:events')
const http = require('node:http')
const path = require('node:path')
const { after, describe, test } = require('node:test')

const { useCollection } = require('../helpers/stores')

const ROUNDS = Number(process.env.ROUNDS ?? 5)
const OURS = path.join(__dirname, '../..')

const { rows, url } = useCollection('overlapping')

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
after(() => agent.destroy())

/** Two processes of one app. `get(n, path, cookie)` asks the n-th; resolves to `{ status, body, cookie }`. */
async function startApps (t, env) {
  const options = JSON.stringify({ collectionName: 'overlapping', autoRemove: 'disabled', ...env.options })
  const children = [0, 1].map(() => fork(path.join(__dirname, '../helpers/overlapping-app.js'), {
    env: { ...process.env, TEST_URL: url, EXPRESS: 'express', STORE: OURS, ...env, OPTIONS: options }
  }))
  t.after(() => children.forEach(child => child.disconnect()))
  const ports = await Promise.all(children.map(async child => (await once(child, 'message'))[0]))
  return (n, path, cookie = '') => new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port: ports[n % 2], path, agent, headers: { cookie } }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', text => { body += text })
      response.on('end', () => resolve({
        status: response.statusCode, body, cookie: response.headers['set-cookie']?.[0].split(';')[0]
      }))
    })
    request.on('error', reject)
  })
}

/** How many of `width` properties, each added by a request of its own, are lost on average in a round. */
async function lostUpdates (get, width) {
  let lost = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { cookie } = await get(0, '/start')
    const replies = await Promise.all(Array.from({ length: width }, (_, n) => get(n, `/add/p${n}`, cookie)))
    assert.ok(replies.every(({ status }) => status === 200))
    lost += width + 1 - JSON.parse((await get(0, '/show', cookie)).body).length
  }
  return lost
}

/**
 * After how many rounds the session that `begin` has begun is still there, when it ends by `end` while 8
 * requests are under way.
 */
async function resurrections (get, { begin = '/start', end = '/logout' } = {}) {
  let back = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { cookie } = await get(0, begin)
    const slow = Array.from({ length: 8 }, (_, n) => get(n, `/add/p${n}`, cookie))
    const ended = await get(round, end, cookie)
    await Promise.all(slow)
    back += await rows.countDocuments({ _id: decodeURIComponent(cookie).slice('connect.sid=s:'.length).split('.')[0] })
    // Where the session has a new id, it has what it is to have.
    if (ended.cookie) assert.deepEqual(await namesIn(get, ended.cookie), end === '/passport/login' ? ['passport'] : [])
  }
  return back
}

async function namesIn (get, cookie) {
  return JSON.parse((await get(0, '/show', cookie)).body)
}

/** Passport's login and logout, each of which ends a session. */
const PASSPORT = {
  login: { end: '/passport/login' },
  logout: { begin: '/passport/login', end: '/passport/logout' }
}

for (const EXPRESS of ['express-4', 'express']) {
  describe(EXPRESS === 'express' ? 'Express 5' : 'Express 4', () => {
    const merging = { EXPRESS, options: { conflicts: 'merge' } }

    for (const width of [2, 32]) {
      test(`${width} requests, each adding a property: none is lost`, async t => {
        assert.equal(await lostUpdates(await startApps(t, merging), width), 0)
      })
    }

    test('a session that ends while slow requests are under way does not come back', async t => {
      assert.equal(await resurrections(await startApps(t, merging)), 0)
    })

    for (const [what, ends] of Object.entries(PASSPORT)) {
      test(`nor does one that ends by Passport's ${what}`, async t => {
        assert.equal(await resurrections(await startApps(t, merging), ends), 0)
      })
    }

    test('nor does the session before a login', async t => {
      const get = await startApps(t, merging)
      for (let round = 0; round < ROUNDS; round++) {
        const { cookie } = await get(0, '/start')
        const slow = Array.from({ length: 8 }, (_, n) => get(n, `/add/p${n}`, cookie))
        const login = await get(round, '/login', cookie)
        await Promise.all(slow)
        assert.deepEqual(JSON.parse((await get(0, '/show', login.cookie)).body), ['user'])
        assert.deepEqual(JSON.parse((await get(1, '/show', cookie)).body), [])
      }
    })
  })
}

describe('without merging they are lost, and come back', () => {
  for (const [name, env] of Object.entries({
    overwrite: { options: { conflicts: 'overwrite' } },
    'connect-mongo 6': { STORE: 'connect-mongo-6' }
  })) {
    test(name, async t => {
      const get = await startApps(t, env)
      const [lost, back] = [await lostUpdates(get, 32), await resurrections(get)]
      t.diagnostic(`${name}: ${lost} of ${32 * ROUNDS} updates lost, ${back} of ${ROUNDS} sessions back after a logout`)
      assert.ok(lost > 0 && back > 0)
      for (const [what, ends] of Object.entries(PASSPORT)) {
        t.diagnostic(`${name}: ${await resurrections(get, ends)} of ${ROUNDS} sessions back after Passport's ${what}`)
      }
    })
  }
})
