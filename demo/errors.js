'use strict'

const path = require('node:path')

const files = path.join(__dirname, 'public')

/** The store's errors while there is no server, or while one is lost. They are the Node.js driver's names. */
const AWAY = ['MongoServerSelectionError', 'MongoNetworkError', 'MongoOperationTimeoutError']

/** 503 with a page that goes on by itself when MongoDB is back; 500 for what is a mistake of ours. */
function errors () {
  return (error, req, res, next) => {
    if (res.headersSent) return next(error)
    const away = AWAY.includes(error.name)
    const status = away ? 503 : (error.status ?? 500)
    if (status === 500) console.error(error)
    res.status(status)
    if (!away) return res.send(status === 500 ? 'Something went wrong.' : error.message)
    res.set({ 'Retry-After': '2', 'Cache-Control': 'no-store' })
    if (req.accepts(['json', 'html']) === 'html') return res.sendFile('away.html', { root: files })
    res.json({ error: 'MongoDB is away.' })
  }
}

module.exports = { errors }
