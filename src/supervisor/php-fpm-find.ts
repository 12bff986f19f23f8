// Where the program of php-fpm is. Distributions name it after its version, and several may be installed.
import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The program: the newest of `php-fpm8.4`, `php-fpm8.2` …, or `php-fpm`, in the folders of a PATH. */
export function installedFpm(path: string): string | undefined {
  // Administrators' programs are not in everybody's PATH.
  const folders = path === '' ? [] : [...path.split(delimiter), '/usr/sbin', '/usr/local/sbin']
  const found: { readonly file: string; readonly version: number }[] = []
  for (const folder of folders)
    for (const name of namesIn(folder)) {
      const version = fpmVersion(name)
      const file = join(folder, name)
      if (version !== undefined && isExecutable(file)) found.push({ file, version })
    }
  return found.toSorted((a, b) => b.version - a.version)[0]?.file
}

/** 802 for 'php-fpm8.2' and 'php-fpm82', 0 for 'php-fpm'; undefined for another name. */
export function fpmVersion(name: string): number | undefined {
  const match = /^php-fpm(?:(\d)\.?(\d{1,2}))?$/.exec(name)
  return match === null ? undefined : Number(match[1] ?? 0) * 100 + Number(match[2] ?? 0)
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    // No such folder, or none that may be read: nothing is found in it.
    return []
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    // Somebody else's program, or none.
    return false
  }
}
