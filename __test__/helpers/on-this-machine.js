'use strict'

// Loaded before an example: whatever it listens on, it does so for this machine alone.

const net = require('node:net')

const { listen } = net.Server.prototype

net.Server.prototype.listen = function (where, ...rest) {
  const port = typeof where === 'object' ? where?.port : where
  if (!/^\d+$/.test(port)) return listen.call(this, where, ...rest)
  const callback = rest.find(argument => typeof argument === 'function')
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, callback)
}
