// Counts the PHP files of a site: what OPcache would hold if every file were used.
import { type Dirent, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Tree } from './report.ts'

/** A site of more is counted no further. */
const filesMax = 1_000_000

/** The PHP files below `root`; links are not followed, and what may not be read does not count. */
export function countTree(root: string): Tree {
  let files = 0
  let changedMs = 0
  const folders = [root]
  for (let folder = folders.pop(); folder !== undefined && files < filesMax; folder = folders.pop()) {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) folders.push(path)
      if (!entry.isFile() || !/\.(php|phtml|inc)$/i.test(entry.name)) continue
      files++
      changedMs = Math.max(changedMs, lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)
    }
  }
  return { root, files, changedAt: Math.floor(changedMs / 1000) }
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    // Not for this user: then its files are most probably not the site's either.
    return []
  }
}
