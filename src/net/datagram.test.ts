// Datagrams over unix sockets, with the kernel's own.
import { afterAll, expect, test } from 'bun:test'
import { closeSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDatagram } from '../../testing/datagram.ts'
import { receiveDatagrams, sendDatagram } from './datagram.ts'
import { SystemError } from './socket.ts'

const folder = mkdtempSync(join(tmpdir(), 'myriad-datagram-'))
afterAll(() => rmSync(folder, { recursive: true }))

test.each([join(folder, 'socket'), `@myriad-${process.pid}`])('what is sent to %s arrives', (name) => {
  const receiving = receiveDatagrams(name)
  sendDatagram(name, Buffer.from('one'))
  sendDatagram(name, Buffer.from('two'))
  expect([readDatagram(receiving), readDatagram(receiving), readDatagram(receiving)]).toEqual([
    'one',
    'two',
    undefined,
  ])
  closeSync(receiving)
})

/** What sending is refused with. */
function codeOf(name: string): string {
  try {
    sendDatagram(name, Buffer.from('x'))
    return 'sent'
  } catch (error) {
    return (error as SystemError).code
  }
}

test('where nobody receives, and where one does not read, it is said', () => {
  expect(codeOf(join(folder, 'none'))).toBe('ENOENT')
  expect(codeOf('@myriad-none')).toBe('ECONNREFUSED')
  expect(codeOf(join(folder, 'x'.repeat(120)))).toBe('ENAMETOOLONG')
  const name = join(folder, 'slow')
  const receiving = receiveDatagrams(name)
  while (codeOf(name) === 'sent');
  expect(codeOf(name)).toBe('EAGAIN')
  closeSync(receiving)
})

test('a path is received at once only', () => {
  const name = join(folder, 'taken')
  const receiving = receiveDatagrams(name)
  expect(() => receiveDatagrams(name)).toThrow(SystemError)
  closeSync(receiving)
})
