// The private folder of the control sockets: one socket for each running Myriad of this user, named by its process id.
// Whoever can open the folder can ask; so nobody but its owner can, and root.
import { readdirSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { isPrivate, isPrivateOf } from '../base/private-folder.ts'

/** Where the sockets of the system's service are: the `RuntimeDirectory` of its unit. */
const SERVICE_FOLDER = '/run/myriad'

/** Where the sockets of this user are. */
export function socketFolder(): string {
  const runtime = process.env['XDG_RUNTIME_DIR']
  return runtime ? join(runtime, 'myriad') : join(tmpdir(), `myriad-${userInfo().uid}`)
}

/** Where this user may ask: among his own, and the service's if he is its user, or root. */
export function foldersToAsk(): readonly string[] {
  const own = socketFolder()
  return own === SERVICE_FOLDER || !mayAsk(SERVICE_FOLDER) ? [own] : [own, SERVICE_FOLDER]
}

/** Nobody but root could have made the service's folder where it is. */
function mayAsk(folder: string): boolean {
  return isPrivate(folder) || (folder === SERVICE_FOLDER && userInfo().uid === 0 && isPrivateOf(folder))
}

/** The socket of a process. */
export function socketPath(folder: string, pid: number): string {
  return join(folder, `${pid}.sock`)
}

/** The ids of the processes that have a socket in the folder; one that has died may be among them. */
export function socketPids(folder: string): readonly number[] {
  if (!mayAsk(folder)) return []
  return readdirSync(folder)
    .map((name) => /^(\d+)\.sock$/.exec(name)?.[1])
    .filter((pid) => pid !== undefined)
    .map(Number)
    .toSorted((a, b) => a - b)
}

/** Removes the socket of a process that has died. */
export function forget(folder: string, pid: number): void {
  rmSync(socketPath(folder, pid), { force: true })
}
