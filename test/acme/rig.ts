// A real certificate authority, pebble, with a DNS of its own in which every name is this machine; and Myriads that get
// certificates from it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { executable } from '../../testing/myriad.ts'
import { TestAuthority } from '../../testing/certificate-authority.ts'
import { type Child, startChild, untilListening } from '../../testing/child.ts'
import { freePorts } from '../../testing/free-port.ts'
import { type RawOrigin, response, startRawOrigin } from '../../testing/raw-origin.ts'
import { within } from '../../testing/within.ts'

/** Debian's package `pebble` has both. */
export const hasPebble = Bun.which('pebble') !== null && Bun.which('pebble-challtestsrv') !== null

/** What pebble is started with. */
export interface PebbleSettings {
  /** How long its certificates live. */
  readonly lifetimeSeconds?: number
  readonly env?: Readonly<Record<string, string>>
}

/** Settings of `tls` beside `acme`; with them Myriad speaks TLS on a free port, too. */
type TlsConfig = Readonly<Record<string, unknown>>

export interface Rig {
  readonly folder: string
  /** The port where pebble asks for proofs. */
  readonly webPort: number
  /** Its directory. */
  readonly directory: string
  /** File of the certificate that its own TLS stands on. */
  readonly ca: string
  /** The `tls.acme` of a Myriad that gets its certificates from this pebble, with what they share. */
  acme(more: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>
  startPebble(settings?: PebbleSettings): Promise<void>
  /** Ends pebble, which forgets everything. */
  killPebble(): Promise<void>
  /** How many orders the pebble that runs now was asked for. */
  orders(): number
  /** The certificate of its root. */
  root(): Promise<string>
  /** Asks pebble's management interface. */
  manage(path: string): Promise<string>
  /** Whose management sets records. */
  readonly dnsManagement: string
  /** Starts a Myriad with this `tls.acme`, on the port where proofs are asked for or on a free one. */
  startMyriad(acme: Readonly<Record<string, unknown>>, port?: number, tls?: TlsConfig): Promise<Child>
  readonly origin: RawOrigin
  stop(): Promise<void>
}

/** Starts the DNS, and pebble. */
export async function startRig(): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'myriad-test-'))
  const [acmePort, managePort, webPort, tlsPort, dnsPort, dnsManagePort] = await freePorts(6)
  const authority = new TestAuthority(folder)
  const own = authority.issue(['127.0.0.1', 'localhost'])
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const [certificate, privateKey] = [file('pebble.pem', own.cert), file('pebble.key', own.key)]
  const off = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', '']
  const resolver = `127.0.0.1:${dnsPort}`
  const management = `127.0.0.1:${dnsManagePort}`
  const dns = startChild(['pebble-challtestsrv', '-dns01', resolver, '-management', management, ...off])
  await untilListening(dnsManagePort!, dns)
  const origin = await startRawOrigin(({ target }) => response('200 OK', [], `the site's ${target}`))
  const myriads: Child[] = []
  let pebble: Child | undefined
  const tls = { ca: authority.cert }
  const directory = `https://127.0.0.1:${acmePort}/dir`
  const rig: Rig = {
    folder,
    webPort: webPort!,
    directory,
    ca: authority.path,
    dnsManagement: `http://${management}`,
    origin,
    acme: (more) => ({
      email: 'admin@example.com',
      directory,
      ca: authority.path,
      folder: join(folder, 'state'),
      ...more,
    }),
    async startPebble({ lifetimeSeconds = 90 * 86_400, env = {} } = {}) {
      const settings = {
        listenAddress: `127.0.0.1:${acmePort}`,
        managementListenAddress: `127.0.0.1:${managePort}`,
        certificate,
        privateKey,
        httpPort: webPort,
        tlsPort,
        certificateValidityPeriod: lifetimeSeconds,
        domainBlocklist: ['blocked-domain.example'],
      }
      const config = file('pebble.json', JSON.stringify({ pebble: settings }))
      const command = ['pebble', '-config', config, '-dnsserver', resolver]
      // A tenth of all nonces is refused, and proofs are asked for again each time.
      const quick = { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '10', PEBBLE_AUTHZREUSE: '0', ...env }
      pebble = startChild(command, quick)
      await untilListening(acmePort!, pebble)
      await untilListening(managePort!, pebble)
    },
    async killPebble() {
      pebble!.signal('SIGKILL')
      await pebble!.exited
    },
    orders: () => pebble!.printed().match(/Added order /g)?.length ?? 0,
    root: () => rig.manage('/roots/0'),
    async manage(path) {
      return (await fetch(`https://127.0.0.1:${managePort}${path}`, { tls })).text()
    },
    async startMyriad(acme, port = 0, tlsConfig) {
      const config = file(
        `myriad-${myriads.length}.json`,
        JSON.stringify({ tls: { acme, ...tlsConfig }, services: { site: { origin: origin.url } } }),
      )
      const command = [executable, 'serve', '--config', config, '--listen', `127.0.0.1:${port}`]
      if (tlsConfig !== undefined) command.push('--listen', 'https://127.0.0.1:0')
      const child = startChild(command)
      myriads.push(child)
      await within(10_000, 'Myriad to serve', child.prints(/ serves /))
      return child
    },
    async stop() {
      for (const child of myriads) await child.stop()
      await pebble?.stop()
      await dns.stop()
      await origin.stop()
      rmSync(folder, { recursive: true })
    },
  }
  await rig.startPebble()
  return rig
}

/** The text of a certificate's file. */
export function certificateFile(folder: string, name: string): string {
  const { stdout } = Bun.spawnSync(['find', folder, '-name', `${name}.pem`])
  return readFileSync(stdout.toString().trim(), 'utf8')
}
