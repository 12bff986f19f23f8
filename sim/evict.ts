// Hit ratios of eviction policies over one sequence of requests: the policy that runs in production, and the two that
// everybody knows. `bun sim/evict.ts [FOLDER]` prints a table over generated requests and over the trace files that it
// finds in the folder (see README.md).
import { readdirSync } from 'node:fs'
import { Resident } from '../src/cache/evict/fifo.ts'
import { S3Fifo, touch } from '../src/cache/evict/s3fifo.ts'
import { seededRandom, zipf } from '../bench/zipf.ts'

/** One request for an object. */
export interface Access {
  readonly key: string
  readonly bytes: number
}

export interface Ratios {
  /** Requests answered from the cache, of all. */
  readonly requests: number
  /** Bytes answered from the cache, of all. */
  readonly bytes: number
}

/** Asks for an object, and takes it in when it is missing; returns whether it was there. */
type Policy = (access: Access) => boolean

export const policies: Record<string, (budgetBytes: number) => Policy> = {
  's3-fifo'(budgetBytes) {
    const policy = new S3Fifo<Resident>(budgetBytes)
    const residents = new Map<string, Resident>()
    return ({ key, bytes }) => {
      const resident = residents.get(key)
      if (resident) {
        touch(resident)
        return true
      }
      const newcomer = new Resident(key, bytes)
      const admission = policy.admit(newcomer)
      if (admission.kind === 'admitted') {
        residents.set(key, newcomer)
        for (const victim of admission.victims) residents.delete(victim.key)
      }
      return false
    }
  },
  lru: (budgetBytes) => byOrder(budgetBytes, true),
  fifo: (budgetBytes) => byOrder(budgetBytes, false),
}

/** LRU and FIFO: a Map keeps the order in which its keys were set. */
function byOrder(budgetBytes: number, moveOnHit: boolean): Policy {
  const sizes = new Map<string, number>()
  let held = 0
  return ({ key, bytes }) => {
    const size = sizes.get(key)
    if (size !== undefined) {
      if (moveOnHit) {
        sizes.delete(key)
        sizes.set(key, size)
      }
      return true
    }
    if (bytes > budgetBytes / 8) return false
    sizes.set(key, bytes)
    held += bytes
    for (const [oldest, oldestBytes] of sizes) {
      if (held <= budgetBytes) break
      sizes.delete(oldest)
      held -= oldestBytes
    }
    return false
  }
}

/** Runs all accesses through a policy. */
export function hitRatios(accesses: readonly Access[], policy: Policy): Ratios {
  let hits = 0
  let hitBytes = 0
  let bytes = 0
  for (const access of accesses) {
    bytes += access.bytes
    if (!policy(access)) continue
    hits++
    hitBytes += access.bytes
  }
  return { requests: hits / accesses.length, bytes: hitBytes / bytes }
}

/** `count` requests for `objects` pages of 1 to 16 KB by Zipf's law. */
export function zipfAccesses(count: number, objects: number, skew: number, seed: number): Access[] {
  const random = seededRandom(seed)
  const sizes = Array.from({ length: objects }, () => 1024 + Math.floor(random() * 15 * 1024))
  const draw = zipf(objects, skew, random)
  return Array.from({ length: count }, () => {
    const rank = draw()
    return { key: `/page/${rank}`, bytes: sizes[rank]! }
  })
}

/** The bytes of all different objects together. */
export function footprintBytes(accesses: readonly Access[]): number {
  let bytes = 0
  for (const size of new Map(accesses.map((access) => [access.key, access.bytes])).values()) bytes += size
  return bytes
}

/** Reads a trace file, whose name tells its format; undefined when it is none. */
function readTrace(path: string): Access[] | undefined {
  if (!path.endsWith('.trace.xz')) return undefined
  const unpacked = Buffer.from(Bun.spawnSync(['xz', '-dc', path]).stdout)
  return path.includes('adapt_size') ? sizedLines(unpacked) : objectNumbers(unpacked)
}

/** Lines of time, object and bytes. */
function sizedLines(text: Buffer): Access[] {
  const lines = text.toString('latin1').trimEnd().split('\n')
  return lines.map((line) => {
    const [, key = '', bytes = '0'] = line.split(' ')
    return { key, bytes: Number(bytes) }
  })
}

/** Object numbers of four bytes, big-endian, without sizes: every object counts as 8 KB. */
function objectNumbers(bytes: Buffer): Access[] {
  const count = Math.floor(bytes.length / 4)
  return Array.from({ length: count }, (_, i) => ({ key: String(bytes.readInt32BE(i * 4)), bytes: 8192 }))
}

function printTable(name: string, accesses: readonly Access[]): void {
  const footprint = footprintBytes(accesses)
  for (const share of [0.01, 0.05, 0.1, 0.25]) {
    const cells = Object.entries(policies).map(([policy, make]) => {
      const { requests, bytes } = hitRatios(accesses, make(footprint * share))
      return `${policy} ${(requests * 100).toFixed(1)}% (${(bytes * 100).toFixed(1)}% of bytes)`
    })
    console.log(`${name}, cache of ${share * 100}% of all objects: ${cells.join(', ')}`)
  }
}

if (import.meta.main) {
  for (const skew of [0.7, 0.9, 1.1]) printTable(`zipf ${skew}`, zipfAccesses(300_000, 50_000, skew, 1))
  const folder = process.argv[2]
  for (const file of folder ? readdirSync(folder).toSorted() : []) {
    const accesses = readTrace(`${folder}/${file}`)
    if (accesses) printTable(file, accesses)
  }
}
