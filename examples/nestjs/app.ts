import 'reflect-metadata'
import { Controller, Get, Inject, MiddlewareConsumer, Module, NestModule, OnApplicationShutdown, Session } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import session from 'express-session'
import MongoStore from 'connect-mongo-native'

const STORE = Symbol('the session store')

@Controller()
class VisitsController {
  @Get()
  visit (@Session() session: { visits?: number }) {
    session.visits = (session.visits ?? 0) + 1
    return `Visit ${session.visits}`
  }
}

@Module({
  controllers: [VisitsController],
  providers: [{
    provide: STORE,
    useFactory: () => MongoStore.create({ mongoUrl: process.env.MONGODB_URL ?? 'mongodb://localhost/test-app' })
  }]
})
class AppModule implements NestModule, OnApplicationShutdown {
  constructor (@Inject(STORE) private readonly store: MongoStore) {}

  configure (consumer: MiddlewareConsumer) {
    const { store } = this
    const secret = process.env.SECRET ?? 'foo'
    consumer.apply(session({ secret, resave: false, saveUninitialized: false, store })).forRoutes('{*path}')
  }

  /** When the last request has ended. */
  async onApplicationShutdown () {
    await this.store.close()
  }
}

async function main () {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] })
  app.enableShutdownHooks(['SIGTERM'])
  await app.listen(process.env.PORT ?? 3000)
}

void main()
