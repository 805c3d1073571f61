'use strict'

// Hosts with addresses of their own, on one machine: Linux's network namespaces. What passes between any two
// of them goes through a router, which can drop it, in one direction or both; neither side is told.
//
// The process that makes hosts must be in a namespace of its own, with rights over it: see `launcherOf`.

const { execFileSync, spawn } = require('node:child_process')
const { once } = require('node:events')
const { readlinkSync } = require('node:fs')
const { setTimeout: sleep } = require('node:timers/promises')

const PORT = 27_017

/** What starts a process in a namespace of its own: as root, or as whoever may be root there. */
const LAUNCHERS = [['unshare', '--net', '--'], ['unshare', '--user', '--map-root-user', '--net', '--']]

/** The command line that goes before one that makes hosts; undefined where this machine has no namespaces. */
function launcherOf () {
  return LAUNCHERS.find(([program, ...args]) => {
    try {
      execFileSync(program, [...args, 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' })
      execFileSync(program, [...args, 'nsenter', '--net=/proc/self/ns/net', 'true'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
}

class Network {
  #router
  #namespaces = []
  /** Rules of the router that drop something. */
  #cuts = []
  /** `{ ip, port, launcher }`, as scripts/mongodb.js takes them. */
  hosts = []

  static async start (count) {
    const network = new Network()
    run('ip', 'link', 'set', 'lo', 'up')
    network.#router = await network.#namespace()
    network.#inRouter('sysctl', '-qw', 'net.ipv4.ip_forward=1')
    run('ip', 'link', 'add', 'router', 'type', 'veth', 'peer', 'name', 'clients', 'netns', network.#router)
    network.#address('clients', 0)
    run('ip', 'addr', 'add', `${addressOf(0)}/24`, 'dev', 'router')
    run('ip', 'link', 'set', 'router', 'up')
    run('ip', 'route', 'add', 'default', 'via', gatewayOf(0))
    for (let number = 1; number <= count; number++) await network.#addHost(number)
    return network
  }

  /**
   * Drops what goes from one to the other: indexes of hosts, or 'clients'. What is under way is lost, and
   * nobody is told.
   */
  cut (from, to) {
    const rule = ['from', this.#nameOf(from), 'to', this.#nameOf(to), 'blackhole']
    this.#inRouter('ip', 'rule', 'add', ...rule)
    this.#cuts.push(rule)
  }

  heal () {
    for (const rule of this.#cuts.splice(0)) this.#inRouter('ip', 'rule', 'del', ...rule)
  }

  /** The devices go with their namespaces. */
  async stop () {
    await Promise.all(this.#namespaces.splice(0).map(async child => {
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    }))
  }

  async #addHost (number) {
    const host = await this.#namespace()
    const inHost = ['nsenter', `--net=/proc/${host}/ns/net`]
    this.#inRouter('ip', 'link', 'add', `host${number}`, 'type', 'veth', 'peer', 'name', 'network', 'netns', host)
    this.#address(`host${number}`, number)
    run(...inHost, 'ip', 'link', 'set', 'lo', 'up')
    run(...inHost, 'ip', 'addr', 'add', `${addressOf(number)}/24`, 'dev', 'network')
    run(...inHost, 'ip', 'link', 'set', 'network', 'up')
    run(...inHost, 'ip', 'route', 'add', 'default', 'via', gatewayOf(number))
    this.hosts.push({ ip: addressOf(number), port: PORT, launcher: inHost })
  }

  #address (device, number) {
    this.#inRouter('ip', 'addr', 'add', `${gatewayOf(number)}/24`, 'dev', device)
    this.#inRouter('ip', 'link', 'set', device, 'up')
  }

  #inRouter (...command) {
    run('nsenter', `--net=/proc/${this.#router}/ns/net`, ...command)
  }

  #nameOf (who) {
    return addressOf(who === 'clients' ? 0 : who + 1)
  }

  /** The id of a process that does nothing in a namespace of its own, and ends with this one. */
  async #namespace () {
    const child = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] })
    this.#namespaces.push(child)
    while (readlinkSync(`/proc/${child.pid}/ns/net`) === readlinkSync('/proc/self/ns/net')) await sleep(10)
    return child.pid
  }
}

function run (program, ...args) {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** The clients have number 0. */
function addressOf (number) {
  return `10.77.${number}.2`
}

function gatewayOf (number) {
  return `10.77.${number}.1`
}

module.exports = { launcherOf, Network }
