const Koa = require('koa')
const { createSession } = require('koa-session')
const MongoStore = require('connect-mongo-native')

// A store is a class of express-session's, which is therefore installed, and nothing else is used of it.
const store = MongoStore.create({ mongoUrl: process.env.MONGODB_URL ?? 'mongodb://localhost/test-app' })

/** koa-session passes the lifetime beside the session; the store looks for it in the session's cookie. */
const external = {
  get: sid => store.get(sid),
  set: (sid, session, maxAge) => store.set(sid, { ...session, cookie: { expires: new Date(Date.now() + maxAge) } }),
  destroy: sid => store.destroy(sid)
}

const app = new Koa()
app.keys = [process.env.SECRET ?? 'foo']
app.use(createSession({ key: 'sid', maxAge: 14 * 24 * 3600 * 1000, store: external }, app))

app.use(ctx => {
  ctx.session.visits = (ctx.session.visits ?? 0) + 1
  ctx.body = `Visit ${ctx.session.visits}`
})

const server = app.listen(process.env.PORT ?? 3000)
process.once('SIGTERM', () => server.close(() => store.close()))
