'use strict'

// Cases of express-session's promises about sessions: what an app sees, which is the same with every store.

const { add, hasExpires, MINUTE, nothing, set, stored } = require('./handlers')

const SESSIONS = {
  'saveUninitialized: false stores and sends nothing before there is something': {
    async run ({ serve }) {
      const { visit, calls } = await serve({}, { '/': nothing, '/set': set })
      const first = await visit('/')
      const second = await visit('/set')
      return [first.header, second.header !== null, calls]
    },
    expected: [null, true, ['set']]
  },
  'saveUninitialized: true stores and sends each new session': {
    async run ({ serve, store }) {
      const { visit, calls } = await serve({ saveUninitialized: true }, { '/': nothing })
      const { cookie, header } = await visit('/')
      return [header !== null, [...calls], await stored(store, cookie)]
    },
    expected: [true, ['set'], {}]
  },
  'a session goes on, and is saved when it changes': {
    async run ({ serve }) {
      const { visit, calls } = await serve({}, { '/': add })
      const { cookie } = await visit('/')
      const texts = [(await visit('/', cookie)).text, (await visit('/', cookie)).text]
      return [texts, calls]
    },
    expected: [['2', '3'], ['set', 'get', 'set', 'get', 'set']]
  },
  'resave: false touches what has not changed': {
    async run ({ serve }) {
      const { visit, calls } = await serve({}, { '/': nothing, '/set': set })
      const { cookie } = await visit('/set')
      await visit('/', cookie)
      await visit('/set', cookie)
      return calls
    },
    expected: ['set', 'get', 'touch', 'get', 'touch']
  },
  'resave: true saves what has not changed': {
    async run ({ serve, store }) {
      const { visit, calls } = await serve({ resave: true, cookie: { maxAge: MINUTE } }, { '/': nothing, '/set': set })
      const { cookie } = await visit('/set')
      await visit('/', cookie)
      return [[...calls], await stored(store, cookie)]
    },
    expected: [['set', 'get', 'set'], { n: 1 }]
  },
  'rolling: false sends the cookie of a changed session with maxAge only': {
    async run ({ serve }) {
      const { visit } = await serve({ cookie: { maxAge: MINUTE } }, { '/': nothing, '/set': set, '/add': add })
      const { cookie } = await visit('/set')
      return [(await visit('/', cookie)).header, hasExpires((await visit('/add', cookie)).header)]
    },
    expected: [null, true]
  },
  'rolling: true sends the cookie each time': {
    async run ({ serve }) {
      const { visit } = await serve({ rolling: true, cookie: { maxAge: MINUTE } }, { '/': nothing, '/set': set })
      const { cookie } = await visit('/set')
      const again = await visit('/', cookie)
      return [hasExpires(again.header), again.cookie === cookie, (await visit('/')).header]
    },
    expected: [true, true, null]
  },
  "unset: 'destroy' removes a session that is set to null or deleted": {
    async run ({ serve, store }) {
      const { visit, calls } = await serve({ unset: 'destroy' }, {
        '/set': set,
        '/null' (req, res, done) {
          req.session = null
          done()
        },
        '/delete' (req, res, done) {
          delete req.session
          done()
        }
      })
      const [one, other] = [await visit('/set'), await visit('/set')]
      await visit('/null', one.cookie)
      await visit('/delete', other.cookie)
      return [[...calls], await stored(store, one.cookie), await stored(store, other.cookie)]
    },
    expected: [['set', 'set', 'get', 'destroy', 'get', 'destroy'], null, null]
  },
  "unset: 'keep' leaves it as it was": {
    async run ({ serve, store }) {
      const { visit, calls } = await serve({ unset: 'keep' }, {
        '/set': set, '/null' (req, res, done) {
          req.session.n = 2
          req.session = null
          done()
        }
      })
      const { cookie } = await visit('/set')
      await visit('/null', cookie)
      return [[...calls], await stored(store, cookie)]
    },
    expected: [['set', 'get'], { n: 1 }]
  },
  'regenerate makes another session, and removes the old one': {
    async run ({ serve, store }) {
      const { visit } = await serve({}, {
        '/set': set,
        '/login' (req, res, done) {
          req.session.regenerate(error => {
            req.session.user = 1
            done(error ?? 'in')
          })
        }
      })
      const { cookie } = await visit('/set')
      const login = await visit('/login', cookie)
      return [login.text, login.cookie !== cookie, await stored(store, cookie), await stored(store, login.cookie)]
    },
    expected: ['in', true, null, { user: 1 }]
  },
  'login as Passport does it: regenerate, save, then more': {
    async run ({ serve, store }) {
      const { visit } = await serve({}, {
        '/set': set,
        '/login' (req, res, done) {
          const before = req.session
          req.session.regenerate(() => {
            req.session.n = before.n
            req.session.passport = {}
            req.session.passport.user = 'u'
            req.session.save(error => {
              req.session.flash = ['welcome']
              done(error ?? 'in')
            })
          })
        }
      })
      const { cookie } = await visit('/set')
      const login = await visit('/login', cookie)
      return [login.text, await stored(store, cookie), await stored(store, login.cookie)]
    },
    expected: ['in', null, { n: 1, passport: { user: 'u' }, flash: ['welcome'] }]
  },
  'destroy ends the session: no cookie, and a new one the next time': {
    async run ({ serve, store }) {
      const { visit } = await serve({}, {
        '/set': set,
        '/logout' (req, res, done) { req.session.destroy(error => done(error ?? typeof req.session)) }
      })
      const { cookie } = await visit('/set')
      const out = await visit('/logout', cookie)
      const next = await visit('/set', cookie)
      return [out.text, out.header, await stored(store, cookie), next.cookie !== cookie]
    },
    expected: ['undefined', null, null, true]
  },
  'reload forgets what the request has changed, and finds what others have': {
    async run ({ serve, store }) {
      const { visit } = await serve({}, {
        '/set': set,
        '/reload' (req, res, done) {
          const before = req.session
          before.n = 99
          req.session.reload(error => {
            const { n } = req.session
            req.session.more = 1
            done(JSON.stringify([error ?? null, n, before !== req.session]))
          })
        }
      })
      const { cookie } = await visit('/set')
      const { text } = await visit('/reload', cookie)
      return [JSON.parse(text), await stored(store, cookie)]
    },
    expected: [[null, 1, true], { n: 1, more: 1 }]
  },
  'reload of a session that is gone fails': {
    async run ({ serve }) {
      const { visit } = await serve({}, {
        '/set': set,
        '/reload' (req, res, done) {
          req.sessionStore.destroy(req.sessionID, () => req.session.reload(error => done(error.message)))
        }
      })
      const { cookie } = await visit('/set')
      return (await visit('/reload', cookie)).text
    },
    expected: 'failed to load session'
  },
  'save stores at once, and the end of the request only what came after': {
    async run ({ serve, store }) {
      const { visit, calls } = await serve({}, {
        '/once' (req, res, done) {
          req.session.n = 1
          req.session.save(error => done(error ?? 'saved'))
        },
        '/twice' (req, res, done) {
          req.session.n = 2
          req.session.save(() => {
            Object.assign(req.session, { n: 3, late: true })
            done()
          })
        },
        '/many' (req, res, done) {
          req.session.n = 4
          req.session.save()
          req.session.n = 5
          req.session.save()
          req.session.n = 6
          done()
        }
      })
      const { cookie, text } = await visit('/once')
      const once = calls.splice(0).length
      await visit('/twice', cookie)
      const twice = [calls.splice(0), await stored(store, cookie)]
      await visit('/many', cookie)
      return [text, once, twice, await stored(store, cookie)]
    },
    expected: ['saved', 1, [['get', 'set', 'set'], { n: 3, late: true }], { n: 6, late: true }]
  },
  'changes deep inside, deletions and arrays are saved': {
    async run ({ serve, store }) {
      const { visit } = await serve({}, {
        '/set' (req, res, done) {
          const values = { at: new Date(0), none: null, no: undefined }
          Object.assign(req.session, { deep: { er: { n: 1 } }, list: [1], gone: true, ...values })
          done()
        },
        '/change' (req, res, done) {
          req.session.deep.er.n++
          req.session.list.push({ two: 2 })
          delete req.session.gone
          done()
        }
      })
      const { cookie } = await visit('/set')
      await visit('/change', cookie)
      const { no, ...rest } = await stored(store, cookie)
      return [no ?? 'nothing', rest]
    },
    expected: ['nothing', { deep: { er: { n: 2 } }, list: [1, { two: 2 }], at: '1970-01-01T00:00:00.000Z', none: null }]
  },
  'id, req and the store are on the request, and not in what is stored': {
    async run ({ serve, store }) {
      const { visit } = await serve({}, {
        '/' (req, res, done) {
          req.session.n = 1
          done(req.session.id === req.sessionID && req.sessionStore === store && req.session.req === req)
        }
      })
      const { cookie, text } = await visit('/')
      return [text, Object.keys(await stored(store, cookie))]
    },
    expected: ['true', ['n']]
  },
  'an error of get fails the request; ENOENT is a new session': {
    async run ({ serve, store }) {
      const { visit } = await serve({}, { '/': set })
      const { cookie } = await visit('/')
      const { get } = store
      store.get = (sid, callback) => callback(new Error('no luck'))
      const failed = await visit('/', cookie)
      store.get = (sid, callback) => callback(Object.assign(new Error('none'), { code: 'ENOENT' }))
      const fresh = await visit('/', cookie)
      store.get = get
      return [failed.status, failed.text, fresh.status, fresh.cookie !== cookie]
    },
    expected: [500, 'no luck', 200, true]
  },
  'an error of set or destroy ends the request, and goes to the error handler': {
    async run ({ serve, store }) {
      const app = await serve({ unset: 'destroy' }, { '/': add, '/end' (req, res, done) {
        req.session = null
        done()
      } })
      const { cookie } = await app.visit('/')
      store.set = (sid, data, callback) => callback(new Error('not saved'))
      store.destroy = (sid, callback) => callback(new Error('not destroyed'))
      const texts = [(await app.visit('/', cookie)).text, (await app.visit('/end', cookie)).text]
      await new Promise(resolve => setTimeout(resolve, 20))
      return [texts, app.errors]
    },
    expected: [['2', 'done'], ['not saved', 'not destroyed']]
  },
  'a response that is written in parts waits for its session': {
    async run ({ serve, store }) {
      const { visit } = await serve({}, {
        '/' (req, res) {
          req.session.n = 1
          res.write('a')
          res.write('b')
          res.end('c')
        }
      })
      const { cookie, text } = await visit('/')
      return [text, await stored(store, cookie)]
    },
    expected: ['abc', { n: 1 }]
  },
  'one after the other, twenty requests add up': {
    async run ({ serve }) {
      const { visit } = await serve({ resave: true, rolling: true, cookie: { maxAge: MINUTE } }, { '/': add })
      let { cookie } = await visit('/')
      let text
      for (let n = 0; n < 19; n++) ({ cookie, text } = await visit('/', cookie))
      return text
    },
    expected: '20'
  }
}

module.exports = { SESSIONS }
