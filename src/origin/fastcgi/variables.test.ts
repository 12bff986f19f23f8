// The variables of a request, where a client has sent more names than are remembered.
import { expect, test } from 'bun:test'
import { readPairs } from '../../../testing/fastcgi.ts'
import { testGateway } from '../../../testing/origin-call.ts'
import { Fields } from '../../http/fields.ts'
import { PairWriter } from './name-values.ts'
import { RequestId } from './request-id.ts'
import { writeVariables } from './variables.ts'

const script = { documentRoot: '/r', filename: '/r/i.php', name: '/i.php', pathInfo: '' }

function variablesOf(lines: readonly (readonly [string, string])[]): ReadonlyMap<string, string> {
  const writer = new PairWriter()
  const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  writeVariables(
    writer,
    {
      method: 'GET',
      pathAndQuery: '/',
      fields: Fields.of(lines),
      copyLines: (into, at) => at + into.latin1Write(text, at),
      gateway: testGateway,
      body: { kind: 'none' },
      expectsContinue: false,
      upgrade: undefined,
    },
    script,
    new RequestId('test', 1),
  )
  // Throws at a name that comes twice.
  return readPairs(Buffer.from(writer.octets.subarray(0, writer.at)))
}

test('lines of one name are one variable, however many names there were before', () => {
  for (let i = 0; i < 30; i++)
    variablesOf(Array.from({ length: 50 }, (_, j) => [`X-Name-${i}-${j}`, '1'] as const))
  const seen = variablesOf([
    ['X-Late', '1'],
    ['X-Late', '2'],
  ])
  expect(seen.get('HTTP_X_LATE')).toBe('1, 2')
})
