'use strict'

const { RedisStore } = require('connect-redis')
const { createClient } = require('redis')

exports.open = async ({ redis }) => {
  const client = await createClient({ url: redis }).connect()
  return { store: new RedisStore({ client }), close: () => client.close() }
}
