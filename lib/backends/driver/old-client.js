'use strict'

/**
 * What later drivers call a client, on driver 2, which has none: there `MongoClient.connect(url)` resolves to
 * a Db, by which its other databases are reached and by which the connection is closed.
 */
class OldClient {
  #MongoClient
  #url
  #options
  #db
  #connecting

  constructor (MongoClient, url, options) {
    this.#MongoClient = MongoClient
    this.#url = url
    this.#options = options
  }

  /** Once, until it fails. */
  connect () {
    this.#connecting ??= this.#connect()
    return this.#connecting
  }

  /** When it is connected. */
  db (name) {
    return this.#db.databaseName === name ? this.#db : this.#db.db(name)
  }

  async close () {
    await this.#connecting?.catch(() => {})
    await this.#db?.close()
  }

  async #connect () {
    try {
      this.#db = await this.#MongoClient.connect(this.#url, { ...this.#options })
      return this
    } catch (error) {
      this.#connecting = undefined
      throw error
    }
  }
}

module.exports = { OldClient }
