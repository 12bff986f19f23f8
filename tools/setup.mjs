// What `npm start`, `npm test` and the other scripts run first: installs the pinned dependencies when they are
// missing or older than the lock file, so that a fresh clone needs nothing but Node and npm.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const installed = join(root, 'node_modules', '.package-lock.json')
const lock = join(root, 'package-lock.json')
/** Holds the process id of the one that installs: two at a time would delete under each other's hands. */
const turn = join(root, '.installing')

if (isOutdated()) {
  takeTurn()
  try {
    if (isOutdated()) install()
  } finally {
    rmSync(turn, { force: true })
  }
}

function isOutdated() {
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs
}

function install() {
  console.log('Installing the pinned dependencies (npm ci) ...')
  const run = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  })
  if (run.status !== 0) process.exitCode = run.status ?? 1
}

function takeTurn() {
  for (;;) {
    try {
      writeFileSync(turn, String(process.pid), { flag: 'wx' })
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!isRunning(holder())) rmSync(turn, { force: true })
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
}

/** The process that installs; 0 while it has not said who it is, or when it has just ended; -1: it never will. */
function holder() {
  try {
    const said = readFileSync(turn, 'latin1')
    if (said !== '') return Number(said)
    return Date.now() - statSync(turn).mtimeMs > 5000 ? -1 : 0
  } catch {
    return 0
  }
}

function isRunning(id) {
  if (id <= 0) return id === 0
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
