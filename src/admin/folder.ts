// The private folder of the control sockets: one socket for each running Myriad of this user, named by its process id.
// Whoever can open the folder can ask; so nobody but its owner can.
import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** Where the sockets of this user are. */
export function socketFolder(): string {
  const runtime = process.env['XDG_RUNTIME_DIR']
  return runtime ? join(runtime, 'myriad') : join(tmpdir(), `myriad-${userInfo().uid}`)
}

/** The socket of a process. */
export function socketPath(folder: string, pid: number): string {
  return join(folder, `${pid}.sock`)
}

/** Makes the folder, or throws when what is there is not private: somebody else may have made it to listen in. */
export function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!isPrivate(folder)) throw new Error(`${folder} is not a folder of this user alone`)
}

/** The ids of the processes that have a socket in the folder; one that has died may be among them. */
export function socketPids(folder: string): readonly number[] {
  if (!isPrivate(folder)) return []
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

function isPrivate(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  return (
    found !== undefined && found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o077) === 0
  )
}
