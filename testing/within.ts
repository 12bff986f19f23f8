// A deadline for what a test waits for, so that a hang is reported by its name.
import { realTimers } from '../src/base/clock.ts'

/** Resolves as `promise` does, or rejects after `ms` with what was waited for. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = realTimers.after(ms, () => late.reject(new Error(`waited ${ms} ms for ${what}`)))
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    timer.cancel()
  }
}

/** Resolves after `ms`: for what can only be shown by its absence. */
export function pass(ms: number): Promise<void> {
  return new Promise((resolve) => realTimers.after(ms, resolve))
}
