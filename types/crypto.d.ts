/** Not empty. kruptein 3.1 and later write only with 8 characters or more of 4 kinds, two of each. */
export type Secret = string | ArrayBuffer | ArrayBufferView

export type CryptoEncoding = 'hex' | 'base64' | 'base64url' | 'latin1' | 'binary'

/**
 * What rows connect-mongo wrote, by its version and by that of kruptein, which encrypts for it: `K0`
 * connect-mongo 3.x (`secret`); `K2` 4.1 to 4.2.0; `A` 4.2.2 to 5.1 with kruptein 3.0, and 6.0; `B` with
 * kruptein 3.1.1; `C` with kruptein 3.1.3 to 3.3; `D` with kruptein 3.4, which `npm install` gives to
 * connect-mongo 4 and 5 today, and with which these cannot read what they write; `W` connect-mongo 6.0 with
 * createWebCryptoAdapter. Each connect-mongo reads its own family only.
 */
export type CryptoFamily = 'K0' | 'K2' | 'A' | 'B' | 'C' | 'D' | 'W'

/**
 * Options of `crypto`, those of connect-mongo 4.1 to 6.0 and two of ours. Keys are derived off the event
 * loop's thread and kept; rows written within an hour share one.
 */
export interface CryptoOptions {
  /** With a list the first writes, all read: so a secret is replaced. */
  secret: false | Secret | readonly Secret[]
  /** The family written. All are read. Default: 'A', which connect-mongo 6.0 reads and writes. */
  family?: CryptoFamily | undefined
  /**
   * A cipher of OpenSSL's. Default: 'aes-256-gcm'. Keep to gcm: with the cbc and ctr ciphers, the families
   * K2 and A do not notice a changed IV.
   */
  algorithm?: string | undefined
  /** A hash of OpenSSL's. Default: 'sha512'. */
  hashing?: string | undefined
  /** Default: 'base64'; of K0 and K2 'hex'. Rows in hex are always read. */
  encodeas?: CryptoEncoding | undefined
  /** Bytes, of K0 (there, characters) and D; the other families go by the algorithm. Default: 32. */
  key_size?: number | undefined
  /** Bytes, of K0 and D; the other families go by the algorithm. Default: 16. */
  iv_size?: number | undefined
  /** Bytes of the authentication tag, of K0 and D; 16 in the other families. Default: 16. */
  at_size?: number | undefined
  /** kruptein's: derive keys with scrypt in place of PBKDF2. Default: false. */
  use_scrypt?: boolean | undefined
}

export interface WebCryptoAdapterOptions {
  /** With a list the first writes, all read. */
  secret: Secret | readonly Secret[]
  /** Bytes. Default: 12, for AES-CBC 16. */
  ivLength?: number | undefined
  /** Default: 'base64'. */
  encoding?: 'base64' | 'base64url' | 'hex' | undefined
  /** Default: 'AES-GCM'. AES-CBC does not notice that a row was changed. */
  algorithm?: 'AES-GCM' | 'AES-CBC' | undefined
  /** Default: the text 'connect-mongo:webcrypto-default-salt'. */
  salt?: string | ArrayBuffer | ArrayBufferView | undefined
  /** Rounds of PBKDF2 with SHA-256. Default: 310,000. */
  iterations?: number | undefined
}

/**
 * Encrypts and decrypts what is stored. One of an app's own has `operationTimeoutMS` (default: 30 s) for
 * each call; when its `decrypt` fails, the error is the `cause` of an 'ERR_SESSION_UNDECRYPTABLE'.
 */
export interface CryptoAdapter {
  encrypt (plaintext: string): Promise<string>
  decrypt (ciphertext: string): Promise<string>
}
