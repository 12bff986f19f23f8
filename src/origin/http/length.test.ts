// A Content-Length where there is no content to have one (RFC 9110 §8.6).
import { expect, test } from 'bun:test'
import { httpOrigin } from '../../../testing/http-origin.ts'
import { startRawOrigin } from '../../../testing/raw-origin.ts'

async function answeredWith(text: string, method = 'GET') {
  const server = await startRawOrigin(() => text)
  const { ask, origin } = httpOrigin(server.port)
  const answer = ask({ method })
  await answer.result()
  origin.close()
  await server.stop()
  return answer
}

test.each(['204 No Content', '204'])('on %s goes no further', async (status) => {
  const { response } = await answeredWith(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nX-One: 1\r\n\r\n`)
  expect(response?.fields.keys).toEqual(['x-one'])
})

test('on an interim response goes no further', async () => {
  const answer = await answeredWith(
    'HTTP/1.1 103 Early\r\nContent-Length: 5\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  )
  expect(answer.interimHeads[0]?.fields.keys).toEqual(['link'])
})

test('in answer to HEAD tells how long the content would be', async () => {
  const { response } = await answeredWith('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'HEAD')
  expect(response?.fields.get('content-length')).toBe('5')
})
