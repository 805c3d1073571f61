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

describeExample('log-out-everywhere', example => {
  test("a user's devices are listed, and logged out elsewhere, then everywhere", async () => {
    const apps = [await example.start(), await example.start()]
    const devices = []
    for (const [n, user] of ['Ada', 'Ada', 'Ada', 'Bob'].entries()) {
      const browser = apps[n % 2].browser()
      assert.equal((await browser.submit('/login', { user })).text, `Hello ${user}`)
      devices.push(browser)
    }
    const [phone, laptop, tablet, stranger] = devices
    const listed = JSON.parse((await phone.visit('/devices')).text)
    assert.deepEqual(listed.map(({ isThisOne }) => isThisOne).sort(), [false, false, true])

    assert.equal((await phone.submit('/log-out-elsewhere')).text, 'Logged out of 2 other devices')
    for (const browser of [laptop, tablet]) assert.equal((await browser.visit()).text, 'Log in')
    assert.equal((await phone.visit()).text, 'Hello Ada')

    assert.equal((await phone.submit('/log-out-everywhere')).text, 'Log in')
    assert.equal((await phone.visit('/devices')).status, 401)
    assert.equal((await stranger.visit()).text, 'Hello Bob')
    for (const app of apps) {
      assert.equal(await app.stop(), 0, app.output)
      assert.equal(app.stderr, '')
    }
  })
})
