'use strict'

/* eslint-disable @stylistic/max-statements-per-line -- a table */

/**
 * The addon of each platform, in a package of its own. Literal names, each in a `try` of its own: tools that
 * bundle apps take along what is installed, and do not mind that the others are not.
 */
const packages = {
  'darwin-arm64': () => { try { return require('connect-mongo-native-darwin-arm64') } catch (error) { return failed(error) } },
  'darwin-x64': () => { try { return require('connect-mongo-native-darwin-x64') } catch (error) { return failed(error) } },
  'linux-arm64-gnu': () => { try { return require('connect-mongo-native-linux-arm64-gnu') } catch (error) { return failed(error) } },
  'linux-arm64-musl': () => { try { return require('connect-mongo-native-linux-arm64-musl') } catch (error) { return failed(error) } },
  'linux-x64-gnu': () => { try { return require('connect-mongo-native-linux-x64-gnu') } catch (error) { return failed(error) } },
  'linux-x64-musl': () => { try { return require('connect-mongo-native-linux-x64-musl') } catch (error) { return failed(error) } },
  'win32-arm64-msvc': () => { try { return require('connect-mongo-native-win32-arm64-msvc') } catch (error) { return failed(error) } },
  'win32-x64-msvc': () => { try { return require('connect-mongo-native-win32-x64-msvc') } catch (error) { return failed(error) } }
}

/* eslint-enable @stylistic/max-statements-per-line */

function failed (error) {
  throw error
}

/** This machine's name in `packages`; on a platform without a package, the name that one would have. */
function currentPlatform () {
  const { platform, arch } = process
  if (platform === 'linux') return `linux-${arch}-${isMusl() ? 'musl' : 'gnu'}`
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`
}

function isMusl () {
  const { excludeNetwork } = process.report
  // Otherwise the report looks up the name of every open connection's peer, which can take seconds.
  process.report.excludeNetwork = true
  try {
    return !process.report.getReport().header.glibcVersionRuntime
  } finally {
    process.report.excludeNetwork = excludeNetwork
  }
}

module.exports = { packages, currentPlatform, isMusl }
