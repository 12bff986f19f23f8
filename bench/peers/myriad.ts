// Myriad as its users run it: everything that is on by default stays on. Its memory tier is as large as those of the
// other caches here: 10,000 pages of 8 KB do not all fit into the default of 128 MB.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Peer, Place } from './peer.ts'
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
  prepare: (place) => serveCommand(place),
}

/** Myriad with TLS: HTTP/1.1, HTTP/2 and HTTP/3. */
export const myriadTls: Peer = {
  ...myriad,
  scheme: 'https',
  prepare: (place) => serveCommand(place, withCertificate(place)),
}

/** The settings of a server with TLS. */
export function withCertificate({ folder }: Place): Settings {
  return { tls: { certificates: [writeCertificate(folder)] } }
}

/** In the folder of a server. */
export const configurationFile = 'myriad.config.json'

export type Settings = Readonly<Record<string, unknown>>

/** Writes a configuration with these settings beside the usual ones, or in place of them; returns the command. */
export function serveCommand(
  { folder, port, originPort }: Place,
  settings: Settings = {},
  processes = 1,
): Promise<readonly string[]> {
  const config = join(folder, configurationFile)
  const services = { site: { origin: `http://127.0.0.1:${originPort}` } }
  const routes = [{ path: '/*', service: 'site' }]
  writeFileSync(config, JSON.stringify({ services, routes, tiers: { memory: '256MB' }, ...settings }))
  const listen = `${settings['tls'] === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  const flags = ['--config', config, '--listen', listen, '--processes', String(processes), '--console', 'off']
  return Promise.resolve([command, 'serve', ...flags])
}
