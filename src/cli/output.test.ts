// What a command says is complete when its process ends.
import { expect, test } from 'bun:test'
import { join } from 'node:path'

const script = `
import { writeText } from ${JSON.stringify(join(import.meta.dir, 'output.ts'))}
let length = 0
while (length < 1_000_000 && writeText(1, 'x'.repeat(1000))) length += 1000
process.exit(length === 1_000_000 ? 3 : 4)`

test('a text that no pipe can hold arrives whole', async () => {
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' })
  expect((await child.stdout.text()).length).toBe(1_000_000)
  expect(await child.exited).toBe(3)
})

test('a reader that goes is told, and is no failure', async () => {
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'pipe' })
  await child.stdout.cancel()
  expect(await child.exited).toBe(4)
  expect(await child.stderr.text()).toBe('')
})
