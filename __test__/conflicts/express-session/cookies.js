'use strict'

// Cases of express-session's promises about cookies: what an app sees, which is the same with every store.

const { sidOf } = require('../../helpers/session-app')
const { add, hasExpires, MINUTE, nothing, set, show, stored } = require('./handlers')

const COOKIES = {
  'touch moves the expiration of the cookie and of the row': {
    async run ({ serve, store }) {
      const { visit } = await serve({ cookie: { maxAge: MINUTE } }, { '/set': set, '/': nothing })
      const { cookie } = await visit('/set')
      const expires = async () => new Date((await new Promise((resolve, reject) =>
        store.get(sidOf(cookie), (error, found) => error ? reject(error) : resolve(found)))).cookie.expires).getTime()
      const before = await expires()
      await new Promise(resolve => setTimeout(resolve, 20))
      await visit('/', cookie)
      return [await expires() > before, await stored(store, cookie)]
    },
    expected: [true, { n: 1 }]
  },
  'maxAge and expires of one session': {
    async run ({ serve }) {
      const { visit } = await serve({ cookie: { maxAge: MINUTE } }, {
        '/set': set,
        '/longer' (req, res, done) {
          req.session.cookie.maxAge = 60 * MINUTE
          done()
        },
        '/browser' (req, res, done) {
          req.session.cookie.expires = false
          req.session.n = 2
          done()
        },
        '/age' (req, res, done) { done(Math.round(req.session.cookie.maxAge / MINUTE)) }
      })
      const { cookie } = await visit('/set')
      const first = (await visit('/age', cookie)).text
      await visit('/longer', cookie)
      const unsaved = (await visit('/age', cookie)).text
      const browser = await visit('/browser', cookie)
      return [first, unsaved, hasExpires(browser.header), (await visit('/age', cookie)).text]
    },
    // express-session takes no change of the cookie for one of the session; `touch` stores it all the same.
    expected: ['1', '60', false, '0']
  },
  'a session whose cookie has expired is not there': {
    async run ({ serve, store }) {
      const { visit } = await serve({ cookie: { maxAge: 30 } }, { '/set': set, '/': show })
      const { cookie } = await visit('/set')
      await new Promise(resolve => setTimeout(resolve, 60))
      return [(await visit('/', cookie)).text, await stored(store, cookie)]
    },
    expected: ['{}', null]
  },
  'genid chooses the id': {
    async run ({ serve }) {
      const id = `own-${Date.now()}-${Math.random()}`
      const { visit } = await serve({ genid: () => id }, { '/set': set, '/': show })
      const { text, cookie } = await visit('/set')
      return [text === id, sidOf(cookie) === id, (await visit('/', cookie)).text]
    },
    expected: [true, true, '{"n":1}']
  },
  'secrets are replaced one after the other': {
    async run ({ serve }) {
      const old = await serve({ secret: 'old' }, { '/': add })
      const both = await serve({ secret: ['new', 'old'] }, { '/': add })
      const only = await serve({ secret: 'new' }, { '/': add })
      const { cookie } = await old.visit('/')
      return [(await both.visit('/', cookie)).text, (await only.visit('/', cookie)).text]
    },
    expected: ['2', '1']
  },
  'a cookie that was tampered with is a new session': {
    async run ({ serve }) {
      const { visit, calls } = await serve({}, { '/': add })
      const { cookie } = await visit('/')
      const texts = []
      for (const bad of [`${cookie}x`, cookie.replace('s%3A', ''), cookie.replace('s%3A', 's%3Ax'), 'connect.sid=s%3A']) {
        texts.push((await visit('/', bad)).text)
      }
      return [texts, calls]
    },
    expected: [['1', '1', '1', '1'], ['set', 'set', 'set', 'set', 'set']]
  },
  'a path that the cookie is not for has no session': {
    async run ({ serve }) {
      const { visit } = await serve({ cookie: { path: '/in' } }, {
        '/in': set, '/out' (req, res, done) { done(typeof req.session) }
      })
      const inside = await visit('/in')
      return [(await visit('/out', inside.cookie)).text, /; Path=\/in/.test(inside.header)]
    },
    expected: ['undefined', true]
  },
  'secure cookies are not sent over HTTP, and attributes are': {
    async run ({ serve }) {
      const secure = await serve({ cookie: { secure: true } }, { '/': set })
      const unsent = await secure.visit('/')
      // From here on, express-session makes the store's sessions with these options.
      const lax = await serve({ name: 'own', cookie: { sameSite: 'lax', httpOnly: false } }, { '/': set })
      const { header } = await lax.visit('/')
      const attributes = [/SameSite=Lax/, /HttpOnly/].map(attribute => attribute.test(header))
      return [unsent.header, header.startsWith('own='), ...attributes]
    },
    expected: [null, true, true, false]
  }
}

module.exports = { COOKIES }
