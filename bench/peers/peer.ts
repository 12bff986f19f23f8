// A server that stands in front of the origin, and how it is started: in a temporary folder that holds its
// configuration, logs and cache, on the core that servers are measured on.
import { join } from 'node:path'
import { freePort, serverCore, StartedProcess, untilAnswers } from '../process.ts'
import { TemporaryFolder } from '../temporary-folder.ts'

/** Where a server runs. */
export interface Place {
  /** A folder of its own, readable by all users; removed afterwards. */
  readonly folder: string
  /** The port of 127.0.0.1 on which it listens. */
  readonly port: number
  readonly originPort: number
}

/** A server and its configuration. */
export interface Peer {
  /** As the tables call it. */
  readonly name: string
  /** The program that must be installed. */
  readonly program: string
  version(): string
  /** What it speaks; http when absent. */
  readonly scheme?: 'https'
  /** How many of its processes have a cache of their own; 1 when absent. */
  readonly caches?: number
  /** Writes the configuration; returns the command that runs the server in the foreground. */
  prepare(place: Place): Promise<readonly string[]>
  /** Throws when the server does not do what its configuration says. Asked once, when its caches are filled. */
  prove?(server: RunningPeer): Promise<void>
  /** What goes on beside the visitors in each measured run of so many seconds; throws when it goes wrong. */
  meanwhile?(server: RunningPeer, seconds: number): Promise<void>
}

/** A peer that runs. Disposing of it ends it and removes its folder. */
export class RunningPeer implements AsyncDisposable {
  private constructor(
    readonly peer: Peer,
    readonly port: number,
    readonly process: StartedProcess,
    readonly folder: TemporaryFolder,
  ) {}

  /** Starts a peer and waits until it answers from the origin. */
  static async start(peer: Peer, originPort: number, pollMs = 20): Promise<RunningPeer> {
    const folder = await TemporaryFolder.create()
    const port = freePort()
    const command = await peer.prepare({ folder: folder.path, port, originPort })
    const log = join(folder.path, 'output.log')
    const started = StartedProcess.start(command, serverCore, log)
    const running = new RunningPeer(peer, port, started, folder)
    try {
      await untilAnswers(`${peer.scheme ?? 'http'}://127.0.0.1:${port}/-/ready`, started, 15_000, pollMs)
    } catch (error) {
      const output = await Bun.file(log).text()
      await running[Symbol.asyncDispose]()
      throw new Error(`${peer.name} does not answer: ${output.slice(-2000)}`, { cause: error })
    }
    return running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]()
    this.folder[Symbol.dispose]()
  }
}

/** Why a peer cannot run here; undefined when it can. */
export function missing(peer: Peer): string | undefined {
  return Bun.which(peer.program) === null ? `${peer.program} is not installed` : undefined
}

/** The first number that looks like a version in what a command prints. */
export function versionFrom(...command: string[]): string {
  const { stdout, stderr } = Bun.spawnSync(command)
  return /\d+\.\d+(\.\d+)?/.exec(`${stdout.toString()}\n${stderr.toString()}`)?.[0] ?? 'unknown'
}
