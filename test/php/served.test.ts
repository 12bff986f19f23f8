// PHP behind the whole of Myriad: what of a request's lines becomes a variable, files beside scripts, and releases that
// are switched while requests are under way.
import { renameSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Myriad, startMyriad } from '../../testing/myriad.ts'
import { hasPhpFpm, type PhpFpm, startPhpFpm } from '../../testing/php-fpm.ts'
import { RawClient, type RawResponse } from '../../testing/raw-client.ts'
import { type Asked, request } from '../../testing/site.ts'
import { pass } from '../../testing/within.ts'

const files = {
  '1/index.php': `<?php header('Cache-Control: no-store'); echo json_encode($_SERVER);`,
  '1/post.php': `<?php header('Cache-Control: no-store'); echo json_encode([$_POST, getallheaders()]);`,
  '1/release.php': `<?php header('Cache-Control: no-store'); echo 'begun '; flush(); while (!file_exists(__DIR__ . '/../go')) { usleep(5000); clearstatcache(); } echo basename(__DIR__);`,
  '1/moved.php': `<?php header('Location: /x', true, 301);`,
  '1/page.php': `<?php header('Cache-Control: max-age=60'); header('X-Count: ' . (@file_get_contents('count') + 1)); file_put_contents('count', @file_get_contents('count') + 1); echo 'page';`,
  '1/style.css': 'body {}',
  '1/uploads/evil.php': `<?php echo 'ran';`,
  '2/index.php': `<?php header('Cache-Control: no-store'); echo '{"release": 2}';`,
  '2/release.php': `<?php header('Cache-Control: no-store'); echo basename(__DIR__);`,
}

describe.skipIf(!hasPhpFpm)('a site of PHP scripts', () => {
  let fpm: PhpFpm
  let myriad: Myriad
  const switchTo = (release: string): void => {
    symlinkSync(release, join(fpm.root, 'next'))
    renameSync(join(fpm.root, 'next'), join(fpm.root, 'current'))
  }
  beforeAll(async () => {
    fpm = await startPhpFpm({ files })
    switchTo('1')
    const origin = { php: join(fpm.root, 'current'), socket: fpm.socket, noExec: ['/uploads'] }
    myriad = await startMyriad('', { services: { site: { origin } } })
  })
  afterAll(async () => {
    await myriad?.stop()
    await fpm?.stop()
  })

  async function ask(path: string, asked: Asked = {}): Promise<RawResponse> {
    const client = await RawClient.connect(myriad.port)
    try {
      await client.send(request(path, asked))
      return await client.response(asked.method)
    } finally {
      client.destroy()
    }
  }

  const server = async (lines: readonly string[]): Promise<Record<string, string>> =>
    JSON.parse((await ask('/?a=b', { lines })).text()) as Record<string, string>

  test('sees the lines of a request', async () => {
    expect(
      await server(['X-Own: 1', 'Accept: */*', 'Cookie: a=b', 'X-Empty: ', 'Authorization: Basic eDp5']),
    ).toMatchObject({
      HTTP_X_OWN: '1',
      HTTP_ACCEPT: '*/*',
      HTTP_COOKIE: 'a=b',
      HTTP_X_EMPTY: '',
      HTTP_HOST: 'site.test',
      PHP_AUTH_USER: 'x',
      REMOTE_ADDR: '127.0.0.1',
      REQUEST_URI: '/?a=b',
    })
  })

  test.each([
    ['once', ['X-A: 1', 'X-B: 2']],
    ['several times', ['X-A: 1', 'X-B: 2', 'X-C: 3', 'X-C: 4']],
    ['oddly', ['X-A:1', 'X-B: 2  ']],
  ])('sees no line that pretends to be something else, where lines stand %s', async (_, lines) => {
    const pretended = [
      'PHP_VALUE: memory_limit=1M',
      'Proxy: evil',
      'X_Forwarded_For: 1.2.3.4',
      'X.D: 1',
      'X_A: 5',
      'Content_Type: evil',
    ]
    const seen = await server([...lines, ...pretended])
    expect(seen).toMatchObject({
      HTTP_X_A: '1',
      HTTP_X_B: '2',
      HTTP_X_FORWARDED_FOR: '127.0.0.1',
      HTTP_PHP_VALUE: 'memory_limit=1M',
    })
    for (const name of ['PHP_VALUE', 'HTTP_PROXY', 'HTTP_X.D', 'CONTENT_TYPE', 'HTTP_CONTENT_TYPE'])
      expect(seen).not.toHaveProperty(name)
    if (lines.length === 4) expect(seen['HTTP_X_C']).toBe('3, 4')
  })

  test('is told the host that was checked, whatever form the target has', async () => {
    const client = await RawClient.connect(myriad.port)
    await client.send('GET http://SITE.test:80/?x HTTP/1.1\r\nHost: site.test\r\n\r\n')
    const seen = JSON.parse((await client.response()).text()) as Record<string, string>
    expect([seen['HTTP_HOST'], seen['SERVER_NAME'], seen['REQUEST_URI']]).toEqual([
      'site.test',
      'site.test',
      '/?x',
    ])
    client.destroy()
  })

  test('reads forms, whole and in chunks', async () => {
    const lines = ['Content-Type: application/x-www-form-urlencoded']
    const whole = JSON.parse(
      (await ask('/post.php', { method: 'POST', lines, body: 'a=b' })).text(),
    ) as unknown[]
    expect(whole[0]).toEqual({ a: 'b' })
    expect(whole[1]).toMatchObject({
      'Content-Length': '3',
      'Content-Type': 'application/x-www-form-urlencoded',
    })
    const client = await RawClient.connect(myriad.port)
    const head = `POST /post.php HTTP/1.1\r\nHost: a\r\n${lines[0]}\r\nTransfer-Encoding: chunked\r\n\r\n`
    await client.send(`${head}2\r\na=\r\n1\r\nc\r\n0\r\n\r\n`)
    expect(JSON.parse((await client.response()).text())).toMatchObject([
      { a: 'c' },
      { 'Content-Length': '3' },
    ])
    client.destroy()
  })

  test('answers HEAD, redirects, and stores what may be stored', async () => {
    const moved = await ask('/moved.php')
    expect([moved.status, moved.field('location')]).toEqual([301, '/x'])
    const head = await ask('/index.php', { method: 'HEAD' })
    expect([head.status, head.end]).toEqual([200, 'none'])
    const first = await ask('/page.php')
    const second = await ask('/page.php')
    expect([first.text(), second.text(), second.field('x-count')]).toEqual([
      'page',
      'page',
      first.field('x-count'),
    ])
    expect(second.field('date')).toBe(first.field('date'))
    expect(second.field('cache-status')).toContain('hit')
  })

  test('has files beside it, and no script is shown or run that is not to be', async () => {
    const style = await ask('/style.css')
    expect([style.text(), style.field('content-type')]).toEqual(['body {}', 'text/css; charset=utf-8'])
    expect((await ask('/uploads/evil.php')).status).toBe(404)
  })

  test('goes on to the next release while requests of the one before end', async () => {
    const client = await RawClient.connect(myriad.port)
    await client.send(request('/release.php'))
    while (!client.pending.includes('begun ')) await pass(1)
    switchTo('2')
    // The root is looked at once in a millisecond.
    await pass(2)
    expect((await ask('/release.php')).text()).toBe('2')
    await Bun.write(join(fpm.root, 'go'), '')
    expect((await client.response()).text()).toBe('begun 1')
    client.destroy()
    unlinkSync(join(fpm.root, 'go'))
    switchTo('1')
  })
})
