'use strict'

// What `npm run bench` starts, on the MongoDB server in MONGODB_URL. README.md says how to read it.

const os = require('node:os')
const { MongoClient } = require('mongodb')
const { main } = require('../scripts/run')
const { readOptions } = require('./options')
const { startRedis } = require('./redis')
const { DATABASE } = require('./sessions')
const { labels } = require('./stores')

const SUITES = {
  stores: require('./suites/stores'),
  express: require('./suites/express'),
  network: require('./suites/network')
}

main(async () => {
  const options = readOptions(process.argv.slice(2))
  if (!process.env.MONGODB_URL) throw new Error('MONGODB_URL is not set: run this as `npm run bench`.')

  const ending = new AbortController()
  let interrupted = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      interrupted = true
      ending.abort()
    })
  }
  try {
    await compare(options, ending.signal)
  } catch (error) {
    if (interrupted) return 130
    throw error
  } finally {
    ending.abort() // ends what a failure left running
  }
})

async function compare (options, signal) {
  const suite = SUITES[options.suite]
  const redis = options.stores.includes('connect-redis') ? await startRedis(signal) : null
  const stores = options.stores.filter(store => store !== 'connect-redis' || redis !== null)
  if (stores.length < options.stores.length) console.error('There is no redis-server on the path: connect-redis is left out.')

  const urls = { mongo: process.env.MONGODB_URL, redis: redis?.url }
  try {
    const names = labels(stores, options.before)
    const figures = await suite.run({ ...options, stores, urls, signal, progress: line => console.error(line) })
    if (options.json) console.log(JSON.stringify({ ...setting(), names, ...figures }, null, 2))
    else console.log(['', described(setting()), '', suite.report(figures, names)].join('\n'))
  } finally {
    await redis?.stop()
    await dropDatabase(urls.mongo)
  }
}

async function dropDatabase (url) {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 2000 })
  try {
    await client.db(DATABASE).dropDatabase()
  } catch {
    // The server has gone, which must not hide what came of it.
  } finally {
    await client.close()
  }
}

function setting () {
  const cpus = os.cpus()
  return {
    date: new Date().toISOString(),
    node: process.version,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    cpus: `${cpus.length} × ${cpus[0]?.model.trim()}`,
    threadTimes: process.platform === 'linux'
  }
}

function described ({ date, node, system, cpus, threadTimes }) {
  const line = `${date.slice(0, 10)}, Node.js ${node}, ${system}, ${cpus}`
  return threadTimes ? line : `${line}\nJS thread: this system tells no thread's time, so it is that of all threads.`
}
