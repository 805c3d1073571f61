'use strict'

// What threads.test.js runs: worker threads, four at a time, which end in one way while they are busy.
// Arguments: how many, the way, the backend.

const fs = require('node:fs')
const { setTimeout: sleep } = require('node:timers/promises')
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads')

const MongoStore = require('../..')

const AT_ONCE = 4
const OPERATIONS = 100
const COLLECTION = { collectionName: 'threads', autoRemove: 'disabled' }

function open (backend) {
  const url = process.env.TEST_URL
  if (backend === 'core') return MongoStore.create({ mongoUrl: url, ...COLLECTION })
  const { MongoClient } = require('mongodb')
  return MongoStore.create({ client: new MongoClient(url), ...COLLECTION })
}

if (isMainThread) main(Number(process.argv[2]), process.argv[3], process.argv[4])
else work(workerData)

async function main (count, end, backend) {
  const store = open('core')
  const left = Array.from({ length: count }, (_, n) => n).values()
  await store.set('mine', { cookie: {}, n: 1 })
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const n of left) {
      await one(n, end, backend)
      if ((await store.get('mine')).n !== 1) throw new Error('the main thread has lost its session')
    }
  }))
  await store.close()
  await isWhole()
  console.log('whole')
}

async function one (n, end, backend) {
  const worker = new Worker(__filename, { workerData: { end, backend, wait: (n * 7) % 40 } })
  // `once` would reject by the error of a worker that throws.
  const heard = event => new Promise(resolve => worker.on(event, resolve))
  const [ready, exited, failed] = ['message', 'exit', 'error'].map(heard)
  await Promise.race([ready, failed])
  if (end === 'terminate') {
    await sleep((n * 7) % 40)
    await worker.terminate()
  }
  const code = await exited
  if (end === 'throw') {
    const error = await failed
    if (error.message !== 'on purpose') throw error
  }
  const right = { return: 0, exit: 7, throw: 1 }[end]
  if (right !== undefined && code !== right) throw new Error(`a worker ended with ${code}`)
}

/** Threads of the core that worker threads have started end with the last store. */
async function isWhole () {
  if (process.platform !== 'linux') return
  for (let attempt = 0; ; attempt++) {
    const names = fs.readdirSync('/proc/self/task').map(task => {
      try {
        return fs.readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim()
      } catch {
        return '' // it has ended meanwhile
      }
    })
    const ours = names.filter(name => name.startsWith('connect-mongo'))
    // Of the main thread's environment, which has not ended: its I/O, and deadlines.
    if (ours.length <= 2) return
    if (attempt === 100) throw new Error(`threads are left: ${ours.join()}`)
    await sleep(50)
  }
}

async function work ({ end, backend, wait }) {
  const store = open(backend)
  parentPort.postMessage('ready')
  for (let n = 0; n < OPERATIONS; n++) {
    store.set(`${wait}-${n}`, { cookie: {}, n }).catch(() => {})
    store.get(`${wait}-${n}`).catch(() => {})
  }
  if (end === 'terminate') return void setInterval(() => {}, 1000)
  await sleep(wait)
  if (end === 'exit') process.exit(7)
  if (end === 'throw') throw new Error('on purpose')
  // A client of the app's keeps its thread alive.
  if (end === 'return' && backend === 'client') await store.close()
}
