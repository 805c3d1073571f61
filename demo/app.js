'use strict'

const path = require('node:path')
const express = require('express')
const { account } = require('./account')
const { baskets } = require('./baskets')
const { devices } = require('./devices')
const { errors } = require('./errors')
const { protection } = require('./protection')
const { sessions } = require('./sessions')

const files = path.join(__dirname, 'public')

/** Served from what npm has installed: the page asks no other host for anything. */
const LIBRARIES = [
  'uplot/dist/uPlot.esm.js',
  'uplot/dist/uPlot.min.css',
  '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2',
  '@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2'
].map(name => require.resolve(name))

function createApp ({ stores, secret, live, mongodb, burst, secondProcess }) {
  const app = express()
  app.use(protection())

  // Before the session's middleware: all of this works while MongoDB is away.
  app.use(express.static(files, { index: false }))
  for (const file of LIBRARIES) {
    const { dir: root, base } = path.parse(file)
    app.get(`/libraries/${base}`, (req, res) => res.sendFile(base, { root, maxAge: '1d' }))
  }
  app.get('/events', live.connect)
  app.use('/mongodb', mongodb.routes())
  app.use('/burst', burst.routes())
  app.use('/second-process', secondProcess.routes())

  app.use('/baskets', baskets({ stores, secret }))

  app.use(sessions({ store: stores.merged, secret, name: 'demo' }))
  app.get('/', (req, res) => {
    res.set('Cache-Control', 'no-store') // it differs by who asks
    if (!req.session.user) return res.sendFile('login.html', { root: files })
    req.session.visits += 1
    res.sendFile('demo.html', { root: files })
  })
  app.use(account())
  app.use('/devices', devices({ store: stores.merged }))

  app.use(errors())
  return app
}

module.exports = { createApp }
