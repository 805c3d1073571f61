'use strict'

// require('connect-mongo-native/session-mongoose')(connect): the store class of session-mongoose.
module.exports = require('./lib/factory').sessionMongoose
