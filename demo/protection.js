'use strict'

const express = require('express')
const helmet = require('helmet')

/** What every site should have, whatever its store: nothing foreign runs in its pages, or sends its forms. */
function protection () {
  const router = express.Router()
  router.use(helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        fontSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"]
      }
    },
    // With helmet's 'no-referrer', browsers send the demo's own forms with `Origin: null`.
    referrerPolicy: { policy: 'same-origin' },
    // The demo is plain HTTP on this machine, and so are other projects on it.
    strictTransportSecurity: false
  }))
  router.use(ownHost, sameOrigin)
  return router
}

/** A foreign name that leads to this machine would make a foreign page the same origin. */
function ownHost (req, res, next) {
  if (['127.0.0.1', 'localhost'].includes(req.hostname)) return next()
  res.status(403).send('The demo is for this machine alone.')
}

/**
 * Another site's page can send requests here, and the browser adds the cookies. Those that change anything
 * must come from the demo's own pages, or from what is no browser and has no cookies of others.
 */
function sameOrigin (req, res, next) {
  const own = `${req.protocol}://${req.get('host')}`
  const { origin = own, 'sec-fetch-site': site = 'same-origin' } = req.headers
  const allowed = origin === own && ['same-origin', 'none'].includes(site)
  if (allowed || ['GET', 'HEAD'].includes(req.method)) return next()
  res.status(403).send('This request comes from another site.')
}

module.exports = { protection }
