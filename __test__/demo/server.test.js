'use strict'

// The demo's server, without a browser: what it refuses, and how it ends.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const { after, before, describe, test } = require('node:test')

const { createStandalone } = require('../../scripts/mongodb')
const { demoData, nextEvent, startDemo, visitor } = require('../helpers/demo')
const { sharedUri } = require('../helpers/mongod')
const { assertGone } = require('../helpers/processes')

describe('the demo', () => {
  const data = demoData()
  let demo
  before(async () => { demo = await startDemo(data) })
  after(async () => {
    await demo.stop()
    data.remove()
  })

  test('a login has a fresh id, and who has not logged in has none', async () => {
    const ask = visitor(demo.url)
    assert.equal((await ask('GET', '/')).headers.getSetCookie().length, 0)
    assert.equal((await ask('GET', '/account')).status, 401)
    assert.equal((await ask('PUT', '/baskets/merged/a1')).status, 401)
    const first = await ask('POST', '/login', { form: { user: 'Ada' } })
    const second = await ask('POST', '/login', { form: { user: 'Ada' } })
    assert.deepEqual([first.status, second.status], [303, 303])
    assert.notEqual(first.headers.getSetCookie()[0], second.headers.getSetCookie()[0])
    const { user, id } = JSON.parse((await ask('GET', '/account')).body)
    assert.equal(user, 'Ada')
    assert.match(id, /^.{6}…$/)
    assert.equal((await ask('PUT', '/baskets/merged/zz')).status, 400)
    assert.equal((await ask('POST', '/logout')).status, 303)
    assert.equal((await ask('GET', '/account')).status, 401)
  })

  test('logging out everywhere ends the sessions of this user on other devices, and no other', async () => {
    const [here, there, other] = [visitor(demo.url), visitor(demo.url), visitor(demo.url)]
    await here('POST', '/login', { form: { user: 'Grace' }, headers: { 'user-agent': 'Mozilla/5.0 (Windows)' } })
    await there('POST', '/login', { form: { user: 'Grace' }, headers: { 'user-agent': 'Telex' } })
    await other('POST', '/login', { form: { user: 'Alan' } })
    assert.equal((await here('POST', '/devices')).status, 204)
    const list = JSON.parse((await here('GET', '/devices')).body)
    assert.deepEqual(list.map(({ device, here }) => [device, here]).slice(0, 2), [
      ['Browser on Windows', true], ['Telex', false]
    ])
    assert.equal(list.length, 5)
    assert.deepEqual(JSON.parse((await here('DELETE', '/devices')).body), { count: 4 })
    const statuses = await Promise.all([here, there, other].map(async ask => (await ask('GET', '/account')).status))
    assert.deepEqual(statuses, [200, 401, 200])
  })

  test('pages of other sites, and other names of this machine, get nothing', async () => {
    const ask = visitor(demo.url)
    for (const path of ['/mongodb/stop', '/burst', '/login', '/logout']) {
      assert.equal((await ask('POST', path, { headers: { 'sec-fetch-site': 'cross-site' } })).status, 403, path)
      assert.equal((await ask('POST', path, { headers: { origin: 'http://example.org' } })).status, 403, path)
    }
    assert.equal(await statusAs('rebound.example.org', demo.url), 403)
    assert.equal(await statusAs(`localhost:${demo.port}`, demo.url), 200)
  })

  test('the policy lets nothing run that is not the demo’s own', async () => {
    const { headers } = await visitor(demo.url)('GET', '/')
    const policy = headers.get('content-security-policy')
    assert.match(policy, /default-src 'none'/)
    assert.doesNotMatch(policy, /unsafe|\*|https?:/)
    assert.equal(headers.get('x-powered-by'), null)
  })

  test('a second demo in the same clone says who has the data', async () => {
    await assert.rejects(startDemo(data), /Another mongod \(process \d+\) works in .*: the demo/)
  })

  test('data that somebody else has taken meanwhile is left to them, and the page says so', async () => {
    const ask = visitor(demo.url)
    await ask('POST', '/mongodb/stop')
    await nextEvent(demo.url, 'mongodb', ({ is }) => is === 'stopped')
    const other = await createStandalone({ dbPath: data.dbPath })
    try {
      await ask('POST', '/mongodb/start')
      const { is } = await nextEvent(demo.url, 'mongodb', ({ error }) => /Another mongod/.test(error))
      assert.equal(is, 'stopped')
    } finally {
      await other.stop({ doCleanup: false })
    }
    await ask('POST', '/mongodb/start')
    await nextEvent(demo.url, 'mongodb', ({ is }) => is === 'running')
    await nextEvent(demo.url, 'connection', ({ connected }) => connected)
  })

  test('one burst at a time', async () => {
    const ask = visitor(demo.url)
    assert.equal((await ask('POST', '/burst')).status, 202)
    assert.equal((await ask('POST', '/burst')).status, 409)
  })
})

test('a MongoDB that is not its own is left alone', async () => {
  const demo = await startDemo({ mongoUrl: sharedUri() })
  try {
    assert.equal((await nextEvent(demo.url, 'mongodb')).is, 'foreign')
    assert.equal((await visitor(demo.url)('POST', '/mongodb/stop')).status, 409)
    await nextEvent(demo.url, 'connection', ({ connected }) => connected)
  } finally {
    await demo.stop()
  }
})

test('with the shell of npm all ends that the demo has started, in the middle of a burst', { skip: process.platform !== 'linux' }, async t => {
  const data = demoData()
  t.after(data.remove)
  const demo = await startDemo({ ...data, wrapper: ['sh', '-c', '"$@"; :', 'sh'] })
  const sample = nextEvent(demo.url, 'burst', ({ is }) => is === 'sample')
  await visitor(demo.url)('POST', '/burst')
  await sample
  const pids = descendantsOf(demo.child.pid)
  const names = pids.map(pid => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  for (const name of ['demo/server.js', 'second-process.js', 'burst/app.js', 'burst/load.js', 'mongod']) {
    assert.ok(names.some(line => line.includes(name)), `${name} is there`)
  }
  demo.child.kill('SIGTERM')
  for (const pid of pids) await assertGone(pid)
})

/** Fetch does not let one say another Host. */
function statusAs (host, url) {
  return new Promise((resolve, reject) => {
    http.get(url, { headers: { host } }, res => resolve(res.resume().statusCode)).on('error', reject)
  })
}

/** All processes that a process has started, and what these have. */
function descendantsOf (pid) {
  const parents = new Map()
  for (const name of fs.readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const stat = fs.readFileSync(`/proc/${name}/stat`, 'utf8')
      // proc(5): after the name in parentheses come the state and the parent.
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // It has ended meanwhile.
    }
  }
  const below = own => {
    const children = [...parents.keys()].filter(child => parents.get(child) === own)
    return children.flatMap(child => [child, ...below(child)])
  }
  return below(pid)
}
