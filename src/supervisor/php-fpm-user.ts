// As whom PHP runs, and whether that user can read the site. Scripts never run as root: whoever finds a hole in one would
// have the machine.
//
// Left out: access control lists and security modules. What the mode bits allow and those forbid shows when it is served.
import { readFileSync, statSync } from 'node:fs'
import { dirname, isAbsolute } from 'node:path'

/** A user of the system. */
export interface SystemUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** The part of a file's metadata that decides about access. */
export interface Access {
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

/** Under which names the users of web servers go. */
const webUsers = ['www-data', 'nginx', 'apache', 'http', 'www', 'wwwrun', 'nobody']

/** The users in the text of /etc/passwd. */
export function usersIn(passwd: string): readonly SystemUser[] {
  return passwd.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    if (!name || !/^\d+$/.test(uid ?? '') || !/^\d+$/.test(gid ?? '')) return []
    return [{ name, uid: Number(uid), gid: Number(gid) }]
  })
}

/** The groups that a user belongs to, his own among them, by the text of /etc/group. */
export function groupsOf(user: SystemUser, group: string): readonly number[] {
  const others = group.split('\n').flatMap((line) => {
    const [, , gid, members] = line.split(':')
    return members?.split(',').includes(user.name) && /^\d+$/.test(gid ?? '') ? [Number(gid)] : []
  })
  return [user.gid, ...others]
}

/**
 * The user that PHP becomes for a site when root started Myriad: the one to whom the site belongs, else the one of web
 * servers; undefined when there is neither.
 */
export function siteUser(owner: Access, users: readonly SystemUser[]): SystemUser | undefined {
  if (owner.uid !== 0)
    return (
      users.find(({ uid }) => uid === owner.uid) ?? {
        name: String(owner.uid),
        uid: owner.uid,
        gid: owner.gid,
      }
    )
  return webUsers.flatMap((name) => users.find((user) => user.name === name && user.uid !== 0) ?? [])[0]
}

/**
 * The first of a file and the folders above it that a user may not read or enter, by their mode bits; undefined when he
 * may read the file.
 */
export function unreadable(
  file: string,
  user: SystemUser,
  groups: readonly number[],
  accessOf: (path: string) => Access = statSync,
): string | undefined {
  if (user.uid === 0 || !isAbsolute(file)) return undefined
  const allows = (path: string, bit: number): boolean => {
    const { uid, gid, mode } = accessOf(path)
    const shift = uid === user.uid ? 6 : groups.includes(gid) ? 3 : 0
    return ((mode >> shift) & bit) !== 0
  }
  const above: string[] = []
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    above.push(folder)
    if (folder === dirname(folder)) break
  }
  const closed = above.toReversed().find((folder) => !allows(folder, 1))
  return closed ?? (allows(file, 4) ? undefined : file)
}

/** The users and groups of this system, as far as files tell them. */
export function systemTables(): { readonly users: readonly SystemUser[]; readonly group: string } {
  return { users: usersIn(textOf('/etc/passwd')), group: textOf('/etc/group') }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // A system that keeps its users elsewhere: nobody is known by name.
    return ''
  }
}
