'use strict'

// The addon of each platform, in a package of its own. Literal names: tools that trace `require` find them.
const packages = {
  'darwin-arm64': () => require('connect-mongo-native-darwin-arm64'),
  'darwin-x64': () => require('connect-mongo-native-darwin-x64'),
  'linux-arm64-gnu': () => require('connect-mongo-native-linux-arm64-gnu'),
  'linux-arm64-musl': () => require('connect-mongo-native-linux-arm64-musl'),
  'linux-x64-gnu': () => require('connect-mongo-native-linux-x64-gnu'),
  'linux-x64-musl': () => require('connect-mongo-native-linux-x64-musl'),
  'win32-arm64-msvc': () => require('connect-mongo-native-win32-arm64-msvc'),
  'win32-x64-msvc': () => require('connect-mongo-native-win32-x64-msvc')
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
