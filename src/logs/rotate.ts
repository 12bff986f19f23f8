// Carries out a rotation. Several processes append to one log: a lock file lets one of them put it aside, and the others
// see at their next write that the name belongs to another file. Renaming loses nothing: who still has the old file
// open writes to its end. What fails is told, and leaves the log as it is.
import { createReadStream, createWriteStream } from 'node:fs'
import { open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { asideName, compressible, isDue, surplus, type RotationSettings } from './rotation.ts'

/** A lock that is older belongs to a process that has died. */
const LOCK_MS_MAX = 60_000
/** For so long a file must not have been written to before it is compressed. */
const SETTLED_MS = 10_000

const codeOf = (error: unknown): string | undefined => (error as { code?: string }).code

/** Puts `path` aside, if it is still the file `inode` and that is still due; returns whether it did. */
export async function putAside(
  path: string,
  inode: number,
  nowMs: number,
  settings: RotationSettings,
): Promise<boolean> {
  const lock = `${path}.lock`
  if (!(await locked(lock, nowMs))) return false
  try {
    const state = await stat(path)
    if (state.ino !== inode || !isDue(state, nowMs, settings)) return false
    await rename(path, await freeName(path, nowMs))
    return true
  } finally {
    await unlink(lock)
  }
}

async function locked(lock: string, nowMs: number): Promise<boolean> {
  try {
    const file = await open(lock, 'wx', 0o600)
    await file.close()
    return true
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    const state = await stat(lock).catch(unlessGone)
    if (state !== undefined && nowMs - state.mtimeMs > LOCK_MS_MAX) await unlink(lock).catch(unlessGone)
    return false
  }
}

async function freeName(path: string, nowMs: number): Promise<string> {
  const inFolder = await readdir(dirname(path))
  for (let ms = nowMs; ; ms++) {
    const name = basename(asideName(path, ms))
    if (!inFolder.some((other) => other.startsWith(name))) return join(dirname(path), name)
  }
}

/** Removes what is too many of a log's old files, and compresses the others. */
export async function tidyUp(path: string, nowMs: number, settings: RotationSettings): Promise<void> {
  const folder = dirname(path)
  const name = basename(path)
  const inFolder = await readdir(folder)
  const gone = surplus(name, inFolder, settings.keep)
  for (const file of gone) await unlink(join(folder, file)).catch(unlessGone)
  if (!settings.gzip) return
  for (const file of compressible(name, inFolder)) {
    if (!gone.includes(file)) await compress(join(folder, file), nowMs)
  }
}

async function compress(path: string, nowMs: number): Promise<void> {
  const state = await stat(path).catch(unlessGone)
  if (state === undefined || nowMs - state.mtimeMs < SETTLED_MS) return
  const part = `${path}.gz.part`
  try {
    // 'wx': another process may be at it.
    const out = createWriteStream(part, { flags: 'wx', mode: state.mode & 0o777 })
    await pipeline(createReadStream(path), createGzip(), out)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return
    await unlink(part).catch(unlessGone)
    throw error
  }
  await rename(part, `${path}.gz`)
  await unlink(path).catch(unlessGone)
}

function unlessGone(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
}
