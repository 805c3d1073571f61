'use strict'

// What a path leads to that this package does not have, nor any release of the packages that it replaces.

const error = new Error("connect-mongo-native has no such path. Write require('connect-mongo-native')(require('express-session')) " +
  "as with connect-mongo up to 3.x, require('connect-mongo-native').create({ mongoUrl }) as from 4.x on, or " +
  "require('connect-mongo-native/session-mongoose')(require('express-session'))")
error.code = 'ERR_PACKAGE_PATH_NOT_EXPORTED'
throw error
