'use strict'

// What an addon's file says of itself: the platform that it was built for, and the glibc that it needs.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')

// The machine's number in the header of each format: elf(5), mach/machine.h, and Microsoft's "PE Format".
const ELF = { 0x3e: 'x64', 0xb7: 'arm64' }
const MACH_O = { 0x0100_0007: 'x64', 0x0100_000c: 'arm64' }
const PE = { 0x8664: 'x64', 0xaa64: 'arm64' }

/** The oldest glibc that Rust's own binaries, and so its standard library, run on. */
const GLIBC_FLOOR = '2.17'

/** Such as 'linux-x64-gnu', as the packages are named. Throws for a file that is for no such platform. */
function platformOf (file) {
  const bytes = fs.readFileSync(file)
  const { system, processor, abi } = machineOf(bytes) ?? {}
  if (processor === undefined) throw new Error(`${file} is no dynamic library for a machine that we know.`)
  return [system, processor, abi].filter(Boolean).join('-')
}

function machineOf (bytes) {
  if (bytes.length < 64) return null
  if (bytes.readUInt32BE(0) === 0x7f454c46) {
    return { system: 'linux', processor: ELF[bytes.readUInt16LE(18)], abi: usesGlibc(bytes) ? 'gnu' : 'musl' }
  }
  if (bytes.readUInt32LE(0) === 0xfeedfacf) return { system: 'darwin', processor: MACH_O[bytes.readUInt32LE(4)] }
  if (bytes.toString('latin1', 0, 2) !== 'MZ') return null
  const header = bytes.readUInt32LE(0x3c)
  if (header + 6 > bytes.length || bytes.toString('latin1', header, header + 4) !== 'PE\0\0') return null
  return { system: 'win32', processor: PE[bytes.readUInt16LE(header + 4)], abi: 'msvc' }
}

/** Every library that was linked with glibc asks for versions of its symbols; musl has none. */
function usesGlibc (bytes) {
  return bytes.includes('GLIBC_2.')
}

/** The versions of glibc whose symbols a library asks for, by its symbol table, oldest first. */
function glibcVersions (file) {
  const table = execFileSync('readelf', ['--version-info', '--wide', file], { encoding: 'utf8', maxBuffer: Infinity })
  const versions = new Set([...table.matchAll(/Name: GLIBC_(\d+(?:\.\d+)+)/g)].map(([, version]) => version))
  return [...versions].sort(byVersion)
}

/** Throws if a library asks for a symbol that glibc has only since a later version than `floor`. */
function checkGlibc (file, floor = GLIBC_FLOOR) {
  const later = glibcVersions(file).filter(version => byVersion(version, floor) > 0)
  if (later.length === 0) return
  throw new Error(`${file} needs glibc ${later.at(-1)}; it must do with ${floor}. \`readelf --dyn-syms --wide\` names the symbols.`)
}

function byVersion (a, b) {
  const [numbersA, numbersB] = [a, b].map(version => version.split('.').map(Number))
  const index = numbersA.findIndex((number, index) => number !== numbersB[index])
  return index === -1 ? 0 : numbersA[index] - (numbersB[index] ?? -1)
}

module.exports = { GLIBC_FLOOR, checkGlibc, glibcVersions, platformOf }
