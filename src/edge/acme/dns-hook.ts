// Sets and removes the TXT record of a dns-01 challenge (RFC 8555 §8.4) by a program of the owner's.
import { spawn } from 'node:child_process'
import type { Timers } from '../../base/clock.ts'
import { AcmeTrouble, plain } from './problem.ts'

/** How long the program may take; it returns when the record can be seen. */
const HOOK_MS_MAX = 300_000
/** What is kept of what it says. */
const SAID_BYTES_MAX = 4_096

/**
 * Runs the hook, without a shell: `HOOK… present NAME VALUE`. Resolves when it has ended with 0; an AcmeTrouble tells
 * what it said otherwise.
 */
export function runDnsHook(
  hook: readonly string[],
  action: 'present' | 'cleanup',
  record: { readonly name: string; readonly value: string },
  timers: Timers,
): Promise<void> {
  const [program = '', ...first] = hook
  return new Promise((resolve, reject) => {
    const refuse = (why: string): void =>
      reject(new AcmeTrouble('refused', plain(`dnsHook ${program} ${action} ${record.name}: ${why}`)))
    const child = spawn(program, [...first, action, record.name, record.value], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-SAID_BYTES_MAX)
    })
    const late = timers.after(HOOK_MS_MAX, () => child.kill('SIGKILL'))
    child.on('error', (error) => {
      late.cancel()
      refuse(error.message)
    })
    child.on('close', (code, signal) => {
      late.cancel()
      if (code === 0) resolve()
      else refuse(`ended with ${code ?? signal}${said === '' ? '' : `: ${said.trim()}`}`)
    })
  })
}
