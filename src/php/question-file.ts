// Where the question lies while it is asked: a file of its own outside every site, in a folder that nobody but this user
// can write to, that the pool's user can read, and that is removed right after. What matters most is who can write: the
// pool runs what is there.
//
// | Myriad runs as | pool's user        | folder            | script          |
// | -------------- | ------------------ | ----------------- | --------------- |
// | the same user  |                    | 0700              | 0400            |
// | root, or in the pool's group  |     | 0710, pool's group | 0440, pool's group |
// | anyone else, or the pool's user is not known | | 0711, names not to be guessed | 0444 |
//
// The script holds no secret: the last row gives nothing away but the possibility to run it as oneself.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Account } from './pool.ts'
import { questionFile, questionScript } from './question.ts'

/** A question that lies ready. */
export interface PlacedQuestion {
  readonly path: string
  remove(): void
}

/**
 * Writes the question where a pool that runs as `account` can read it: below `folder`, or a folder of the system. Throws
 * when that cannot be written to.
 */
export function placeQuestion(account: Account | undefined, folder: string | undefined): PlacedQuestion {
  const modes = modesFor(account)
  const outer = mkdtempSync(join(folder ?? systemFolder(account), 'myriad-php-'))
  const remove = (): void => {
    process.removeListener('exit', remove)
    rmSync(outer, { recursive: true, force: true })
  }
  process.once('exit', remove)
  try {
    // The outer folder's name can be seen by all, the inner one's by nobody who is not let in.
    const inner = mkdtempSync(join(outer, 'q-'))
    const path = join(inner, questionFile)
    writeFileSync(path, questionScript, { mode: 0o400, flag: 'wx' })
    // OPcache does not keep files without a time, so that asking takes up nothing of it.
    utimesSync(path, 0, 0)
    if (modes.group !== undefined) {
      for (const each of [path, inner, outer]) chownSync(each, -1, modes.group)
    }
    chmodSync(path, modes.script)
    chmodSync(inner, modes.folder)
    chmodSync(outer, modes.folder)
    return { path, remove }
  } catch (error) {
    remove()
    throw error
  }
}

interface Modes {
  readonly folder: number
  readonly script: number
  /** The group to give both to. */
  readonly group: number | undefined
}

function modesFor(account: Account | undefined): Modes {
  const own = userInfo().uid
  if (account !== undefined && account.uid === own) return { folder: 0o700, script: 0o400, group: undefined }
  const isShared = own === 0 || (account !== undefined && process.getgroups?.().includes(account.gid))
  return account !== undefined && isShared
    ? { folder: 0o710, script: 0o440, group: account.gid }
    : { folder: 0o711, script: 0o444, group: undefined }
}

/**
 * A folder that the pool's user can get at. The system's folder for temporary files is the second choice: a service may
 * have one of its own (systemd's PrivateTmp), where nothing of ours is seen.
 */
function systemFolder(account: Account | undefined): string {
  const { uid } = userInfo()
  const runtime = process.env['XDG_RUNTIME_DIR']
  if (account !== undefined && account.uid === uid && runtime) return runtime
  if (uid !== 0) return tmpdir()
  const folder = '/run/myriad'
  mkdirSync(folder, { recursive: true, mode: 0o711 })
  return folder
}
