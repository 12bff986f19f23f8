// Edge processes that serve on after their supervisor was killed. The next supervisor on one of their addresses finds them
// in the folder that they have in common, has them hand it their listening sockets, with what waits in those, and lets
// them end when its own processes accept. Until then they serve; if it comes to nothing, they go on.
//
// The new processes go into the same folder, and so into the same mesh: what is purged meanwhile is gone from both.
import { closeSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Timers } from '../base/clock.ts'
import { isPrivate } from '../base/private-folder.ts'
import { messageOf } from '../base/thrown.ts'
import { receiveDatagrams, sendDatagrams } from '../net/datagram.ts'
import { listensAt, receiveDescriptor, sendDescriptor, type InternetAddress } from './descriptors.ts'
import { isSameAddress, type InheritedSockets } from './inherited-sockets.ts'
import { Link, type LinkEvents } from './link.ts'
import { listeningPorts } from './listening-ports.ts'
import { isAlive, meshSocket } from './mesh.ts'
import { RuntimeFolder } from './runtime-folder.ts'

/** How long such a process may take to answer. */
const ANSWER_MS = 3_000

/** What is asked of a process whose supervisor is gone. */
type SuccessorQuestion =
  /** The sockets that it listens on. */
  | { readonly kind: 'listening' }
  /** One of them is to be sent to the socket at a path. */
  | { readonly kind: 'hand'; readonly descriptor: number; readonly path: string }
  /** Others have its sockets and accept: it ends when its connections have. */
  | { readonly kind: 'retire' }

/** What such a process has. */
export interface Orphaned {
  /** The sockets that it listens on. */
  readonly listening: Iterable<number>
  retire(): void
}

/** The answer of a process to whoever follows its supervisor; throws when it is asked something else. */
export function answerSuccessor(asked: unknown, { listening, retire }: Orphaned): unknown {
  const question = asked as SuccessorQuestion
  switch (question.kind) {
    case 'listening':
      return [...listening]
    case 'hand': {
      if (![...listening].includes(question.descriptor)) throw new Error('it listens on no such socket')
      const channel = sendDatagrams(question.path)
      try {
        sendDescriptor(channel, question.descriptor)
      } finally {
        closeSync(channel)
      }
      return null
    }
    case 'retire':
      return retire()
    default:
      throw new Error('this version of the program does not understand the question')
  }
}

/** What looking for them needs. */
export interface OrphansDeps {
  /** The private folder of this user's Myriads. */
  readonly base: string
  readonly timers: Timers
  /** Takes lines to tell the owner. */
  readonly say: (line: string) => void
}

/** What they ask themselves is not for the one who follows. */
const deaf: LinkEvents = { asked: () => undefined, told: () => undefined }

class Late extends Error {}

interface Orphan {
  readonly pid: number
  readonly link: Link
}

/** Those that were found on some addresses. */
export class Orphans {
  readonly #deps: OrphansDeps
  readonly #found: Orphan[] = []
  /** The folder that they serve in, which is held from now on; undefined: there are none. */
  folder: RuntimeFolder | undefined

  private constructor(deps: OrphansDeps) {
    this.#deps = deps
  }

  /** Finds those that listen on one of these addresses, and adds their sockets there to what is inherited. */
  static async find(
    wanted: readonly InternetAddress[],
    inherited: InheritedSockets,
    deps: OrphansDeps,
  ): Promise<Orphans> {
    const orphans = new Orphans(deps)
    if (!isPrivate(deps.base)) return orphans
    for (const folder of RuntimeFolder.abandoned(deps.base)) {
      const before = orphans.#found.length
      for (const pid of folder.pids) await orphans.#ask(folder, pid, wanted, inherited)
      // One folder is enough; those in another one end there.
      if (orphans.#found.length > before && orphans.folder === undefined) orphans.folder = folder
      else folder.release()
    }
    return orphans
  }

  /** How many there are. */
  get count(): number {
    return this.#found.length
  }

  /** Has them end, now that others accept. */
  async retire(): Promise<void> {
    await Promise.all(
      this.#found.map(async ({ pid, link }) => {
        try {
          await this.#answer(link, { kind: 'retire' })
        } catch (error) {
          this.#deps.say(`process ${pid}, whose place was taken, does not end: ${messageOf(error)}`)
        }
        link.close()
      }),
    )
  }

  async #ask(
    folder: RuntimeFolder,
    pid: number,
    wanted: readonly InternetAddress[],
    inherited: InheritedSockets,
  ): Promise<void> {
    const path = join(folder.path, `${process.pid}.handed`)
    const link = await Link.connect(meshSocket(folder.path, pid), deaf).catch(() => undefined)
    // It has just ended, or begins to.
    if (link === undefined) return
    let isWanted = false
    let channel: number | undefined
    try {
      rmSync(path, { force: true })
      channel = receiveDatagrams(path)
      for (const descriptor of (await this.#answer(link, { kind: 'listening' })) as readonly number[]) {
        await this.#answer(link, { kind: 'hand', descriptor, path })
        isWanted = keep(receiveDescriptor(channel), wanted, inherited) || isWanted
      }
    } catch (error) {
      const isLate = error instanceof Late
      // One that is elsewhere is nobody's to end: it may be busy.
      if (!isLate || isThere(pid, wanted)) {
        this.#deps.say(`process ${pid}, whose supervisor is gone, does not hand over: ${messageOf(error)}`)
        if (isLate) await this.#kill(pid)
      }
    } finally {
      if (channel !== undefined) closeSync(channel)
      rmSync(path, { force: true })
    }
    if (isWanted) this.#found.push({ pid, link })
    else link.close()
  }

  /** Nobody would be answered by one that hangs, and the others would wait for it to join. */
  async #kill(pid: number): Promise<void> {
    while (isAlive(pid)) {
      process.kill(pid, 'SIGKILL')
      await new Promise<void>((resolve) => this.#deps.timers.after(1, resolve))
    }
  }

  async #answer(link: Link, question: SuccessorQuestion): Promise<unknown> {
    const late = Promise.withResolvers<never>()
    const timer = this.#deps.timers.after(ANSWER_MS, () =>
      late.reject(new Late(`no answer within ${ANSWER_MS} ms: it is killed`)),
    )
    try {
      return await Promise.race([link.ask(question), late.promise])
    } finally {
      timer.cancel()
    }
  }
}

/** Whether it listens where somebody wants to. */
function keep(descriptor: number, wanted: readonly InternetAddress[], inherited: InheritedSockets): boolean {
  const at = listensAt(descriptor)
  const isWanted = at !== undefined && wanted.some((each) => isSameAddress(each, at))
  if (isWanted) inherited.add(descriptor, at)
  else closeSync(descriptor)
  return isWanted
}

/** Whether a process that does not say so listens on a port that somebody wants. */
function isThere(pid: number, wanted: readonly InternetAddress[]): boolean {
  const ports = listeningPorts(pid)
  return wanted.some(({ port }) => ports.has(port))
}
