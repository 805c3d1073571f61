'use strict'

// Calls the handler of the example in the current folder twice, as a platform calls a warm instance, and
// prints what it returns.

const path = require('node:path')

async function callTwice () {
  const { handler } = require(path.resolve('handler.js'))
  const event = () => JSON.parse(process.env.EVENT)
  const results = [await handler(event(), {}), await handler(event(), {})]
  console.log(JSON.stringify(results))
}

callTwice()
