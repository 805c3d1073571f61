'use strict'

// What cluster.test.js runs: a primary with workers, each of which is busy with sessions. Arguments: rounds.

const cluster = require('node:cluster')
const { once } = require('node:events')
const { setTimeout: sleep } = require('node:timers/promises')

const MongoStore = require('../..')

const OPTIONS = { mongoUrl: process.env.TEST_URL, collectionName: 'cluster', autoRemove: 'disabled' }
const PER_WORKER = 200

/** Ways for a worker to end, and how it has ended then. */
const ENDS = [
  ['killed', worker => worker.process.kill('SIGKILL'), (code, signal) => signal === 'SIGKILL'],
  ['terminated', worker => worker.process.kill('SIGTERM'), (code, signal) => signal === 'SIGTERM'],
  ['disconnected', worker => worker.disconnect(), code => code === 0],
  ['told to exit', worker => worker.send('exit'), code => code === 7]
]

if (cluster.isPrimary) primary(Number(process.argv[2]))
else work()

async function primary (rounds) {
  // The primary has sessions, too.
  const store = MongoStore.create(OPTIONS)
  for (let round = 0; round < rounds; round++) {
    await Promise.all(ENDS.map(async ([name, end, isRight]) => {
      const worker = cluster.fork({ ROUND: String(round) })
      const exited = once(worker, 'exit')
      await once(worker, 'message')
      await sleep(Math.random() * 30)
      end(worker)
      const [code, signal] = await exited
      if (!isRight(code, signal)) throw new Error(`A worker that was ${name} ended with ${signal ?? code}`)
    }))
    await store.set(`round-${round}`, { cookie: {}, round })
    if ((await store.get(`round-${round}`)).round !== round) throw new Error('The primary has lost its session')
  }
  await store.close()
  console.log('all rounds')
}

async function work () {
  const store = MongoStore.create(OPTIONS)
  await store.set('first', { cookie: {} })
  process.on('message', () => process.exit(7))
  process.on('disconnect', () => {})
  process.send('busy')
  for (let n = 0; n < PER_WORKER; n++) store.set(`${process.pid}-${n}`, { cookie: {}, n }).catch(() => {})
}
