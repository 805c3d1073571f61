'use strict'

// The part of DER (ITU-T X.690) that kruptein wraps its rows in: one SEQUENCE of OCTET STRINGs.

const SEQUENCE = 0x30
const OCTET_STRING = 0x04

/** The SEQUENCE of these buffers. */
function encode (parts) {
  const chunks = []
  for (const part of parts) chunks.push(header(OCTET_STRING, part.length), part)
  const content = Buffer.concat(chunks)
  return Buffer.concat([header(SEQUENCE, content.length), content])
}

function header (tag, length) {
  if (length < 0x80) return Buffer.from([tag, length])
  const bytes = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.from([tag, 0x80 | bytes.length, ...bytes])
}

/**
 * The parts of a SEQUENCE, as views on `bytes`; null for whatever is not in the one form that DER has for
 * them, to the last byte.
 */
function decode (bytes) {
  const sequence = element(bytes, 0, SEQUENCE)
  if (sequence === null || sequence.end !== bytes.length) return null
  const parts = []
  for (let at = sequence.start; at < bytes.length;) {
    const part = element(bytes, at, OCTET_STRING)
    if (part === null) return null
    parts.push(bytes.subarray(part.start, part.end))
    at = part.end
  }
  return parts
}

/** Where the content of the element at `at` starts and ends, or null. */
function element (bytes, at, tag) {
  if (bytes[at] !== tag) return null
  let length = bytes[at + 1]
  let start = at + 2
  if (length >= 0x80) {
    const size = length - 0x80
    // 0 would be BER's indefinite form. Four bytes, 4 GiB, are more than a MongoDB document holds.
    if (size < 1 || size > 4 || start + size > bytes.length) return null
    length = bytes.readUIntBE(start, size)
    if (length < 0x80 || length < 256 ** (size - 1)) return null // it has a shorter form
    start += size
  }
  const end = start + length
  return end <= bytes.length ? { start, end } : null // also when the length itself is missing: NaN
}

module.exports = { decode, encode }
