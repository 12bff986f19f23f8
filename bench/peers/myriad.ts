// Myriad as its users run it: no configuration, everything that is on by default stays on.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Peer } from './peer.ts'

const root = join(import.meta.dir, '..', '..')
const command = join(root, 'bin', 'myriad')

export const myriad: Peer = {
  name: 'Myriad',
  program: command,
  version() {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    const commit = Bun.spawnSync(['git', '-C', root, 'rev-parse', '--short', 'HEAD'])
    return commit.success ? `${version} (${commit.stdout.toString().trim()})` : version
  },
  prepare({ port, originPort }) {
    const origin = `http://127.0.0.1:${originPort}`
    return Promise.resolve([command, 'serve', origin, '--listen', `127.0.0.1:${port}`, '--console', 'off'])
  },
}
