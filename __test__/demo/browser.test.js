'use strict'

// The demo as its visitors have it, in Chromium. One story, each test a part of it. The screenshots of the
// README are made here: UPDATE_SCREENSHOTS=1 npm test -- __test__/demo/browser.test.js

const assert = require('node:assert/strict')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')

const { assertAccessible, launch, screenshot, withoutBrowser } = require('../helpers/browser')
const { demoData, startDemo } = require('../helpers/demo')

const SCHEMES = ['light', 'dark']
const WIDTHS = [400, 1200]
const PICTURES = path.join(__dirname, '../../target/screenshots')
/** Those that the README shows. */
const SHOWN = path.join(__dirname, '../../docs/images')

/** The machine may be busy. What is promised within a time is measured apart. */
const PATIENCE_MS = 30_000

describe('the demo in a browser', { skip: withoutBrowser() }, () => {
  const data = demoData()
  const complaints = []
  let demo
  let browser
  let context
  let page

  before(async () => {
    [demo, browser] = await Promise.all([startDemo(data), launch()])
    context = await browser.newContext({ viewport: { width: 1200, height: 800 }, reducedMotion: 'reduce' })
    context.setDefaultTimeout(PATIENCE_MS)
    context.on('console', message => { if (message.type() === 'error') complaints.push(message.text()) })
    context.on('weberror', error => complaints.push(String(error.error())))
    page = await context.newPage()
  })

  after(async () => {
    await browser?.close()
    await demo?.stop()
    data.remove()
  })

  const textOf = id => page.locator(`#${id}`).textContent()
  const settled = (id, expected) => page.locator(`#${id}`, { hasText: expected }).waitFor()
  const lit = (state, on = page) => on.locator(`#light[data-state=${state}]`).waitFor()

  /** The page in both schemes, on a phone and on a desktop: no barriers, nothing that is cut off. */
  async function lookAround (name) {
    for (const colorScheme of SCHEMES) {
      for (const width of WIDTHS) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 800 })
        await page.evaluate(drawn)
        const title = `${name}-${colorScheme}-${width}`
        await assertAccessible(page, title)
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, `${title} scrolls sideways`)
        await screenshot(page, path.join(PICTURES, `${title}.webp`))
        if (process.env.UPDATE_SCREENSHOTS && name === 'demo') await screenshot(page, path.join(SHOWN, `${title}.webp`))
      }
    }
    await page.emulateMedia({ colorScheme: 'light' })
  }

  test('without a session there is no cookie, and the page asks for a name', async () => {
    await page.goto(demo.url)
    await lit('on')
    assert.deepEqual(await context.cookies(), [])
    await lookAround('login')
  })

  test('a visitor logs in, by the keyboard alone', async () => {
    await page.goto(demo.url)
    assert.equal(await page.evaluate(() => document.activeElement.id), 'user')
    await page.keyboard.type('<b>Ada</b>')
    await page.keyboard.press('Enter')
    await settled('hello', 'Hello, <b>Ada</b>.')
    await page.getByRole('button', { name: 'Log out', exact: true }).press('Enter')
    await page.locator('#user').pressSequentially('Ada')
    await page.keyboard.press('Enter')
    await settled('hello', 'Hello, Ada.')
    assert.equal(await textOf('visits'), '1')
    const [cookie] = await context.cookies()
    assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ['demo', true, 'Lax'])
  })

  test('the keyboard reaches everything, in the order of the page, and shows where it is', async () => {
    const reached = []
    await page.reload()
    await lit('on')
    for (;;) {
      await page.keyboard.press('Tab')
      const { name, outline } = await page.evaluate(() => {
        const { activeElement: element } = document
        return {
          name: element === document.body ? null : (element.id || element.textContent.trim() || element.ariaLabel),
          outline: getComputedStyle(element).outlineStyle
        }
      })
      if (name === null || reached.includes(name)) break
      assert.notEqual(outline, 'none', name)
      reached.push(name)
    }
    assert.deepEqual(reached.filter(name => !/^5,000/.test(name)), [
      'Skip to the demo', 'Log out', 'more-devices', 'everywhere', 'fill', 'second-window', 'burst', 'stop', 'start', 'Reload the page'
    ])
  })

  test('logging out everywhere else sends the other browser back to the login', async () => {
    const elsewhere = await browser.newContext()
    const other = await elsewhere.newPage()
    await other.goto(demo.url)
    await other.locator('#user').fill('Ada')
    await other.locator('#user').press('Enter')
    await lit('on', other)
    await page.click('#more-devices')
    await settled('devices-status', 'Logged in on 5 devices.')
    await page.click('#everywhere')
    await settled('devices-status', 'Logged out on 4 other devices.')
    assert.equal(await page.locator('#devices li').count(), 1)
    await other.click('#fill')
    await other.locator('h2', { hasText: 'Log in' }).waitFor()
    await elsewhere.close()
    await page.click('#more-devices')
    await settled('devices-status', 'Logged in on 4 devices.')
  })

  test('two windows and a second process fill a basket at once: merged, it holds all; else it does not', async () => {
    const opened = context.waitForEvent('page')
    await page.click('#second-window')
    const second = await opened
    await lit('on', second)
    await page.bringToFront()
    await lit('on')
    await page.click('#fill')
    await settled('basket-status', 'Merged:')
    assert.equal(await page.locator('#merged .kept b').textContent(), '36 of 36')
    assert.equal(await page.locator('#merged .lost').count(), 0)
    const [, kept] = /^(\d+) of 36$/.exec(await page.locator('#overwritten .kept b').textContent())
    assert.ok(Number(kept) < 36, `${kept} of 36`)
    assert.equal(await page.locator('#overwritten .lost').count(), 36 - kept)
    await second.locator('#merged .kept', { hasText: '36 of 36' }).waitFor()
    await second.close()
  })

  test('a burst of 5,000 requests takes a fraction of the commands of connect-mongo 6', async () => {
    await page.click('#burst')
    await page.locator('#burst-status', { hasText: /done in|did not/ }).waitFor({ timeout: 240_000 })
    const [, operations, ours, theirs] = /^([\d,]+) operations in ([\d,]+) commands, where connect-mongo 6 sent ([\d,]+)/
      .exec(await textOf('burst-status')).map(text => Number(text.replaceAll(',', '')))
    assert.deepEqual([operations, theirs], [10_000, 10_000])
    assert.ok(ours < 5000, `${ours} commands`)
    for (const id of ['latency', 'delay', 'sent']) {
      assert.match(await page.locator(`#${id}`).getAttribute('aria-label'), /connect-mongo-native at most .+, connect-mongo 6 at most/)
      const colors = await page.locator(`#${id} canvas`).evaluate(linesOf)
      assert.ok(colors.every(pixels => pixels > 20), `${id} shows a line for each: ${colors} pixels`)
    }
    await lookAround('demo')
  })

  test('with the app server away the page says so; it comes back, and the visitor is still logged in', async () => {
    const process = await textOf('process')
    await demo.stop()
    await lit('off')
    assert.equal(await textOf('light'), 'The app server is away')
    demo = await startDemo({ ...data, port: demo.port })
    await lit('on')
    await page.goto(demo.url)
    await settled('hello', 'Hello, Ada.')
    await page.locator('#process', { hasText: /\d/ }).waitFor()
    assert.notEqual(await textOf('process'), process)
  })

  test('with MongoDB stopped a friendly page is there', async t => {
    const began = performance.now()
    await page.click('#stop')
    await Promise.all([lit('off'), page.locator('#outage').waitFor()])
    const response = await page.goto(demo.url)
    await page.locator('h1', { hasText: 'Back in a moment.' }).waitFor()
    const tookMS = Math.round(performance.now() - began)
    t.diagnostic(`${tookMS} ms from the button to the page; on an idle machine it is less than 2 s`)
    assert.equal(response.status(), 503)
    assert.ok(tookMS < 20_000, `${tookMS} ms`)
    await page.locator('#start').waitFor()
    await lookAround('away')
  })

  test('MongoDB is started, and the page goes on by itself', async () => {
    await page.click('#start')
    await settled('hello', 'Hello, Ada.')
    await lit('on')
    await page.click('#fill')
    await settled('basket-status', 'Merged: 24 of 24')
  })

  test('a visitor logs out', async () => {
    await page.getByRole('button', { name: 'Log out', exact: true }).click()
    await page.locator('h2', { hasText: 'Log in' }).waitFor()
  })

  test('the browser complained of nothing but what was away', () => {
    const away = /status of 503|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET/
    assert.deepEqual(complaints.filter(text => !away.test(text)), [])
  })
})

/** Runs in the page: resolves when it has been drawn. */
function drawn () {
  return new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))
}

/** Runs in the page: how many pixels of a chart have the colour of each store. */
function linesOf (canvas) {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  const probe = document.body.appendChild(document.createElement('span'))
  const counts = ['--ours', '--theirs'].map(property => {
    probe.style.color = `var(${property})`
    const color = getComputedStyle(probe).color.match(/\d+/g).map(Number)
    let pixels = 0
    for (let index = 0; index < data.length; index += 4) {
      if (color.every((value, channel) => Math.abs(data[index + channel] - value) < 8)) pixels += 1
    }
    return pixels
  })
  probe.remove()
  return counts
}
