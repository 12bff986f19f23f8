// Starts the origin (origin.ts) on the core that generates load, and asks it what it has counted.
import { join } from 'node:path'
import { freePort, loadCore, StartedProcess, untilAnswers } from './process.ts'

/** What the origin counts. */
export interface OriginCounters {
  /** Requests for pages: what no cache in front of it answered. */
  readonly requests: number
  /** When the last delayed page was answered, milliseconds since the Unix epoch. */
  readonly answeredAtMs: number
  /** Length and CRC-32 of the last upload. */
  readonly uploadedBytes: number
  readonly uploadedCrc: number
}

/** A running origin. Disposing of it ends it. */
export class OriginProcess implements AsyncDisposable {
  private constructor(
    readonly port: number,
    readonly process: StartedProcess,
  ) {}

  /** Starts an origin; `folder` takes its log. */
  static async start(folder: string): Promise<OriginProcess> {
    const port = freePort()
    const command = [process.execPath, join(import.meta.dir, 'origin.ts'), String(port)]
    const started = StartedProcess.start(command, loadCore, join(folder, 'origin.log'))
    await untilAnswers(`http://127.0.0.1:${port}/-/ready`, started, 10_000)
    return new OriginProcess(port, started)
  }

  async counters(): Promise<OriginCounters> {
    const response = await fetch(`http://127.0.0.1:${this.port}/-/counters`)
    return (await response.json()) as OriginCounters
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]()
  }
}
