'use strict'

// Chromium without a window, for the tests of the demo.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const axe = require('axe-core')
const { chromium } = require('playwright-core')

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

/**
 * What the tests of a machine without a browser say. .ci/run sets CHROMIUM_REQUIRED, where none are left
 * out.
 */
const MISSING = 'There is no Chromium on the path (Debian: apt-get install chromium). CHROMIUM_BINARY may name one.'

/** The path of a Chromium; undefined where there is none. */
function findChromium () {
  const { CHROMIUM_BINARY, PATH = '' } = process.env
  if (CHROMIUM_BINARY) return CHROMIUM_BINARY
  const files = PATH.split(path.delimiter).flatMap(folder => NAMES.map(name => path.join(folder, name)))
  return files.find(file => fs.existsSync(file))
}

/** For a test's `skip`: false, or why. */
function withoutBrowser () {
  if (findChromium() || process.env.CHROMIUM_REQUIRED) return false
  return MISSING
}

function launch () {
  const executablePath = findChromium()
  assert.ok(executablePath, MISSING)
  // Chromium has no sandbox for root, as whom tests run in containers. It sees the demo's own pages alone.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath, args })
}

/** Fails with what axe-core finds wrong with the page as it is, by the rules of WCAG 2.2 AA and its own. */
async function assertAccessible (page, title) {
  // Not as a script of the page, which its policy refuses.
  await page.evaluate(axe.source)
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
  assert.ok(passes.length > 10, 'axe has looked at something')
  const found = violations.map(({ id, help, nodes }) => [`${id}: ${help}`, ...nodes.map(({ html }) => html)])
  assert.deepEqual(found, [], title)
}

/** Writes a picture of the whole page. WebP: a PNG is twice as large. */
async function screenshot (page, file) {
  await page.evaluate(() => scrollTo(0, 0))
  const [width, height] = await page.evaluate(() => [innerWidth, document.documentElement.scrollHeight])
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', {
    format: 'webp', quality: 80, captureBeyondViewport: true, clip: { x: 0, y: 0, width, height, scale: 1 }
  })
  await session.detach()
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, Buffer.from(data, 'base64'))
}

module.exports = { assertAccessible, launch, screenshot, withoutBrowser }
