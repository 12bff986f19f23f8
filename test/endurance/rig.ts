// A Myriad as its users run it, in front of the application, on ports that stay the same while its configuration changes.
// What it is told to do is told in the ways that there are: commands, signals, a changed file.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../../bench/wait.ts'
import { type CertificateFiles, Certificates } from '../../testing/certificates.ts'
import { type Child, startChild } from '../../testing/child.ts'
import { freePorts } from '../../testing/free-port.ts'
import { type Config, executable } from '../../testing/myriad.ts'
import { within } from '../../testing/within.ts'
import { isOverTls, MixedLoad } from './load/mixed-load.ts'
import { edgesBelow, isAlive } from './processes.ts'
import type { Bench } from './trial.ts'

const startMsMax = 20_000
const changeMsMax = 20_000
const endMsMax = 10_000
/** As in bench/process.ts, which also takes over the signals of the program that imports it. */
const serverCore = '0'
const loadCore = '1'

/** Everything that a trial needs around it. Disposing of it ends all of it. */
export class Rig implements AsyncDisposable {
  readonly #bench: Bench
  readonly #folder: string
  readonly #certificates: Certificates
  readonly #application: Child
  readonly #file: string
  #serving: Child | undefined
  /** Processes that go on without the supervisor. */
  #left: readonly number[] = []
  readonly clearPort: number
  readonly tlsPort: number
  /** For a listener that comes and goes. */
  readonly sparePort: number
  readonly #servicePorts: readonly number[]

  private constructor(bench: Bench, ports: readonly number[]) {
    this.#bench = bench
    const [clearPort = 0, tlsPort = 0, sparePort = 0, ...servicePorts] = ports
    this.clearPort = clearPort
    this.tlsPort = tlsPort
    this.sparePort = sparePort
    this.#servicePorts = servicePorts
    this.#folder = mkdtempSync(join(tmpdir(), 'myriad-endurance-'))
    this.#file = join(this.#folder, 'myriad.config.json')
    this.#certificates = new Certificates()
    const services = servicePorts.map((port, i) => `${port}=${['site', 'other'][i]}`)
    this.#application = startChild([
      ...this.#on(loadCore),
      process.execPath,
      join(import.meta.dir, 'application.ts'),
      ...services,
    ])
  }

  /** Starts the application, and a Myriad with `processes` in front of it. */
  static async start(bench: Bench, processes: number, config: Config = {}): Promise<Rig> {
    const rig = new Rig(bench, await freePorts(5))
    try {
      await within(startMsMax, 'the application', rig.#application.prints(/answers/))
      await rig.#serve(bench.processes ?? processes, config)
    } catch (error) {
      await rig[Symbol.asyncDispose]()
      throw error
    }
    return rig
  }

  /** The supervisor, or the only process. */
  get pid(): number {
    return this.#serving!.pid
  }

  /** Where the application listens. */
  get applicationPort(): number {
    return this.#servicePorts[0]!
  }

  /** Where it listens always. */
  get listenPorts(): readonly number[] {
    return [this.clearPort, this.tlsPort]
  }

  /** The processes that serve, where there are several, and those that end. */
  get edges(): readonly number[] {
    return this.#left.length > 0 ? this.#left : edgesBelow(this.pid)
  }

  /** All that Myriad has printed. */
  printed(): string {
    return this.#serving!.printed()
  }

  /** A mixed load on it. */
  load(): MixedLoad {
    const { clearPort, tlsPort } = this
    const { protocols, connections } = this.#bench
    return new MixedLoad({ clearPort, tlsPort, protocols, connections })
  }

  /** Makes a certificate, to be shown later. */
  certificate(name: string): CertificateFiles {
    return this.#certificates.selfSigned(name, ['localhost'])
  }

  /** Writes the configuration: what is always in it, and this. */
  configure(config: Config = {}): void {
    const listen = [`127.0.0.1:${this.clearPort}`]
    const [site, other] = this.#servicePorts.map((port) => ({ origin: `http://127.0.0.1:${port}` }))
    const { listen: more = [], ...rest } = config
    const tls = this.#bench.protocols.some(isOverTls) ? { certificates: [this.#shown()] } : undefined
    if (tls !== undefined) listen.push(`https://127.0.0.1:${this.tlsPort}`)
    const whole = {
      listen: [...listen, ...(more as string[])],
      services: { site, other },
      routes: [{ path: '/*', service: 'site' }],
      ...(tls && { tls }),
      ...rest,
    }
    writeFileSync(this.#file, JSON.stringify(whole))
  }

  /** Runs a command of Myriad on this one; rejects with what it printed when it fails. */
  async command(name: 'reload' | 'upgrade' | 'purge', ...operands: readonly string[]): Promise<void> {
    const line = [...this.#on(loadCore), executable, name, '--pid', String(this.pid), ...operands]
    const child = startChild(line)
    const code = await within(changeMsMax, `myriad ${name}`, child.exited)
    if (code !== 0) throw new Error(`myriad ${name} ended with ${code}: ${child.printed()}`)
  }

  signal(name: 'SIGHUP' | 'SIGUSR2'): void {
    process.kill(this.pid, name)
  }

  /** How often a text was printed. */
  count(text: string): number {
    return this.printed().split(text).length - 1
  }

  /** Resolves when it has been printed so often. */
  async untilCount(text: string, times: number): Promise<void> {
    await until(`"${text}" for the ${times}th time`, () => this.count(text) >= times, changeMsMax, 2)
  }

  /** Kills the supervisor; the others go on. */
  async killSupervisor(): Promise<void> {
    const { pid } = this
    this.#left = this.edges
    this.#serving!.signal('SIGKILL')
    await until('the supervisor to end', () => !isAlive(pid), endMsMax)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endLeft()
    await this.#serving?.stop(endMsMax)
    await this.#application.stop()
    this.#certificates[Symbol.dispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #endLeft(): Promise<void> {
    const living = () => this.#left.filter(isAlive)
    for (const pid of living()) process.kill(pid, 'SIGTERM')
    try {
      await until('the processes to end', () => living().length === 0, endMsMax)
    } catch {
      // They have had their time.
      for (const pid of living()) process.kill(pid, 'SIGKILL')
    }
  }

  async #serve(processes: number, config: Config): Promise<void> {
    this.configure(config)
    const options = ['--config', this.#file, '--processes', String(processes), '--console', 'off']
    const line = [...this.#on(serverCore), executable, 'serve', ...options]
    this.#serving = startChild(line, { XDG_STATE_HOME: this.#folder })
    await within(startMsMax, 'Myriad to serve', this.#serving.prints(/http:\/\/127\.0\.0\.1:\d+ serves /))
  }

  /** The certificate that is shown first, and whose files others are written over. */
  #shown(): CertificateFiles {
    return (this.#first ??= this.#certificates.selfSigned('shown', ['localhost']))
  }
  #first: CertificateFiles | undefined

  /** Shows another certificate from the next reload on. */
  replaceCertificate(by: CertificateFiles): void {
    const shown = this.#shown()
    writeFileSync(shown.cert, this.#certificates.read(by.cert))
    writeFileSync(shown.key, this.#certificates.read(by.key))
  }

  #on(core: string): readonly string[] {
    return this.#bench.pinned ? ['taskset', '-c', core] : []
  }
}
