// `npm run release [-- x64|arm64 …] [--out FOLDER]`: one-file executables for Linux in dist/, with their checksums. Each is the Bun that
// package-lock.json pins for that machine, with the program in it: nothing has to be installed where it runs.
//
// The Bun of another machine than this one comes from the npm registry, and is compared with the lock file.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { version } from '../src/cli/version.ts'

const root = join(import.meta.dir, '..')
const cache = join(root, '.cache')

/** A machine that is built for. */
interface Target {
  readonly name: 'x64' | 'arm64'
  /** As Bun calls it. */
  readonly bun: string
  /** The package that holds its Bun. */
  readonly packageName: string
}

const targets: readonly Target[] = [
  { name: 'x64', bun: 'bun-linux-x64', packageName: '@oven/bun-linux-x64' },
  { name: 'arm64', bun: 'bun-linux-arm64', packageName: '@oven/bun-linux-aarch64' },
]

/** The engine's settings, which bin/myriad gives by the environment: lines of `NAME="${NAME:-value}"`. */
export function engineSettings(script: string): Record<string, string> {
  const lines = script.matchAll(/^(?:export )?(\w+)="\$\{\1:-([^}"]+)\}"$/gm)
  return Object.fromEntries([...lines].map(([, name, value]) => [name!, value!]))
}

function run(command: readonly string[], cwd = root): string {
  const { success, stdout, stderr } = Bun.spawnSync([...command], { cwd, stdout: 'pipe', stderr: 'pipe' })
  if (!success) throw new Error(`${command.join(' ')}:\n${stdout.toString()}${stderr.toString()}`)
  return stdout.toString()
}

interface Locked {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity: string }>>
}

/** The Bun of a target: installed here, or fetched into .cache/. */
function bunOf({ packageName }: Target): string {
  const installed = join(root, 'node_modules', packageName, 'bin', 'bun')
  if (existsSync(installed)) return installed
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Locked
  const locked = lock.packages[`node_modules/${packageName}`]
  if (locked === undefined) throw new Error(`package-lock.json pins no ${packageName}`)
  const folder = join(cache, `${packageName.replace('/', '-')}-${locked.version}`)
  const executable = join(folder, 'package', 'bin', 'bun')
  if (existsSync(executable)) return executable
  mkdirSync(folder, { recursive: true })
  const packed = run(
    [
      'npm',
      'pack',
      `${packageName}@${locked.version}`,
      '--json',
      '--ignore-scripts',
      '--pack-destination',
      folder,
    ],
    folder,
  )
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }]
  const archive = join(folder, filename)
  const digest = new Bun.CryptoHasher('sha512').update(readFileSync(archive)).digest('base64')
  if (`sha512-${digest}` !== locked.integrity) {
    rmSync(archive)
    throw new Error(`${packageName}@${locked.version} is not what package-lock.json pins`)
  }
  run(['tar', '-xzf', archive, '-C', folder])
  rmSync(archive)
  return executable
}

/** Builds the executable of a target in a folder; returns its name. */
function build(target: Target, folder: string): string {
  const name = `myriad-${version}-linux-${target.name}`
  const settings = engineSettings(readFileSync(join(root, 'bin', 'myriad'), 'utf8'))
  run([
    process.execPath,
    'build',
    '--compile',
    `--target=${target.bun}`,
    `--compile-executable-path=${bunOf(target)}`,
    // Files of the folder that it happens to be started in are not its business.
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    '--minify',
    // Functions keep their names, for the error log.
    '--keep-names',
    '--format=esm',
    // Without it a start takes three times as long.
    '--bytecode',
    `--define=ENGINE_SETTINGS=${JSON.stringify(settings)}`,
    `--outfile=${join(folder, name)}`,
    join(root, 'src', 'cli', 'standalone.ts'),
  ])
  return name
}

function checksum(path: string): string {
  return new Bun.CryptoHasher('sha256').update(readFileSync(path)).digest('hex')
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string', default: join(root, 'dist') } },
  })
  const unknown = positionals.find((name) => !targets.some((target) => target.name === name))
  if (unknown !== undefined) {
    console.error(`no release for ${unknown}: only ${targets.map(({ name }) => name).join(' and ')}`)
    process.exit(2)
  }
  mkdirSync(values.out, { recursive: true })
  const chosen = targets.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const sums = chosen
    .map((target) => build(target, values.out))
    .map((name) => `${checksum(join(values.out, name))}  ${name}\n`)
    .join('')
  writeFileSync(join(values.out, 'SHA256SUMS'), sums)
  process.stdout.write(sums)
}
