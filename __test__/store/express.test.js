'use strict'

const assert = require('node:assert/strict')
const { AsyncLocalStorage } = require('node:async_hooks')
const { once } = require('node:events')
const { after, before, describe, test } = require('node:test')
const session = require('express-session')

const { useCollection } = require('../helpers/stores')

const { backends, dialects, rows } = useCollection('express')

const requests = new AsyncLocalStorage()

/** An app that exercises all that express-session asks of a store. */
function makeApp (express, store, options) {
  const app = express()
  app.use((req, res, next) => requests.run({ path: req.path }, next))
  app.use(session({ secret: 'foo', resave: false, saveUninitialized: false, store, ...options }))
  app.get('/', (req, res) => res.json({ id: req.sessionID, user: req.session.user ?? null }))
  app.get('/login/:user', (req, res, next) => {
    req.session.regenerate(error => {
      if (error) return next(error)
      req.session.user = req.params.user
      res.json({ id: req.sessionID })
    })
  })
  app.get('/save', (req, res, next) => {
    req.session.saved = true
    req.session.save(error => error ? next(error) : res.json({ id: req.sessionID }))
  })
  app.get('/reload', (req, res, next) => {
    req.session.user = 'changed in memory only'
    req.session.reload(error => error ? next(error) : res.json({ user: req.session.user }))
  })
  app.get('/logout', (req, res, next) => {
    req.session.destroy(error => error ? next(error) : res.json({ session: req.session ?? null }))
  })
  app.get('/unset', (req, res) => {
    req.session = null
    res.json({})
  })
  app.get('/context', (req, res) => res.json(requests.getStore() ?? null))
  return app
}

/** A browser, as far as cookies go. */
class Visitor {
  cookie

  constructor (url) {
    this.url = url
  }

  async get (path) {
    const response = await fetch(this.url + path, { headers: this.cookie ? { cookie: this.cookie } : {} })
    const cookie = response.headers.get('set-cookie')
    if (cookie) this.cookie = cookie.split(';')[0]
    const body = await response.text()
    assert.equal(response.status, 200, body)
    return { ...JSON.parse(body), setCookie: cookie }
  }
}

for (const [name, express] of Object.entries({ 'Express 4': require('express-4'), 'Express 5': require('express') })) {
  for (const [dialect, open] of Object.entries(backends)) {
    describe(`${name}, ${dialect}`, () => {
      const servers = []
      let visit

      async function serve (storeOptions, sessionOptions) {
        const server = makeApp(express, open(storeOptions), sessionOptions).listen(0)
        servers.push(server)
        await once(server, 'listening')
        return () => new Visitor(`http://127.0.0.1:${server.address().port}`)
      }

      before(async () => { visit = await serve() })
      after(() => servers.forEach(server => server.close()))

      test('a session with nothing in it is not saved', async () => {
        const { id, setCookie } = await visit().get('/')
        assert.equal(setCookie, null)
        assert.equal(await rows.findOne({ _id: id }), null)
      })

      test('logging in, coming back, logging out', async () => {
        const visitor = visit()
        const first = await visitor.get('/login/alice')
        assert.ok(await rows.findOne({ _id: first.id }))
        assert.deepEqual(await visitor.get('/'), { id: first.id, user: 'alice', setCookie: null })
        const second = await visitor.get('/login/bob')
        assert.notEqual(second.id, first.id)
        assert.equal(await rows.findOne({ _id: first.id }), null)
        assert.equal((await visitor.get('/')).user, 'bob')
        assert.equal((await visitor.get('/logout')).session, null)
        assert.equal(await rows.findOne({ _id: second.id }), null)
        assert.equal((await visitor.get('/')).user, null)
      })

      test('save and reload', async () => {
        const visitor = visit()
        await visitor.get('/login/carol')
        const { id } = await visitor.get('/save')
        assert.equal(JSON.parse((await rows.findOne({ _id: id })).session).saved, true)
        assert.equal((await visitor.get('/reload')).user, 'carol')
      })

      test('two visitors have two sessions', async () => {
        const [one, other] = [visit(), visit()]
        await Promise.all([one.get('/login/one'), other.get('/login/other')])
        const users = await Promise.all([one.get('/'), other.get('/')])
        assert.deepEqual(users.map(({ user }) => user), ['one', 'other'])
      })

      test("unset: 'destroy'", async () => {
        const visitor = (await serve({}, { unset: 'destroy' }))()
        const { id } = await visitor.get('/login/dave')
        await visitor.get('/unset')
        assert.equal(await rows.findOne({ _id: id }), null)
      })

      test('a request that changes nothing moves the expiration, and no more', async () => {
        const visitor = (await serve({}, { cookie: { maxAge: 3600_000 } }))()
        const { id } = await visitor.get('/login/erin')
        const before = await rows.findOne({ _id: id })
        await new Promise(resolve => setTimeout(resolve, 20))
        await visitor.get('/')
        const afterwards = await rows.findOne({ _id: id })
        assert.ok(afterwards.expires > before.expires)
        assert.equal(afterwards.session, before.session)
      })

      test('rolling sends a new cookie each time', async () => {
        const visitor = (await serve({}, { rolling: true, cookie: { maxAge: 3600_000 } }))()
        await visitor.get('/login/frank')
        assert.match((await visitor.get('/')).setCookie, /Expires=/)
      })

      test('resave: true saves each time', async () => {
        const visitor = (await serve({}, { resave: true }))()
        const { id } = await visitor.get('/login/grace')
        await rows.updateOne({ _id: id }, { $set: { session: '{"cookie":{},"user":"grace"}' } })
        await visitor.get('/')
        assert.match((await rows.findOne({ _id: id })).session, /"httpOnly":true/)
      })

      test('touchAfter: requests within the time write nothing, changes are written', async () => {
        const visitor = (await serve({ touchAfter: 3600 }, { cookie: { maxAge: 7200_000 } }))()
        const { id } = await visitor.get('/login/heidi')
        const before = await rows.findOne({ _id: id })
        await visitor.get('/')
        await visitor.get('/')
        assert.deepEqual(await rows.findOne({ _id: id }), before)
        await visitor.get('/save')
        assert.equal(JSON.parse((await rows.findOne({ _id: id })).session).saved, true)
      })

      test('stringify: false', async () => {
        const visitor = (await serve({ stringify: false }, { cookie: { maxAge: 3600_000 } }))()
        const { id } = await visitor.get('/login/ivan')
        assert.equal((await rows.findOne({ _id: id })).session.user, 'ivan')
        assert.equal((await visitor.get('/')).user, 'ivan')
        assert.equal((await visitor.get('/reload')).user, 'ivan')
      })

      test("the request's async context is intact in its handler", async () => {
        const visitor = visit()
        await visitor.get('/login/judy')
        assert.equal((await visitor.get('/context')).path, '/context')
      })
    })
  }
}

test('touchAfter: an explicit save is not followed by a second one', async () => {
  const store = dialects.modern({ touchAfter: 3600 })
  const server = makeApp(require('express'), store).listen(0)
  await once(server, 'listening')
  try {
    const visitor = new Visitor(`http://127.0.0.1:${server.address().port}`)
    await visitor.get('/login/kim')
    let sets = 0
    store.on('set', () => { sets++ })
    await visitor.get('/save')
    await new Promise(resolve => setTimeout(resolve, 50))
    assert.equal(sets, 1)
  } finally {
    server.close()
  }
})
