'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')

const { describeExample } = require('../helpers/examples')

describeExample('passport', example => {
  test('a login gives the session a new id, and a logout ends it', async () => {
    const app = await example.start()
    const browser = app.browser()
    assert.equal((await browser.visit()).text, 'Log in')
    assert.equal((await browser.submit('/login', { username: 'Ada', password: 'wrong' })).status, 401)
    assert.equal((await browser.submit('/login', { username: 'Ada', password: 'secret' })).text, 'Hello Ada')
    const { cookie } = browser
    assert.equal((await browser.submit('/login', { username: 'Ada', password: 'secret' })).text, 'Hello Ada')
    assert.notEqual(browser.cookie, cookie)

    const other = app.browser()
    other.cookie = browser.cookie
    assert.equal((await other.visit()).text, 'Hello Ada')
    assert.equal((await browser.submit('/logout')).text, 'Log in')
    assert.equal((await other.visit()).text, 'Log in')
    assert.equal(await app.stop(), 0, app.output)
    assert.equal(app.stderr, '')
  })
})
