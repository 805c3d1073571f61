const fastify = require('fastify')
const MongoStore = require('connect-mongo-native')

// A store is a class of express-session's, which is therefore installed, and nothing else is used of it.
const store = MongoStore.create({ mongoUrl: process.env.MONGODB_URL ?? 'mongodb://localhost/test-app' })

const app = fastify()
app.register(require('@fastify/cookie'))
app.register(require('@fastify/session'), {
  secret: process.env.SECRET ?? 'a secret of at least 32 characters',
  cookie: { secure: 'auto', maxAge: 14 * 24 * 3600 * 1000 },
  rolling: false, // by default each request writes its session
  saveUninitialized: false,
  store
})

app.get('/', async request => {
  request.session.visits = (request.session.visits ?? 0) + 1
  return `Visit ${request.session.visits}`
})

app.addHook('onClose', () => store.close()) // when the last request has ended
app.listen({ port: Number(process.env.PORT ?? 3000), host: '::' })
process.once('SIGTERM', () => app.close())
