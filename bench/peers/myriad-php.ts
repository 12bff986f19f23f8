// Myriad on a folder with PHP, in front of a php-fpm that runs already. As its users run it: everything that is on by
// default stays on.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { myriad } from './myriad.ts'
import type { Peer } from './peer.ts'

/** A folder with PHP, and how it is cached. */
export interface PhpSite {
  readonly root: string
  readonly socket: string
  readonly preset?: string
  readonly cache?: Readonly<Record<string, unknown>>
}

/** Myriad on this site. */
export function myriadPhp({ root, socket, preset, cache = {} }: PhpSite): Peer {
  return {
    ...myriad,
    prepare({ folder, port }) {
      const config = join(folder, 'myriad.config.json')
      const services = { site: { origin: { php: root, socket }, ...(preset && { preset }) } }
      const routes = [{ path: '/*', service: 'site', cache }]
      writeFileSync(config, JSON.stringify({ services, routes, tiers: { memory: '256MB' } }))
      const listen = `127.0.0.1:${port}`
      return Promise.resolve([
        myriad.program,
        'serve',
        '--processes',
        '1',
        '--config',
        config,
        '--listen',
        listen,
        '--console',
        'off',
      ])
    },
  }
}
