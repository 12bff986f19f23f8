// Reads the configuration of php-fpm as far as it tells where pools listen and as whom they run. Follows the INI form
// that php-fpm reads (php-fpm.conf, "Configuration" in the PHP manual): sections, `;` comments, quoted values, `include`
// with a pattern, `$pool` and `prefix`. Left out: values made of environment variables (`${NAME}`) stay as they are
// written, and a pool whose `listen` is one of these cannot be asked. Pure: files are read by a function that is given.
import type { PoolAddress } from './pool.ts'

/** A pool as it is configured. */
export interface PoolConfig {
  readonly name: string
  readonly address: PoolAddress
  /** The name or the id of the user and of the group; undefined: those of whoever starts php-fpm. */
  readonly user: string | undefined
  readonly group: string | undefined
  readonly chroot: string | undefined
  readonly statusPath: string | undefined
  /** Another socket for the status page, answered also while all workers are busy. */
  readonly statusAddress: PoolAddress | undefined
  readonly childrenMax: number | undefined
}

/** Reads a file, and the files that a pattern stands for; undefined and none where that is not allowed. */
export interface ConfigFiles {
  read(path: string): string | undefined
  matching(pattern: string): readonly string[]
}

/** Includes within includes: a configuration that includes itself ends here. */
const depthMax = 8
const filesMax = 1000

/** The pools of the configuration whose main file is `path`, by name. A later value replaces an earlier one. */
export function readPools(path: string, files: ConfigFiles): readonly PoolConfig[] {
  const sections = new Map<string, Map<string, string>>()
  let left = filesMax
  const take = (file: string, section: string, depth: number): void => {
    const text = depth > depthMax || --left < 0 ? undefined : files.read(file)
    let current = section
    for (const line of text?.split(/\r?\n/) ?? []) {
      const entry = readLine(line)
      if (entry === undefined) continue
      if (entry.kind === 'section') {
        current = entry.name
        continue
      }
      if (entry.key === 'include') {
        for (const included of files.matching(entry.value)) take(included, current, depth + 1)
        continue
      }
      const settings = sections.get(current) ?? new Map<string, string>()
      sections.set(current, settings.set(entry.key, entry.value))
    }
  }
  take(path, 'global', 0)
  return [...sections]
    .filter(([name]) => name !== 'global')
    .map(([name, settings]) => poolOf(name, settings))
    .filter((pool) => pool !== undefined)
}

type Entry =
  | { readonly kind: 'section'; readonly name: string }
  | { readonly kind: 'setting'; readonly key: string; readonly value: string }

function readLine(line: string): Entry | undefined {
  const section = /^\s*\[([^\]]*)\]/.exec(line)
  if (section !== null) return { kind: 'section', name: section[1]!.trim() }
  const setting = /^\s*([^;=#\s][^=]*?)\s*=\s*(.*)$/.exec(line)
  if (setting === null) return undefined
  return { kind: 'setting', key: setting[1]!, value: unquoted(setting[2]!) }
}

/** The value without its quotes, and without the comment after it. */
function unquoted(value: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"|^'([^']*)'/.exec(value)
  if (quoted !== null) return quoted[2] ?? quoted[1]!.replaceAll(/\\(["\\])/g, '$1')
  return value.replace(/\s*;.*$/, '').trim()
}

function poolOf(name: string, settings: ReadonlyMap<string, string>): PoolConfig | undefined {
  const of = (key: string): string | undefined => {
    const value = settings.get(key)?.replaceAll('$pool', name)
    return value === '' ? undefined : value
  }
  const prefix = of('prefix')
  const address = addressOf(of('listen'), prefix)
  if (address === undefined) return undefined
  const childrenMax = Number(of('pm.max_children'))
  return {
    name,
    address,
    user: of('user'),
    group: of('group'),
    chroot: of('chroot'),
    statusPath: of('pm.status_path'),
    statusAddress: addressOf(of('pm.status_listen'), prefix),
    childrenMax: Number.isSafeInteger(childrenMax) && childrenMax > 0 ? childrenMax : undefined,
  }
}

/** Reads `/path`, `9000`, `127.0.0.1:9000`, `[::1]:9000` or `name:9000`; undefined when it is none of these. */
export function addressOf(listen: string | undefined, prefix?: string): PoolAddress | undefined {
  if (listen === undefined) return undefined
  const tcp = /^(?:(\[[\da-fA-F:.]+\]|[\w.*-]+):)?(\d{1,5})$/.exec(listen)
  if (tcp !== null) {
    const port = Number(tcp[2])
    if (port < 1 || port > 65_535) return undefined
    return { kind: 'tcp', host: reachable(tcp[1]?.replaceAll(/[[\]]/g, '')), port }
  }
  if (listen.startsWith('/')) return { kind: 'unix', path: listen }
  return prefix !== undefined && prefix.startsWith('/') && listen.includes('/')
    ? { kind: 'unix', path: `${prefix.replace(/\/+$/, '')}/${listen}` }
    : undefined
}

/** What listens on every address is asked on this machine. */
function reachable(host: string | undefined): string {
  if (host === undefined || host === '*' || host === 'any' || host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}
