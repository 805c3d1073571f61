'use strict'

// What express-session promises to apps is the same with `conflicts` as without, and as with its MemoryStore.

const assert = require('node:assert/strict')
const { after, describe, test } = require('node:test')
const session = require('express-session')

const { COOKIES } = require('./express-session/cookies')
const { SESSIONS } = require('./express-session/sessions')
const { inEachForm } = require('../helpers/forms')
const { serveSessions, SpiedStore } = require('../helpers/session-app')
const { useCollection } = require('../helpers/stores')

const { backends } = useCollection('conflicts-express-session')

const STORES = { MemoryStore: () => new session.MemoryStore() }
for (const [way, open] of Object.entries(backends)) {
  for (const conflicts of ['overwrite', 'merge', 'reject']) {
    STORES[`${way}, ${conflicts}`] = () => open({ conflicts, autoRemove: 'disabled' })
  }
  const encryption = inEachForm({ [way]: open }, { conflicts: 'merge', autoRemove: 'disabled' })
  for (const { name, open } of encryption.filter(({ name }) => name.includes('encrypt'))) STORES[`${name}, merge`] = open
  STORES[`${way}, documents, merge`] = () => open({ conflicts: 'merge', stringify: false, autoRemove: 'disabled' })
}

const closing = []
after(() => { for (const close of closing) close() })

for (const [name, open] of Object.entries(STORES)) {
  describe(name, () => {
    const store = open()
    for (const [what, { run, expected }] of Object.entries({ ...SESSIONS, ...COOKIES })) {
      test(what, async () => {
        const own = new SpiedStore(store)
        const serve = async (options, handlers) => {
          const app = await serveSessions(own, options, handlers)
          closing.push(app.close)
          return app
        }
        assert.deepEqual(await run({ serve, store: own }), expected)
      })
    }
  })
}
