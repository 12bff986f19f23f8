// What Linux tells of the processes of a Myriad and of their sockets (proc(5)).
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { parseStat, parseStatusBytes, treeOf } from '../../bench/procfs.ts'

/** A file of /proc; empty when its process has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    // Its process has ended.
    return []
  }
}

/** A process and all that descend from it. */
function treeBelow(pid: number): number[] {
  const stats = list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => read(`/proc/${name}/stat`))
    .filter((text) => text !== '')
    .map(parseStat)
  return treeOf(pid, stats).map((stat) => stat.pid)
}

/** The processes that serve below a supervisor, those that end with them. */
export function edgesBelow(supervisor: number): number[] {
  return treeBelow(supervisor).filter((pid) => read(`/proc/${pid}/cmdline`).split('\0').includes('edge'))
}

/** Whether a process is there; one that has ended and was not waited for is not. */
export function isAlive(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`)
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z'
}

/** The most resident memory that any process of a tree has had since `forgetPeaks`. */
export function peakBytes(pid: number): number {
  return Math.max(...treeBelow(pid).map((each) => parseStatusBytes(read(`/proc/${each}/status`), 'VmHWM')))
}

/** Has the kernel count the peaks anew (proc(5), clear_refs). */
export function forgetPeaks(pid: number): void {
  for (const each of treeBelow(pid)) writeFileSync(`/proc/${each}/clear_refs`, '5')
}

/**
 * The ports of clients whose connections a process has accepted. What waits in a listen queue belongs to nobody, and is not
 * among them.
 */
export function clientPortsOf(pid: number, listenPorts: readonly number[]): Set<number> {
  const inodes = new Set<string>()
  for (const name of list(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1]
      if (inode !== undefined) inodes.add(inode)
    } catch {
      // It was closed in between.
    }
  }
  const ports = new Set<number>()
  for (const line of read('/proc/net/tcp').split('\n').slice(1)) {
    const [, local = '', remote = '', , , , , , , inode = ''] = line.trim().split(/\s+/)
    if (inodes.has(inode) && listenPorts.includes(portOf(local)) && portOf(remote) !== 0)
      ports.add(portOf(remote))
  }
  return ports
}

/** The port of an address as /proc/net/tcp has it: `0100007F:1F90`. */
const portOf = (address: string): number => Number.parseInt(address.slice(address.indexOf(':') + 1), 16)
