// On which ports another process of this user listens, as the kernel has it (proc(5)): for one that cannot be asked.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** How /proc/net/tcp says that a socket listens. */
const LISTENS = '0A'

/** Its ports for TCP; none where that cannot be seen. */
export function listeningPorts(pid: number): ReadonlySet<number> {
  const sockets = socketsOf(pid)
  const ports = new Set<number>()
  for (const table of ['tcp', 'tcp6'])
    for (const line of textOf(`/proc/${pid}/net/${table}`).split('\n').slice(1)) {
      const [, local = '', , state, , , , , , socket = ''] = line.trim().split(/\s+/)
      if (state === LISTENS && sockets.has(socket)) ports.add(Number.parseInt(local.split(':')[1]!, 16))
    }
  return ports
}

/** The numbers of the sockets that it has open. */
function socketsOf(pid: number): ReadonlySet<string> {
  const sockets = new Set<string>()
  for (const name of descriptorsOf(pid)) {
    const socket = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${name}`))?.[1]
    if (socket !== undefined) sockets.add(socket)
  }
  return sockets
}

function descriptorsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`)
  } catch {
    return [] // It has ended.
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return '' // It was closed meanwhile.
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // There is no such protocol, or the process has ended.
  }
}
