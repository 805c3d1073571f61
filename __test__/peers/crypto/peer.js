'use strict'

// One connect-mongo in a process of its own. Its argument, { connectMongo, kruptein, adapter, options }, says
// which, and with which kruptein. It gets lists of calls as messages, and sends back their outcomes.

const Module = require('node:module')
const path = require('node:path')

const { connectMongo, kruptein, adapter, options } = JSON.parse(process.argv[2])

if (kruptein) {
  const resolve = Module._resolveFilename
  Module._resolveFilename = function (request, ...rest) {
    return request === 'kruptein' ? require.resolve(kruptein) : resolve.call(this, request, ...rest)
  }
}

const store = open()

function open () {
  if (connectMongo === 'connect-mongo-3') {
    const session = require('express-session')
    const { mongoUrl: url, collectionName: collection, crypto: { secret }, ...rest } = options
    return new (require('connect-mongo-3')(session))({ url, collection, secret, ...rest })
  }
  const found = require(connectMongo === 'connect-mongo-4' ? path.join(__dirname, 'node_modules/connect-mongo') : connectMongo)
  const { create } = found.MongoStore ?? found
  if (!adapter) return create(options)
  const { crypto: { secret }, ...rest } = options
  return create({ ...rest, cryptoAdapter: found.createWebCryptoAdapter({ secret }) })
}

// Some call back twice when they cannot decrypt: the first time counts.
const call = ([method, ...args]) => new Promise(resolve => {
  store[method](...args, (error, value) => resolve(error ? { error: String(error.message ?? error) } : { value }))
})

process.on('message', async calls => {
  const outcomes = []
  for (let i = 0; i < calls.length; i += 8) outcomes.push(...await Promise.all(calls.slice(i, i + 8).map(call)))
  process.send(outcomes)
})
process.on('unhandledRejection', () => {})
