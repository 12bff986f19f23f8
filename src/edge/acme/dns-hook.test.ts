// The owner's program for TXT records: called as written, without a shell, within a time.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'bun:test'
import { FakeClock } from '../../../testing/fake-clock.ts'
import { within } from '../../../testing/within.ts'
import { runDnsHook } from './dns-hook.ts'

const folder = mkdtempSync(join(tmpdir(), 'myriad-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
const clock = new FakeClock()
const record = { name: '_acme-challenge.a.example', value: 'v' }

function script(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o700)
  return path
}

const failure = (hook: readonly string[]): Promise<string> =>
  runDnsHook(hook, 'cleanup', record, clock).then(
    () => 'it ended well',
    (error: Error) => error.message,
  )

test('arguments arrive one by one, whatever is in them', async () => {
  const out = join(folder, 'out')
  const hook = [script('print', `for each in "$@"; do printf '<%s>' "$each"; done > ${out}`), 'a b', '$(id)']
  await runDnsHook(hook, 'present', { name: '_acme-challenge.a.example', value: '-x;y z' }, clock)
  expect(readFileSync(out, 'utf8')).toBe('<a b><$(id)><present><_acme-challenge.a.example><-x;y z>')
})

test('failures are told with the last of what it said', async () => {
  expect(await failure([script('fail', 'echo "no\n  zone" >&2; exit 4')])).toMatch(
    /^dnsHook \S+\/fail cleanup _acme-challenge\.a\.example: ended with 4: no +zone$/,
  )
  expect(await failure([script('loud', 'yes no | head -c 100000 >&2; echo end >&2; exit 1')])).toMatch(
    /^dnsHook .{100,500}$/,
  )
  expect(await failure([join(folder, 'absent')])).toContain('ENOENT')
  expect(await failure([script('killed', 'kill -9 $$')])).toEndWith('ended with SIGKILL')
})

test('five minutes are waited for', async () => {
  const mark = join(folder, 'mark')
  const asking = failure([script('hang', `touch ${mark}; exec sleep 600`)])
  await within(
    5_000,
    'its start',
    (async () => {
      while (!existsSync(mark)) await Bun.sleep(5)
    })(),
  )
  clock.advance(300_000)
  expect(await within(5_000, 'its end', asking)).toEndWith('ended with SIGKILL')
})
