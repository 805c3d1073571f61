// What the types are built on: `@types/express-session` from 1.15 on. Where it is not installed, sessions are `any`.

// @ts-ignore: not installed
import session = require('express-session')
// @ts-ignore: without `@types/node`
import events = require('events')

/** What an app keeps in a session: `SessionData`, which was global up to 1.17.0. */
export type Data = DataOf<session.Store>

type DataOf<S> = S extends { get: (sid: string, callback: (error: any, session?: infer D) => void) => any }
  ? NonNullable<D>
  : any

/** The methods that a store has of its own, with callbacks that may be left out. */
type Own = 'get' | 'set' | 'destroy' | 'all' | 'length' | 'clear' | 'touch'

/** What every store inherits from the app's express-session. */
export interface SessionStore extends events.EventEmitter, Omit<session.Store, keyof events.EventEmitter | Own> {}
