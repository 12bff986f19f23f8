// A folder that is one user's alone: what lies in it is nobody else's to read, to change or to put there.
import { lstatSync, mkdirSync } from 'node:fs'
import { userInfo } from 'node:os'

/** Makes the folder, or throws when what is there is not private: somebody else may have made it to listen in. */
export function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!isPrivate(folder)) throw new Error(`${folder} is not a folder of this user alone`)
}

/** Whether it is a folder of this user, and closed to everybody else. */
export function isPrivate(folder: string): boolean {
  return isPrivateOf(folder, userInfo().uid)
}

/** Whether it is a folder that is closed to everybody but its user; without one, whoever that is. */
export function isPrivateOf(folder: string, user?: number): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  return (
    found !== undefined &&
    found.isDirectory() &&
    (user === undefined || found.uid === user) &&
    (found.mode & 0o077) === 0
  )
}
