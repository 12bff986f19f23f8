// A php-fpm with a site of scripts that a test writes, in a folder of its own. Debian 12's, version 8.2.
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Child, startChild } from './child.ts'
import { within } from './within.ts'

const program = '/usr/sbin/php-fpm8.2'

/** Whether it is installed. */
export const hasPhpFpm = existsSync(program)

/** A running php-fpm. */
export interface PhpFpm {
  /** Its unix socket. */
  readonly socket: string
  /** The folder of the scripts: `site` below one that is removed at the end. */
  readonly root: string
  /** What was written to the folder of the scripts. */
  write(path: string, text: string): void
  readonly child: Child
  stop(): Promise<void>
}

/** What a test may set. */
export interface PhpFpmOptions {
  /** Scripts and other files by their path. */
  readonly files?: Readonly<Record<string, string>>
  /** Lines of the pool's configuration, in place of eight static children. */
  readonly pool?: readonly string[]
  /** Where it listens; else a unix socket. */
  readonly listen?: string
}

/** Starts one and waits until it answers. */
export async function startPhpFpm({ files = {}, pool, listen }: PhpFpmOptions = {}): Promise<PhpFpm> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'myriad-php-')))
  const root = join(folder, 'site')
  mkdirSync(root)
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  for (const [path, text] of Object.entries(files)) write(path, text)
  const socket = join(folder, 'fpm.sock')
  const isRoot = process.getuid?.() === 0
  const lines = [
    '[global]',
    `error_log = ${join(folder, 'fpm.log')}`,
    '[site]',
    ...(isRoot ? ['user = root', 'group = root'] : []),
    `listen = ${listen ?? socket}`,
    ...(pool ?? ['pm = static', 'pm.max_children = 8']),
    'php_admin_value[opcache.enable] = 0',
    'php_admin_value[log_errors] = on',
    'php_admin_value[display_errors] = off',
    '',
  ]
  const configuration = join(folder, 'fpm.conf')
  writeFileSync(configuration, lines.join('\n'))
  const flags = ['--nodaemonize', '--force-stderr', ...(isRoot ? ['--allow-to-run-as-root'] : [])]
  // Without the machine's php.ini, so that a test sees the same on every machine.
  const settings = ['-n', '-d', 'expose_php=off', '-d', 'extension=posix']
  const child = startChild([program, ...flags, '--fpm-config', configuration, ...settings])
  await within(10_000, 'php-fpm to be ready', child.prints(/ready to handle connections/))
  return {
    socket,
    root,
    write,
    child,
    async stop() {
      await child.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
