// A real php-fpm with a php.ini and pools of the test's own, and a site of generated PHP files to fill its OPcache with.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { realClock, realTimers } from '../../src/base/clock.ts'
import { advise, type Advice } from '../../src/php/advice.ts'
import { findMasters } from '../../src/php/discovery.ts'
import { exchange } from '../../src/php/exchange.ts'
import type { Master } from '../../src/php/pool.ts'
import type { OpcacheOn } from '../../src/php/reading.ts'
import type { Report } from '../../src/php/report.ts'
import { readAll } from '../../src/php/round.ts'
import { countTree } from '../../src/php/tree.ts'
import { type Child, startChild } from '../../testing/child.ts'
import { within } from '../../testing/within.ts'

/** Where Debian's package has it; undefined: not installed. */
export const phpFpm =
  Bun.which('php-fpm8.2') ?? Bun.which('php-fpm8.2', { PATH: '/usr/sbin:/usr/local/sbin' })

/** Only root can give pools to different users. */
export const isRoot = userInfo().uid === 0

export const asking = { timers: realTimers, timeMs: 3000, folder: undefined }

/** Settings of php.ini without the prefix `opcache.`. */
export type Ini = Readonly<Record<string, string | number>>

/** A pool's settings beside its name and socket. */
export type PoolSettings = Readonly<Record<string, string | number>>

/** Small, and each request sees at once what has changed. */
export const smallCache: Ini = {
  memory_consumption: 8,
  interned_strings_buffer: 2,
  max_accelerated_files: 4000,
  revalidate_freq: 0,
  jit_buffer_size: 0,
}

export interface Rig {
  readonly folder: string
  readonly site: string
  /** Its configuration file, which names it. */
  readonly config: string
  socket(pool: string): string
  /** What Myriad finds of it. */
  master(): Master
  /** Ends it if it runs, and starts it with these settings. */
  start(ini: Ini, more?: readonly string[], pools?: Readonly<Record<string, PoolSettings>>): Promise<void>
  /** Runs a script of the site; resolves with its output. */
  run(script: string, query?: string, pool?: string): Promise<string>
  report(): Promise<Report>
  opcache(): Promise<OpcacheOn>
  advice(): Promise<readonly Advice[]>
  stop(): Promise<void>
}

const owner: PoolSettings = isRoot ? { user: 'www-data', group: 'www-data' } : {}

/** The pool that there is where a test names none. */
const onePool = { www: { pm: 'static', 'pm.max_children': 2 } }

/** A folder for a site, and a php-fpm that is started by `start`. */
export function makeRig(): Rig {
  const folder = mkdtempSync(join(tmpdir(), 'myriad-opcache-'))
  chmodSync(folder, 0o755)
  const site = join(folder, 'site')
  const config = join(folder, 'php-fpm.conf')
  mkdirSync(site)
  // So that scripts can leave a sign in it.
  chmodSync(site, 0o777)
  mkdirSync(join(folder, 'conf.d'))
  let child: Child | undefined
  const socket = (pool: string): string => join(folder, `${pool}.sock`)
  const rig: Rig = {
    folder,
    site,
    config,
    socket,
    master() {
      const found = findMasters().find(({ name }) => name === config)
      if (found === undefined) throw new Error(`no master of ${config} was found`)
      return found
    },
    async start(ini, more = [], pools = onePool) {
      await child?.stop()
      writeFileSync(join(folder, 'php.ini'), iniText(ini, more))
      writeFileSync(config, configText(pools, socket))
      child = startChild(
        [phpFpm!, '--nodaemonize', '--force-stderr', '--fpm-config', config, '-c', join(folder, 'php.ini')],
        {
          PHP_INI_SCAN_DIR: join(folder, 'conf.d'),
        },
      )
      await within(10_000, 'php-fpm to be ready', child.prints(/ready to handle connections/))
    },
    async run(script, query = '', pool = 'www') {
      const params = [
        ['REQUEST_METHOD', 'GET'],
        ['SCRIPT_NAME', `/${script}`],
        ['SCRIPT_FILENAME', join(site, script)],
        ['QUERY_STRING', query],
      ] as const
      const answer = await exchange({ kind: 'unix', path: socket(pool) }, params, 15_000, realTimers)
      if (answer.kind === 'failed') throw new Error(`${script} failed: ${answer.code}`)
      return answer.status === 200 ? answer.body : `${answer.status} ${answer.body}`
    },
    async report() {
      return (await readAll([rig.master()], asking, realClock, {}, countTree(site))).report
    },
    async opcache() {
      const { opcache } = (await rig.report()).masters[0]!
      if (opcache?.state !== 'on') throw new Error(`OPcache is ${opcache?.state}`)
      return opcache
    },
    advice: async () => advise(await rig.report()),
    async stop() {
      await child?.stop()
      rmSync(folder, { recursive: true })
    },
  }
  return rig
}

function iniText(ini: Ini, more: readonly string[]): string {
  const lines = Object.entries(ini).map(([name, value]) => `opcache.${name} = ${value}`)
  return ['zend_extension = opcache', 'extension = posix', 'memory_limit = 512M', ...lines, ...more, ''].join(
    '\n',
  )
}

function configText(pools: Readonly<Record<string, PoolSettings>>, socket: (pool: string) => string): string {
  const sections = Object.entries(pools).map(([name, settings]) => {
    const lines = Object.entries({ ...owner, ...settings }).map(([key, value]) => `${key} = ${value}`)
    return [`[${name}]`, `listen = ${socket(name)}`, ...lines, ''].join('\n')
  })
  return ['[global]', 'error_log = /dev/null', 'daemonize = no', '', ...sections].join('\n')
}

/** The lines of all advice that is for php.ini. */
export function iniLines(advice: readonly Advice[]): readonly string[] {
  return advice.filter(({ pool }) => pool === undefined).flatMap(({ lines }) => lines)
}

/** What is wrong now, by setting. */
export function faults(advice: readonly Advice[]): readonly string[] {
  return advice.filter(({ weight }) => weight === 'fault').map(({ subject }) => subject)
}

/** OPcache leaves files alone that are younger than two seconds. */
const oldSeconds = 1_700_000_000

/** Writes a file of the site that looks old; another `version` has another time. */
export function writePhp(rig: Rig, name: string, code: string, version = 0): void {
  const path = join(rig.site, name)
  writeFileSync(path, `<?php\n${code}`)
  utimesSync(path, oldSeconds + version, oldSeconds + version)
}

/** A script `all.php` that includes `files` files, each with so many methods: a method takes about 1 KB of OPcache. */
export function writeTree(rig: Rig, files: number, methods: number, version = 0): void {
  for (let n = 0; n < files; n++) {
    const body = Array.from(
      { length: methods },
      (_, m) =>
        `public function m${m}($a, $b) { $c = [$a => $b + ${version}, 'k${m}' => ${m}]; foreach ($c as $k => $v) { $a .= strtoupper($k) . $v; } return $a . count($c); }`,
    )
    writePhp(rig, `f${n}.php`, `class F${n} {\n${body.join('\n')}\n}\n`, version)
  }
  // As the hook of a deploy does: OPcache itself looks at a file once in a second at most.
  writePhp(rig, 'deployed.php', 'foreach (glob(__DIR__ . "/f*.php") as $file) opcache_invalidate($file);')
  writePhp(
    rig,
    'all.php',
    `for ($n = (int) ($_GET['from'] ?? 0), $to = (int) ($_GET['to'] ?? ${files}); $n < $to; $n++) require __DIR__ . "/f$n.php";\necho 'done';\n`,
  )
}

/** Gives a file of the site to a user and a group alone. */
export function giveTo(rig: Rig, name: string, uid: number, gid: number): void {
  chownSync(join(rig.site, name), uid, gid)
  chmodSync(join(rig.site, name), 0o400)
}
