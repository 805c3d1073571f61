'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { createRequire } = require('node:module')
const path = require('node:path')
const { test } = require('node:test')

const { describeExample } = require('../helpers/examples')

describeExample('socket.io', example => {
  test('what a socket saves, the page shows, and the other way round', async () => {
    const app = await example.start()
    const browser = app.browser()
    assert.equal((await browser.visit()).text, 'Visit 1, 0 messages')
    const { io } = createRequire(path.join(example.folder, 'app.js'))('socket.io-client')
    const socket = io(app.origin, { extraHeaders: { cookie: browser.cookie }, transports: ['websocket'] })
    await once(socket, 'connect')
    assert.equal(await socket.emitWithAck('message', 'hello'), 'hello (1)')
    assert.equal((await browser.visit()).text, 'Visit 2, 1 messages')
    assert.equal(await socket.emitWithAck('message', 'again'), 'again (2)')
    assert.equal((await browser.visit()).text, 'Visit 3, 2 messages')
    socket.disconnect()
    assert.equal(await app.stop(), 0, app.output)
  })
})
