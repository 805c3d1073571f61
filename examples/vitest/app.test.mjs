import request from 'supertest'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { createApp } from './app.js'

const { app, store } = createApp(process.env.MONGODB_URL ?? 'mongodb://localhost/test-app-visits')

beforeEach(() => store.clear())
afterAll(() => store.close())

test('counts visits', async () => {
  const agent = request.agent(app)
  await agent.get('/')
  expect((await agent.get('/')).text).toBe('Visit 2')
})

test('each visitor has a count of their own', async () => {
  await request(app).get('/')
  expect((await request(app).get('/')).text).toBe('Visit 1')
  expect(await store.length()).toBe(2)
})
