'use strict'

// What a connection string and `mongoOptions` can say, to servers that would notice if they were ignored.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')
const { MongoClient } = require('mongodb')

const { runScript } = require('../helpers/child')
const { startReplicaSet, startStandalone } = require('../helpers/mongod')
const { DATABASE, LegacyStore, makeSession, MongoStore, testUrl } = require('../helpers/stores')

const COLLECTION = 'connection_strings'

/** Opens a store, uses it and closes it; `check` sees it in between. */
async function use (mongoUrl, options, check = () => {}) {
  const store = MongoStore.create({ mongoUrl, collectionName: COLLECTION, autoRemove: 'disabled', ...options })
  try {
    await store.set('a', makeSession({ n: 1 }))
    assert.equal((await store.get('a')).n, 1)
    return await check(store)
  } finally {
    await store.close()
  }
}

describe('credentials', () => {
  let server

  before(async () => {
    const users = [{ createUser: 'user12345', pwd: 'p@ss:/word', roles: ['readWrite'], database: DATABASE }]
    server = await startStandalone({ users })
  })
  after(() => server?.stop())

  const url = (query, credentials = 'user12345:p%40ss%3A%2Fword@') =>
    `mongodb://${credentials}${server.host}/${DATABASE}${query}`

  test('are in the URL, or in mongoOptions.auth', async () => {
    await use(url(''))
    await use(url('', ''), { mongoOptions: { auth: { username: 'user12345', password: 'p@ss:/word' } } })
  })

  test('authSource names the database that has the user', async () => {
    await use(`mongodb://user12345:p%40ss%3A%2Fword@${server.host}/?authSource=${DATABASE}`, { dbName: DATABASE })
    await assert.rejects(use(url('?authSource=admin')), { name: 'MongoServerError', code: 18 })
  })

  test('both SCRAM mechanisms work', async () => {
    await use(url('?authMechanism=SCRAM-SHA-256'))
    await use(url('?authMechanism=SCRAM-SHA-1')).catch(error => assert.equal(error.code, 18))
  })
})

describe('compressors', () => {
  let client

  before(async () => { client = await MongoClient.connect(testUrl()) })
  after(() => client?.close())

  for (const compressor of ['zstd', 'zlib', 'snappy']) {
    test(`${compressor} compresses what is sent`, async () => {
      const compressed = async () => {
        const { network } = await client.db('admin').command({ serverStatus: 1 })
        return Number(network.compression[compressor].decompressor.bytesIn)
      }
      const before = await compressed()
      const text = 'x'.repeat(10_000)
      const store = MongoStore.create({
        mongoUrl: `${testUrl()}?compressors=${compressor}`, collectionName: COLLECTION, autoRemove: 'disabled'
      })
      await store.set('a', makeSession({ text }))
      assert.equal((await store.get('a')).text, text)
      await store.close()
      assert.ok(await compressed() > before)
    })
  }
})

describe('replica sets', () => {
  let set

  before(async () => { set = await startReplicaSet({ count: 2, electionTimeoutMS: 10_000 }) })
  after(() => set?.stop())

  test('one member is enough to find the others', async () => {
    const secondary = set.members.at(-1)
    await use(`mongodb://${secondary.host}/${DATABASE}?replicaSet=testset`)
  })

  test('the read preference decides who is read from', async () => {
    const secondary = await findSecondary(set)
    const reads = async () => {
      const { opcounters } = await secondary.db('admin').command({ serverStatus: 1 })
      return opcounters.query
    }
    const url = set.uri.replace('/?', `/${DATABASE}?`)
    await use(`${url}&w=2`, {}, async store => {
      const before = await reads()
      for (let n = 0; n < 20; n++) await store.get('a')
      assert.ok(await reads() - before < 15, 'the primary is read from by default')
    })
    await use(`${url}&w=2&readPreference=secondary`, {}, async store => {
      const before = await reads()
      for (let n = 0; n < 20; n++) await store.get('a')
      assert.ok(await reads() - before >= 20)
    })
    await secondary.close()
  })

  test('a write concern that cannot be met is the error of the write', async () => {
    const mongoUrl = set.uri.replace('/?', `/${DATABASE}?`)
    await assert.rejects(use(`${mongoUrl}&w=3&wtimeoutMS=200`), { name: 'MongoServerError' })
    const writeOperationOptions = { w: 3, wtimeout: 200 }
    await assert.rejects(use(mongoUrl, { writeOperationOptions }), { name: 'MongoServerError' })
    await use(`${mongoUrl}&w=3&wtimeoutMS=200`, { writeOperationOptions: { w: 1 } })
  })
})

async function findSecondary (set) {
  for (const { uri } of set.members) {
    const client = await MongoClient.connect(uri, { directConnection: true })
    const { secondary } = await client.db('admin').command({ hello: 1 })
    if (secondary) return client
    await client.close()
  }
  throw new Error('No secondary.')
}

test('w: 0 sends without waiting for a reply', async () => {
  const events = []
  const store = MongoStore.create({
    mongoUrl: `${testUrl()}?w=0`, collectionName: `${COLLECTION}_w0`, autoRemove: 'disabled'
  })
  store.on('create', () => events.push('create')).on('update', () => events.push('update'))
  await store.set('new', makeSession({ n: 1 }))
  await store.touch('nobody', makeSession())
  assert.equal((await store.get('new')).n, 1)
  await store.destroy('new')
  assert.equal(await store.get('new'), null)
  assert.deepEqual(events, ['update'])
  await store.close()
})

test('the database is dbName, that of the URL, or test', async () => {
  const client = await MongoClient.connect(testUrl())
  const host = testUrl().replace(/\/[^/]*$/, '/')
  const has = async name => await client.db(name).collection('database_name').countDocuments({ _id: 'a' }) === 1
  for (const [mongoUrl, dbName, expected] of [
    [host, undefined, 'test'], [`${host}${DATABASE}`, undefined, DATABASE], [`${host}other`, DATABASE, DATABASE]
  ]) {
    await client.db(expected).collection('database_name').deleteMany({})
    const store = MongoStore.create({ mongoUrl, dbName, collectionName: 'database_name', autoRemove: 'disabled' })
    await store.set('a', makeSession())
    assert.ok(await has(expected))
    await store.close()
  }
  await client.db('test').collection('database_name').drop()
  await client.close()
})

describe('TLS', () => {
  let folder
  let server
  const file = name => path.join(folder, name)
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })

  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'connect-mongo-tls-'))
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=Test CA', '-keyout', 'ca.key', '-out', 'ca.pem')
    for (const name of ['server', 'client']) {
      fs.writeFileSync(file(`${name}.ext`), 'subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n')
      openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}/O=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
      openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`, '-out', `${name}.crt`)
      fs.writeFileSync(file(`${name}.pem`), fs.readFileSync(file(`${name}.crt`), 'utf8') + fs.readFileSync(file(`${name}.key`), 'utf8'))
    }
    server = await startStandalone({
      // The runner's own connections have no certificate.
      args: ['--tlsMode', 'preferTLS', '--tlsCertificateKeyFile', file('server.pem'), '--tlsCAFile', file('ca.pem'),
        '--tlsAllowConnectionsWithoutCertificates']
    })
  })
  after(async () => {
    await server?.stop()
    fs.rmSync(folder, { recursive: true })
  })

  const url = query => `mongodb://${server.host}/${DATABASE}?tls=true&serverSelectionTimeoutMS=1500${query}`
  const query = values => Object.entries(values).map(([name, value]) => `&${name}=${encodeURIComponent(value)}`).join('')

  test('tlsCAFile is trusted, and no other authority is', async () => {
    await use(url(query({ tlsCAFile: file('ca.pem') })))
    await assert.rejects(use(url('')), error => {
      assert.equal(error.name, 'MongoServerSelectionError')
      assert.match(error.message, /certificate/i)
      return true
    })
  })

  test('certificates may be given as buffers, as to the Node.js driver', async () => {
    await use(url(''), { mongoOptions: { ca: fs.readFileSync(file('ca.pem')) } })
    await use(url(''), {
      mongoOptions: {
        ca: [fs.readFileSync(file('ca.pem'))], cert: fs.readFileSync(file('client.crt')), key: fs.readFileSync(file('client.key'))
      }
    })
  })

  test('a client certificate identifies', async () => {
    await use(url(query({ tlsCAFile: file('ca.pem'), tlsCertificateKeyFile: file('client.pem') })))
  })

  test('tlsAllowInvalidCertificates trusts everybody', async () => {
    await use(url('&tlsAllowInvalidCertificates=true'))
  })

  test('the names of driver 3.x are understood', async () => {
    const store = new LegacyStore({
      url: `mongodb://${server.host}/${DATABASE}?ssl=true`,
      collection: COLLECTION,
      mongoOptions: { sslCA: fs.readFileSync(file('ca.pem')), useNewUrlParser: true, useUnifiedTopology: true }
    })
    await store.set('a', makeSession({ n: 1 }))
    await store.close()
  })

  test('NODE_EXTRA_CA_CERTS is honoured', async () => {
    const { code, stderr } = await runScript(`
      const store = MongoStore.create({ mongoUrl: ${JSON.stringify(url(''))}, autoRemove: 'disabled' })
      store.ping().then(() => store.close())
    `, { env: { NODE_EXTRA_CA_CERTS: file('ca.pem') } })
    assert.equal(code, 0, stderr)
  })

  test('no directory that can be written is needed for it, nor for certificates in buffers', async t => {
    if (process.platform !== 'linux') return t.skip('files without a directory are of Linux')
    const { code, stderr } = await runScript(`
      const ca = require('node:fs').readFileSync(${JSON.stringify(file('ca.pem'))})
      const open = options => MongoStore.create({ mongoUrl: ${JSON.stringify(url(''))}, autoRemove: 'disabled', ...options })
      const stores = [open({}), open({ mongoOptions: { ca } })]
      Promise.all(stores.map(store => store.ping().then(() => store.close())))
    `, { env: { NODE_EXTRA_CA_CERTS: file('ca.pem'), TMPDIR: '/there/is/none' } })
    assert.equal(code, 0, stderr)
  })
})
