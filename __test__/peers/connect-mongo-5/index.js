'use strict'

module.exports = require('connect-mongo')
