// The mesh: a link from each edge process to every other, so that a purge, and what an unsafe method invalidates, is
// gone from all of them before it is answered. It does without the supervisor.
//
// Each process asks by links that it opened and is asked by those that others opened. A process that starts joins before
// it accepts a client: every living one has opened a link to it by then, and what is dropped from then on is dropped there
// too; before that it has stored nothing.
//
// A sibling that has gone has lost its cache with its process. One that does not answer within the limit is killed: it
// could wake up at any time and serve what has been purged before it reads what it was told, since the order in which a
// process sees what waits at its sockets is the kernel's. Killed, it is started anew with an empty cache, and a process
// that hangs for so long serves nobody anyway. The same goes for one whose link is lost while it lives.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { Timers } from '../base/clock.ts'
import type { Drop, Siblings } from '../request/siblings.ts'
import { Link, LinkClosed } from './link.ts'

/** How long a sibling may take to drop what it is asked to: a few times the longest stop of the garbage collector. */
const ANSWER_MS = 3_000
/** How often, and how many times, one that closes the link although it lives is asked again: it may be ending. */
const AGAIN_MS = 20
const AGAIN_MAX = 100

/** What the mesh needs of its process. */
export interface MeshParts {
  /** The private folder that the processes of this Myriad have in common. */
  readonly folder: string
  readonly pid: number
  readonly timers: Timers
  /** Drops it here; returns how many stored responses are gone. */
  readonly drop: (drop: Drop) => number
  /** Answers a question that is not one of a sibling (orphans.ts). */
  readonly asked: (what: unknown) => unknown
  /** Takes lines to tell the owner. */
  readonly say: (line: string) => void
}

interface Sibling {
  readonly pid: number
  readonly link: Link
  /** When it started, as the kernel counts: tells it from another that has been given its id. */
  readonly started: string
  /** It has said that it ends, and drops everything with its process. */
  leaving: boolean
  /** It has a link to here: from then on it is known whether it lives in order. */
  joined: boolean
}

/** This process's place in the mesh. */
export class Mesh implements Siblings {
  readonly #parts: MeshParts
  readonly #server: Server
  readonly #siblings = new Map<number, Promise<Sibling | undefined>>()
  readonly #open = new Set<Sibling>()
  /** Links that others have opened. */
  readonly #asking = new Set<Link>()
  #left = false

  private constructor(parts: MeshParts) {
    this.#parts = parts
    this.#server = createServer((socket) => {
      const link: Link = new Link(socket, {
        asked: (what) => this.#asked(what),
        told: (what) => this.#told(what),
      })
      this.#asking.add(link)
      void link.closed.then(() => this.#asking.delete(link))
    })
  }

  /** Joins: resolves when every living sibling is linked in both directions. */
  static async join(parts: MeshParts): Promise<Mesh> {
    const mesh = new Mesh(parts)
    const path = meshSocket(parts.folder, parts.pid)
    // Left behind by a process that had the same id and was killed.
    rmSync(path, { force: true })
    await new Promise<void>((resolve, reject) => {
      mesh.#server.once('error', reject)
      mesh.#server.listen(path, resolve)
    })
    const pids = meshPids(parts.folder).filter((pid) => pid !== parts.pid)
    await Promise.all(pids.map((pid) => mesh.#joinWith(pid)))
    return mesh
  }

  get siblings(): number {
    return this.#open.size
  }

  spread(drop: Drop): Promise<number> | undefined {
    if (this.#open.size === 0) return undefined
    return this.#spread(drop)
  }

  /** Leaves in order: the others wait for this process no more. */
  leave(): void {
    this.#left = true
    for (const { link } of this.#open) {
      link.tell({ kind: 'leave', pid: this.#parts.pid })
      link.close()
    }
    for (const link of this.#asking) link.close()
    this.#server.close()
    rmSync(meshSocket(this.#parts.folder, this.#parts.pid), { force: true })
  }

  /** Resolves when a sibling has opened its own link to here, or is none. */
  async #joinWith(pid: number): Promise<void> {
    for (let times = 0; ; times++) {
      const sibling = await this.#linkTo(pid)
      try {
        await sibling?.link.ask({ kind: 'join', pid: this.#parts.pid })
        if (sibling !== undefined) sibling.joined = true
        return
      } catch (error) {
        if (!isAlive(pid)) return
        if (!(error instanceof LinkClosed) || times === AGAIN_MAX) throw error
        // Its requests are done and it takes no more, or it is of a version that does not understand this one.
        await new Promise<void>((resolve) => this.#parts.timers.after(AGAIN_MS, resolve))
      }
    }
  }

  async #spread(drop: Drop): Promise<number> {
    const dropped = await Promise.all([...this.#open].map((sibling) => this.#dropAt(sibling, drop)))
    return dropped.reduce((sum, each) => sum + each, 0)
  }

  async #dropAt(sibling: Sibling, drop: Drop): Promise<number> {
    const timer = this.#parts.timers.after(ANSWER_MS, () => {
      this.#parts.say(
        `process ${sibling.pid} did not drop what was purged within ${ANSWER_MS} ms: it is killed`,
      )
      kill(sibling)
    })
    try {
      return Number(await sibling.link.ask({ kind: 'drop', drop }))
    } catch {
      // It has gone, and its cache with it; a link that was lost otherwise has been seen to by #lost.
      await this.#gone(sibling)
      return 0
    } finally {
      timer.cancel()
    }
  }

  /** Resolves when the process is no more. */
  async #gone(sibling: Sibling): Promise<void> {
    while (!sibling.leaving && isSame(sibling)) {
      kill(sibling)
      await new Promise<void>((resolve) => this.#parts.timers.after(1, resolve))
    }
  }

  async #asked(what: unknown): Promise<unknown> {
    const { kind, pid, drop } = what as { kind?: unknown; pid?: unknown; drop?: unknown }
    if (kind === 'join' && typeof pid === 'number') {
      const sibling = await this.#linkTo(pid)
      if (sibling !== undefined) sibling.joined = true
      return null
    }
    if (kind !== 'drop') return this.#parts.asked(what)
    const read = readDrop(drop)
    if (read === undefined) throw new Error('this is nothing that can be dropped')
    return this.#parts.drop(read)
  }

  #told(what: unknown): void {
    const { kind, pid } = what as { kind?: unknown; pid?: unknown }
    if (kind !== 'leave') return
    for (const sibling of this.#open) if (sibling.pid === pid) sibling.leaving = true
  }

  #linkTo(pid: number): Promise<Sibling | undefined> {
    let known = this.#siblings.get(pid)
    if (known === undefined) this.#siblings.set(pid, (known = this.#openTo(pid)))
    return known
  }

  async #openTo(pid: number): Promise<Sibling | undefined> {
    const path = meshSocket(this.#parts.folder, pid)
    let link: Link
    try {
      link = await Link.connect(path, { asked: () => undefined, told: () => undefined })
    } catch {
      // Nobody listens. One that lives has not come so far: it will find this process's socket, and join.
      this.#siblings.delete(pid)
      if (!isAlive(pid)) rmSync(path, { force: true })
      return undefined
    }
    const sibling: Sibling = { pid, link, started: startedAt(pid), leaving: false, joined: false }
    this.#open.add(sibling)
    void link.closed.then(() => this.#lost(sibling))
    return sibling
  }

  #lost(sibling: Sibling): void {
    this.#open.delete(sibling)
    this.#siblings.delete(sibling.pid)
    if (!this.#left && sibling.joined && !sibling.leaving) kill(sibling)
  }
}

/** The socket of a process in the mesh. */
export function meshSocket(folder: string, pid: number): string {
  return join(folder, `${pid}.edge`)
}

/** The processes that have a socket in the mesh; some may have died. */
export function meshPids(folder: string): readonly number[] {
  return readdirSync(folder)
    .map((name) => /^(\d+)\.edge$/.exec(name)?.[1])
    .filter((pid) => pid !== undefined)
    .map(Number)
}

function readDrop(value: unknown): Drop | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined
  if (value.kind === 'everything') return { kind: 'everything' }
  if (value.kind !== 'keys' || !('keys' in value) || !Array.isArray(value.keys)) return undefined
  const keys: unknown[] = value.keys
  return keys.every((key) => typeof key === 'string') ? { kind: 'keys', keys } : undefined
}

/** When a process started (proc(5), field 22 of stat); '' when it is no more. A zombie has ended. */
function startedAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : fields[19]!
  } catch {
    // There is no such process.
    return ''
  }
}

/** Whether a process of this id runs. */
export function isAlive(pid: number): boolean {
  return startedAt(pid) !== ''
}

const isSame = ({ pid, started }: Sibling): boolean => started !== '' && startedAt(pid) === started

function kill(sibling: Sibling): void {
  if (!isSame(sibling)) return
  try {
    process.kill(sibling.pid, 'SIGKILL')
  } catch {
    // It ended in this moment.
  }
}
