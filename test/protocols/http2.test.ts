// HTTP/2 as clients of others speak it: curl and nghttp, in clear text and knowing beforehand.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Http2Server, startHttp2Server } from '../../testing/http2-server.ts'
import { type Answer, type RawOrigin, response, startRawOrigin } from '../../testing/raw-origin.ts'
import { fresh } from '../../testing/site.ts'

let origin: RawOrigin
let server: Http2Server
let folder: string
const answers = new Map<string, Answer>()
const seen = (path: string) => origin.requests.filter(({ target }) => target === path)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'myriad-http2-'))
  origin = await startRawOrigin((request) => {
    const answer = answers.get(request.target)
    return answer === undefined ? response('404 Not Found', ['Cache-Control: no-store']) : answer(request)
  })
  server = startHttp2Server(origin.url)
})
afterAll(async () => {
  server.stop()
  await origin.stop()
  rmSync(folder, { recursive: true })
  expect(origin.problems).toEqual([])
})

async function run(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stderr: 'pipe' })
  const [out, complaint, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code !== 0) throw new Error(`${command.join(' ')}: ${code}: ${complaint}`)
  return out
}

const curl = (path: string, ...more: string[]): Promise<string> =>
  run([
    'curl',
    '-s',
    '-m',
    '10',
    '--http2-prior-knowledge',
    '--path-as-is',
    ...more,
    `${server.urls[0]}${path}`,
  ])

describe.skipIf(Bun.which('curl') === null)('curl', () => {
  test('gets pages, from the origin and from memory', async () => {
    answers.set('/page', () => fresh('a page', 'X-Of-Site: kept'))
    for (const detail of ['fwd=uri-miss', 'hit']) {
      const text = await curl('/page', '-i')
      expect(text).toStartWith('HTTP/2 200')
      expect(text).toContain(detail)
      expect(text).toContain('x-of-site: kept')
      expect(text).toEndWith('a page')
    }
    expect(seen('/page').length).toBe(1)
    expect(await curl('/x/../page')).toBe('a page')
    expect(await curl('/page', '-I')).toContain('content-length: 6')
  })

  test('sends bodies, of known length and of unknown, and waits for 100', async () => {
    answers.set('/upload', async (request) => {
      if (request.field('expect') !== undefined) request.connection.write('HTTP/1.1 100 Continue\r\n\r\n')
      const body = await request.body
      return response(
        '200 OK',
        ['Cache-Control: no-store'],
        `${body.length} ${request.field('content-length')}`,
      )
    })
    const file = join(folder, 'large')
    writeFileSync(file, 'x'.repeat(3_000_000))
    expect(await curl('/upload', '-T', file, '-X', 'POST')).toBe('3000000 3000000')
    expect(await curl('/upload', '-T', file, '-H', 'Content-Length:', '-H', 'Expect: 100-continue')).toBe(
      '3000000 undefined',
    )
    expect(await curl('/upload', '-d', 'form=1')).toBe('6 6')
  })

  test('gets what is told early, and trailers', async () => {
    answers.set('/early', ({ connection }) => {
      connection.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n')
      connection.write(
        'HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX-Late: yes\r\n\r\n',
      )
      return undefined
    })
    const text = await curl('/early', '-i')
    expect(text).toMatch(/^HTTP\/2 103 \r\nlink: <\/a.css>\r\n\r\nHTTP\/2 200 \r\n/)
    expect(text).toContain('body')
    expect(text).toContain('x-late: yes')
  })

  test('sees that a page is not whole', async () => {
    answers.set('/broken', ({ connection }) => {
      connection.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome')
      connection.end()
      return undefined
    })
    // 92: a stream of HTTP/2 has failed.
    expect(await curl('/broken').catch((error: Error) => error.message)).toContain(': 92:')
  })
})

describe.skipIf(Bun.which('nghttp') === null)('nghttp', () => {
  test('gets many pages over one connection, with small windows', async () => {
    const paths = Array.from({ length: 20 }, (_, i) => `/many-${i}`)
    for (const path of paths) answers.set(path, () => fresh(path.repeat(5000)))
    const urls = paths.map((path) => `${server.urls[0]}${path}`)
    for (const _ of ['from the origin', 'from memory']) {
      const out = await run(['nghttp', '--window-bits=14', '--connection-window-bits=16', ...urls])
      expect(out.length).toBe(paths.reduce((sum, path) => sum + 5000 * path.length, 0))
    }
    for (const path of paths) expect(seen(path).length).toBe(1)
  })

  test('with padding, continued heads, trailers and a table of no size', async () => {
    answers.set('/odd', async (request) =>
      response('200 OK', ['Cache-Control: no-store'], `${(await request.body).length}`),
    )
    const file = join(folder, 'odd')
    writeFileSync(file, 'x'.repeat(100_000))
    const options = ['--continuation', '--padding=100', '--header-table-size=0', '--trailer=x-late: yes']
    const got = await run(['nghttp', ...options, `--data=${file}`, `${server.urls[0]}/odd`])
    expect(got).toBe('100000')
    expect((await seen('/odd')[0]!.body).length).toBe(100_000)
  })
})
