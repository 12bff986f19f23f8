// Where the certificates of an authority lie when the owner says nothing, and the folder of each directory URL in it:
// certificates for trying out are never mistaken for others.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { AcmeConfig } from './settings.ts'

/** What the place depends on. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The user's number and home. */
  readonly uid: number
  readonly homedir: string
}

/** The folder of an authority's certificates. */
export function stateFolder({ folder, directory }: AcmeConfig, around: Surroundings): string {
  const digest = createHash('sha256').update(directory).digest('hex').slice(0, 8)
  const host = new URL(directory).host.replace(':', '_')
  return join(folder ?? join(stateRoot(around), 'acme'), `${host}-${digest}`)
}

function stateRoot({ env, uid, homedir }: Surroundings): string {
  // systemd gives its units a folder; where it gives several, they are separated by colons (systemd.exec(5)).
  const [given] = (env['STATE_DIRECTORY'] ?? '').split(':')
  if (given) return given
  if (uid === 0) return '/var/lib/myriad'
  return join(env['XDG_STATE_HOME'] || join(homedir, '.local/state'), 'myriad')
}
