'use strict'

// npx connect-mongo-native doctor: configurations, servers and users that are not right.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const tls = require('node:tls')
const { after, before, describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { MongoClient } = require('mongodb')

const { isNear } = require('../../lib/cli/checks/configuration')
const { makeCertificates } = require('../helpers/certificates')
const { command, jsonOf } = require('../helpers/command-line')
const { carryOut, clockAhead, doctor, finds, optionsFile } = require('../helpers/doctor')
const { startReplicaSet, startStandalone } = require('../helpers/mongod')
const { startOldServer } = require('../helpers/old-server')
const { Proxy } = require('../helpers/proxy')
const { isBefore } = require('../helpers/server-version')
const { testUrl } = require('../helpers/stores')

const QUICK = 'serverSelectionTimeoutMS=3000'
const ON = ['--collection', 'doctor-connections']
const url = (address, query = '') => ({ MONGODB_URL: `mongodb://${address}/app?${QUICK}${query}` })

describe('the connection string', () => {
  test('options that only old drivers had are no trouble to the core', async t => {
    const mongoOptions = { useNewUrlParser: true, useUnifiedTopology: true }
    const file = optionsFile(t, { mongoUrl: testUrl(), collectionName: 'doctor-connections', mongoOptions })
    const { code, findings } = await doctor(['--options', file])
    assert.equal(code, 0, JSON.stringify(findings))
  })

  test('option: one that nobody has', async t => {
    for (const backend of ['native', 'driver']) {
      const file = optionsFile(t, { mongoUrl: testUrl(), backend, mongoOptions: { maxPoolSiz: 1 } })
      const { finding } = await finds('option', { remedy: /Correct the option/, args: ['--options', file] })
      assert.match(finding('option').message, /maxPoolSiz/i)
    }
  })

  test('url: a password that is not encoded', async () => {
    for (const password of ['hunt/er2', 'hunt@er2', 'hunt:er2', 'hunt%er2', 'hunt?er2', '@hunt/er2']) {
      const env = { MONGODB_URL: `mongodb://user:${password}@127.0.0.1/app?${QUICK}` }
      const { findings } = await finds('url', { remedy: /percent-encoded/, env })
      assert.doesNotMatch(JSON.stringify(findings), /hunt|er2/)
    }
  })

  test('database: none is named', async () => {
    const env = { MONGODB_URL: testUrl().replace(/\/connect-mongo-test/, '/') }
    await finds('database', { level: 'warning', remedy: /mongodb:\/\/host\/app/, args: ON, env })
  })

  test('refused: nothing listens', async () => {
    await finds('refused', { remedy: /Start MongoDB there; or correct host and port/, env: url('127.0.0.1:9') })
  })

  test('host-name: no such host', async () => {
    await finds('host-name', { remedy: /Correct the host/, env: url('no-such-host.invalid') })
    const env = { MONGODB_URL: `mongodb+srv://cluster.no-such-host.invalid/app?tls=false&${QUICK}` }
    const { finding } = await finds('host-name', { remedy: /_mongodb\._tcp/, env })
    assert.match(finding('host-name').message, /cluster\.no-such-host\.invalid/)
    assert.equal(finding('tls-off').level, 'warning')
  })

  test('tls-off is said of hosts that are not this machine', () => {
    for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1', 'db.localhost', undefined]) assert.ok(isNear(host), host)
    for (const host of ['10.0.0.1', 'db.example.com', '127.example.com', 'fe80::1']) assert.ok(!isNear(host), host)
  })

  test('version: a server that is too old', async t => {
    const old = await startOldServer()
    t.after(() => old.stop())
    await finds('version', { remedy: /Upgrade MongoDB to 4\.4/, env: { MONGODB_URL: `${old.url}app?${QUICK}` } })
  })
})

describe('options of the store', () => {
  const on = (t, options) => [...ON, '--options', optionsFile(t, options)]

  test('option: a name that is not known, and a value with which no store starts', async t => {
    const { finding } = await finds('option', { level: 'warning', remedy: /Correct the option/, args: on(t, { ttls: 5 }) })
    assert.match(finding('option').message, /did you mean ttl\?/)
    await finds('option', { remedy: /Correct the option/, args: on(t, { ttl: {} }) })
  })

  test('touch-after: sessions would expire while they are in use', async t => {
    await finds('touch-after', { level: 'warning', remedy: /less than ttl/, args: on(t, { ttl: 60, touchAfter: 60 }) })
  })

  test('the connection string may be one of them', async t => {
    await finds('refused', { remedy: /Start MongoDB/, args: on(t, { mongoUrl: url('127.0.0.1:9').MONGODB_URL }), env: { MONGODB_URL: '' } })
  })

  test('a module of the app may export them; a file that is not there is wrong usage', async t => {
    const file = optionsFile(t, {}).replace('options.json', 'options.cjs')
    fs.writeFileSync(file, 'module.exports = { ttls: 5, serialize: session => session }')
    await finds('option', { level: 'warning', remedy: /Correct/, args: [...ON, '--options', file] })
    const { code, stderr } = await command(['doctor', '--options', 'not-there.json'])
    assert.equal(code, 2)
    assert.match(stderr, /--options not-there\.json cannot be read/)
  })
})

test('clock: machines whose clocks differ', async t => {
  const slow = await finds('clock', { level: 'warning', remedy: /NTP/, args: ON, env: clockAhead(t, -10_000) })
  assert.match(slow.finding('clock').message, /10 s ahead of this machine's: .* early/)
  const fast = await finds('clock', { remedy: /NTP/, args: ON, env: clockAhead(t, 3_600_000) })
  assert.match(fast.finding('clock').message, /3600 s behind this machine's: .* late/)
})

describe('users', () => {
  let server, client
  const user = (createUser, roles, database = 'app') => ({ createUser, pwd: 'p', roles, database })
  const as = (name, query = '') => url(`${name}:p@${server.host}`, query)

  before(async () => {
    server = await startStandalone({
      users: [
        user('reader', ['read']), user('writer', ['readWrite']), user('of-admin', ['root'], 'admin'), user('narrow', []),
        user('blind', [])
      ]
    })
    client = new MongoClient(server.rootUri)
    const resource = { db: 'app', collection: 'narrow' }
    const actions = ['find', 'insert', 'update', 'remove']
    for (const [user, more] of [['narrow', 'listIndexes'], ['blind', 'createIndex']]) {
      const privileges = [{ resource, actions: [...actions, more] }]
      await client.db('app').command({ createRole: `role of ${user}`, privileges, roles: [] })
      await client.db('app').command({ grantRolesToUser: user, roles: [`role of ${user}`] })
    }
    await client.db('app').createCollection('narrow')
  })
  after(async () => {
    await client.close()
    await server.stop()
  })

  test('no-credentials', async () => {
    await finds('no-credentials', { remedy: /user:password@host.*createUser/, env: url(server.host) })
  })

  test('credentials', async () => {
    const { findings } = await finds('credentials', { remedy: /percent-encoded/, env: url(`writer:hunter2@${server.host}`) })
    assert.ok(!JSON.stringify(findings).includes('hunter2'))
  })

  test('auth-source: its remedy helps', async () => {
    await finds('auth-source', { remedy: /Add authSource=admin/, args: ON, env: as('of-admin') })
    assert.equal((await doctor(ON, as('of-admin', '&authSource=admin'))).finding('auth-source'), undefined)
  })

  test('rights: its remedy helps', async () => {
    const { finding } = await finds('rights', { remedy: /grantRolesToUser\('reader'/, args: ON, env: as('reader') })
    assert.match(finding('rights').message, /reader may not insert, update, remove in app\.doctor-connections/)
    await carryOut(finding('rights').remedy, client.db('app'))
    assert.equal((await doctor(ON, as('reader'))).finding('rights').level, 'ok')
  })

  test('index-rights: an index that the store may not make', async () => {
    const on = ['--collection', 'narrow']
    const { finding } = await finds('index-rights', { remedy: /createIndex.*autoRemove: 'interval'/, args: on, env: as('narrow') })
    await carryOut(finding('index-rights').remedy, client.db('app'))
    const mended = await doctor(on, as('narrow'))
    assert.deepEqual([mended.code, mended.finding('index').level], [0, 'ok'])
  })

  test('index-unknown: whoever may not list indexes can use the other commands', async () => {
    const [on, env] = [['--collection', 'narrow'], as('blind')]
    const { code } = await finds('index-unknown', { level: 'warning', remedy: /listIndexes/, args: on, env })
    assert.equal(code, 0)
    const inspected = await jsonOf(['inspect', ...on], { env })
    assert.deepEqual([inspected.code, inspected.result.indexes], [0, { list: null, troubles: [] }], inspected.stderr)
    for (const args of [['list'], ['sweep', '--yes'], ['clear', '--yes']]) {
      const { code, stderr } = await command([...args, ...on], { env })
      assert.equal(code, 0, stderr)
    }
  })

  test('who may write needs nothing else', async () => {
    await client.db('app').collection('writers').createIndex({ expires: 1 }, { expireAfterSeconds: 0 })
    assert.equal((await doctor(['--collection', 'writers'], as('writer'))).code, 0)
  })
})

describe('replica sets', () => {
  let set, primary, secondary
  const whole = query => ({ MONGODB_URL: `${set.uri.replace('/?', '/app?')}&${QUICK}${query}` })

  before(async () => {
    set = await startReplicaSet({ count: 2 })
    primary = await set.primary()
    await set.caughtUp()
    secondary = set.members.find(member => member !== primary)
  })
  after(() => set.stop())

  test('a set that is right', async () => {
    const { code, findings } = await doctor(ON, whole(''))
    assert.equal(code, 0)
    const wanted = await isBefore('5.0') ? ['write-concern'] : [] // whose default was 1
    assert.deepEqual(findings.filter(({ level }) => level !== 'ok').map(({ code }) => code), wanted)
  })

  test('set-name: another one, and a server of none', async () => {
    const wrong = url(primary.host, '&replicaSet=wrong')
    const { finding } = await finds('set-name', { remedy: /Write replicaSet=/, env: wrong })
    const [, name] = /replicaSet=(\S+)/.exec(finding('set-name').remedy)
    assert.equal((await doctor(ON, url(primary.host, `&replicaSet=${name}`))).code, 0)
    const none = { MONGODB_URL: `${testUrl()}?${QUICK}&replicaSet=rs` }
    await finds('set-name', { remedy: /Take replicaSet away/, env: none })
  })

  test('secondary, and direct: one member in place of the set', async () => {
    await finds('secondary', { remedy: /Take directConnection away, and write replicaSet=/, args: ON, env: url(secondary.host, '&directConnection=true') })
    await finds('direct', { level: 'warning', remedy: /replicaSet=/, args: ON, env: url(primary.host, '&directConnection=true') })
  })

  test('write-concern: w=1 and w=0', async t => {
    for (const w of [0, 1]) {
      await finds('write-concern', { level: 'warning', remedy: w === 1 ? /w=majority/ : /w=0 away/, args: ON, env: whole(`&w=${w}`) })
    }
    const file = optionsFile(t, { writeOperationOptions: { w: 1 } })
    await finds('write-concern', { level: 'warning', remedy: /w=majority/, args: [...ON, '--options', file], env: whole('') })
  })

  test('write-concern: w: 1 by default of the server', async t => {
    const client = new MongoClient(set.uri)
    t.after(() => client.close())
    const setDefault = w => client.db('admin').command({ setDefaultRWConcern: 1, defaultWriteConcern: { w }, writeConcern: { w: 'majority' } })
    await setDefault(1)
    await finds('write-concern', { level: 'warning', remedy: /w=majority/, args: ON, env: whole('') })
    await setDefault('majority')
  })

  test('read-preference, read-concern and retry-writes', async () => {
    const level = 'warning'
    const elsewhere = { args: ON, env: whole('&readPreference=secondaryPreferred') }
    const { code } = await finds('read-preference', { level, remedy: /Take readPreference away/, ...elsewhere })
    assert.equal(code, 0, 'what the primary says of itself is not asked elsewhere')
    await finds('read-concern', { level, remedy: /Take readConcernLevel away/, args: ON, env: whole('&readConcernLevel=linearizable') })
    await finds('retry-writes', { level, remedy: /Take retryWrites=false away/, args: ON, env: whole('&retryWrites=false') })
  })

  test('set-not-initiated', async t => {
    const server = await startStandalone({ args: ['--replSet', 'new'] })
    t.after(() => server.stop())
    await finds('set-not-initiated', { remedy: /rs\.initiate\(\)/, env: url(server.host, '&replicaSet=new') })
  })

  test('member-names: names of members that lead nowhere from here', async t => {
    const server = await startStandalone({ args: ['--replSet', 'named'] })
    t.after(() => server.stop())
    const proxy = await Proxy.start(server.port)
    const client = new MongoClient(server.uri, { directConnection: true })
    await client.db('admin').command({ replSetInitiate: { _id: 'named', members: [{ _id: 0, host: proxy.host }] } })
    while (!(await client.db('admin').command({ hello: 1 })).isWritablePrimary) await sleep(50)
    await client.close()
    await proxy.stop()
    const { finding } = await finds('member-names', { remedy: /rs\.conf\(\).*directConnection=true/, env: url(server.host, '&replicaSet=named') })
    assert.ok(finding('member-names').message.includes(proxy.host))
    const direct = await doctor(ON, url(server.host, '&directConnection=true'))
    assert.equal(direct.code, 0)
  })

  test('no-primary: too few members are left', async () => {
    await secondary.kill()
    const stepsDown = async () => {
      for (let n = 0; n < 20; n++) {
        const { finding } = await doctor(ON, whole(''))
        if (finding('no-primary')) return finding('no-primary')
      }
    }
    assert.match((await stepsDown()).remedy, /Start its other members/)
  })
})

describe('TLS', () => {
  let certificates, servers
  const start = (name, mode) => startStandalone({
    args: ['--tlsMode', mode, '--tlsCertificateKeyFile', certificates.file(`${name}.pem`), '--tlsCAFile', certificates.file('ca.pem'),
      '--tlsAllowConnectionsWithoutCertificates']
  })
  const trusted = () => `&tls=true&tlsCAFile=${encodeURIComponent(certificates.file('ca.pem'))}`

  before(async () => {
    certificates = makeCertificates({
      here: { names: 'IP:127.0.0.1' }, elsewhere: { names: 'DNS:db.example.com' }, nameless: {}, expired: { names: 'IP:127.0.0.1', days: -1 }
    })
    servers = {
      here: await start('here', 'preferTLS'),
      elsewhere: await start('elsewhere', 'preferTLS'),
      nameless: await start('nameless', 'preferTLS')
    }
  })
  after(async () => {
    await Promise.all(Object.values(servers).map(server => server.stop()))
    certificates.remove()
  })

  test('a certificate that is right', async () => {
    const { code, finding } = await doctor(ON, url(servers.here.host, trusted()))
    assert.equal(code, 0)
    assert.equal(finding('tls').message, 'The connection is encrypted (TLS).')
  })

  test('tls-ca: an authority that nobody knows', async () => {
    await finds('tls-ca', { remedy: /tlsCAFile/, env: url(servers.here.host, '&tls=true') })
  })

  test('tls-host-name: a certificate for another name', async () => {
    await finds('tls-host-name', { remedy: /by a name that is in the certificate/, env: url(servers.elsewhere.host, trusted()) })
  })

  test('tls-expired', async t => {
    // No mongod starts with such a certificate.
    const pem = fs.readFileSync(certificates.file('expired.pem'))
    const server = tls.createServer({ key: pem, cert: pem }).on('tlsClientError', () => {}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    await finds('tls-expired', { remedy: /new certificate/, env: url(`127.0.0.1:${server.address().port}`, trusted()) })
  })

  test('core: a certificate that the core refuses, and the way out', async () => {
    const env = url(`localhost:${servers.nameless.port}`, trusted())
    await finds('core', { remedy: /backend: 'driver'/, args: ON, env })
    assert.equal((await doctor([...ON, '--backend', 'driver'], env)).code, 0)
  })

  test('tls-unchecked: any certificate will do', async () => {
    for (const option of ['tlsAllowInvalidCertificates', 'tlsAllowInvalidHostnames', 'tlsInsecure']) {
      const query = `${option === 'tlsAllowInvalidHostnames' ? trusted() : '&tls=true'}&${option}=true`
      await finds('tls-unchecked', { level: 'warning', remedy: /tlsCAFile/, args: ON, env: url(servers.here.host, query) })
    }
  })

  test('tls-required: a server that takes nothing else', async t => {
    const server = await start('here', 'allowTLS')
    t.after(() => server.stop())
    const client = new MongoClient(server.uri)
    await client.db('admin').command({ setParameter: 1, tlsMode: 'preferTLS' })
    await client.db('admin').command({ setParameter: 1, tlsMode: 'requireTLS' })
    await client.close()
    await finds('tls-required', { remedy: /Add tls=true/, env: url(server.host) })
  })

  test('tls-not-spoken: a server without it', async () => {
    const [, host] = /\/\/([^/]+)\//.exec(testUrl())
    await finds('tls-not-spoken', { remedy: /take tls=true away/, env: url(host, '&tls=true') })
  })
})
