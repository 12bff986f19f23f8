// Reads what arrived at a unix socket for datagrams, as a service manager does.
import { realClock, realTimers } from '../src/base/clock.ts'
import { libc, pointerTo } from '../src/net/libc.ts'

const MSG_DONTWAIT = 0x40
const octets = Buffer.from(new ArrayBuffer(4096))

/** The next datagram as text; undefined: there is none yet. */
export function readDatagram(descriptor: number): string | undefined {
  const size = libc()!.recv(descriptor, pointerTo(octets), octets.length, MSG_DONTWAIT)
  return size < 0 ? undefined : octets.toString('utf8', 0, size)
}

/** Resolves with the next datagram that matches, or rejects after `waitMs`; those before it are dropped. */
export async function untilDatagram(
  descriptor: number,
  pattern: RegExp,
  waitMs = 10_000,
): Promise<RegExpExecArray> {
  const untilMs = realClock.monotonicMs() + waitMs
  for (;;) {
    const text = readDatagram(descriptor)
    const match = text === undefined ? null : pattern.exec(text)
    if (match !== null) return match
    if (realClock.monotonicMs() > untilMs) throw new Error(`waited ${waitMs} ms for ${String(pattern)}`)
    if (text === undefined) await new Promise<void>((resolve) => realTimers.after(5, resolve))
  }
}
