// What the visitors send.
import { describe, expect, test } from 'bun:test'
import { everyPage, ordinaryCrowd, requestsOf } from './visitors.ts'

describe('requestsOf', () => {
  const requests = requestsOf(ordinaryCrowd, 20_000)

  test('gives the same requests each time', () => {
    expect(requestsOf(ordinaryCrowd, 20)).toEqual(requests.slice(0, 20))
  })

  test('asks again with the ETag in 5% of the requests', () => {
    const revisits = requests.filter((request) => request.includes('\r\nIf-None-Match: '))
    expect(revisits.length / requests.length).toBeCloseTo(0.05, 2)
    for (const request of revisits) {
      const path = /^GET (\S+) /.exec(request)![1]!
      expect(request).toContain(`\r\nIf-None-Match: "${path}"\r\n`)
    }
  })

  test('has five browsers and a cookie of its own in every request', () => {
    const values = (name: string): Set<string> =>
      new Set(requests.map((request) => new RegExp(`\r\n${name}: ([^\r]+)`).exec(request)![1]!))
    expect(values('User-Agent').size).toBe(5)
    expect(values('Accept-Language').size).toBe(4)
    expect(values('Cookie').size).toBe(requests.length)
  })

  test('ends every request, and holds no NUL, which separates them on disk', () => {
    for (const request of requests) {
      expect(request.endsWith('\r\n\r\n')).toBe(true)
      expect(request).not.toContain('\0')
    }
  })
})

describe('everyPage', () => {
  test('asks for every page once in every coding of the crowd', () => {
    const crowd = { ...ordinaryCrowd, pages: 3, encodings: ['gzip', 'br'] }
    const requests = everyPage(crowd)
    expect(new Set(requests).size).toBe(6)
    expect(everyPage({ ...crowd, encodings: [] })).toHaveLength(3)
  })
})
