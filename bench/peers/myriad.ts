// Myriad as its users run it: everything that is on by default stays on. Its memory tier is as large as those of the
// other caches here: 10,000 pages of 8 KB do not all fit into the default of 128 MB.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Peer } from './peer.ts'
import { writeCertificate } from './shown-certificate.ts'

const root = join(import.meta.dir, '..', '..')
const command = join(root, 'bin', 'myriad')

/** Myriad on the folder `site`, without a configuration. */
export function myriadFiles(site: string): Peer {
  return {
    ...myriad,
    prepare: ({ port }) =>
      Promise.resolve([
        command,
        'serve',
        site,
        '--listen',
        `127.0.0.1:${port}`,
        '--processes',
        '1',
        '--console',
        'off',
      ]),
  }
}

export const myriad: Peer = {
  name: 'Myriad',
  program: command,
  version() {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    const commit = Bun.spawnSync(['git', '-C', root, 'rev-parse', '--short', 'HEAD'])
    return commit.success ? `${version} (${commit.stdout.toString().trim()})` : version
  },
  prepare: ({ folder, port, originPort }) =>
    Promise.resolve(commandFor(folder, originPort, `http://127.0.0.1:${port}`)),
}

/** Myriad with TLS: HTTP/1.1, HTTP/2 and HTTP/3. */
export const myriadTls: Peer = {
  ...myriad,
  scheme: 'https',
  prepare({ folder, port, originPort }) {
    const tls = { certificates: [writeCertificate(folder)] }
    return Promise.resolve(commandFor(folder, originPort, `https://127.0.0.1:${port}`, { tls }))
  },
}

function commandFor(folder: string, originPort: number, listen: string, more = {}): string[] {
  const config = join(folder, 'myriad.config.json')
  const services = { site: { origin: `http://127.0.0.1:${originPort}` } }
  const routes = [{ path: '/*', service: 'site' }]
  writeFileSync(config, JSON.stringify({ services, routes, tiers: { memory: '256MB' }, ...more }))
  return [command, 'serve', '--config', config, '--listen', listen, '--processes', '1', '--console', 'off']
}
