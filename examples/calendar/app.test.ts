// The calendar through its fetch handler: what it shows, what it says about caching, and what a write changes.
import { beforeEach, expect, test } from 'bun:test'
import { calendar } from './app.ts'
import { Store } from './store.ts'

const week = '2026-W48'
let get: (path: string, headers?: Record<string, string>) => Promise<Response>
let post: (path: string, form: Record<string, string>) => Promise<Response>

beforeEach(() => {
  const store = new Store({ year: 2026, number: 48 }, 1)
  const app = calendar({
    store,
    stylesheet: 'body{}',
    started: 'run1',
    now: () => new Date('2026-11-25T10:00:00Z'),
  })
  get = (path, headers = {}) => app(new Request(`http://calendar.example${path}`, { headers }))
  post = (path, form) =>
    app(new Request(`http://calendar.example${path}`, { method: 'POST', body: new URLSearchParams(form) }))
})

const titles = (store: Store): string[] =>
  store.eventsOf(week).map((event) => `${event.title} ${event.taken}`)

test('two runs in one week show the same events', async () => {
  const first = titles(new Store({ year: 2026, number: 48 }, 1))
  expect(titles(new Store({ year: 2026, number: 48 }, 1))).toEqual(first)
  expect(first.length).toBeGreaterThanOrEqual(12)
})

test('the week, the start page, an event and the list say how long they may be shared', async () => {
  for (const path of ['/', `/week/${week}`, '/event/1', `/api/events?week=${week}`]) {
    const response = await get(path)
    expect(response.status).toBe(200)
    expect(response.headers.get('Cache-Control')).toMatch(
      /public, max-age=0, s-maxage=\d+, stale-while-revalidate=\d+/,
    )
    expect(response.headers.get('ETag')).toStartWith('W/"run1-')
  }
})

test('a validator that still holds is answered 304', async () => {
  const etag = (await get(`/week/${week}`)).headers.get('ETag')!
  expect((await get(`/week/${week}`, { 'If-None-Match': etag })).status).toBe(304)
})

test('a seat that is taken changes the views of its week, and no other week', async () => {
  const etagOf = async (path: string): Promise<string> => (await get(path)).headers.get('ETag')!
  const list = (await (await get(`/api/events?week=${week}`)).json()) as {
    events: { id: number; taken: number }[]
  }
  const { id, taken } = list.events[0]!
  const before = await etagOf(`/week/${week}`)
  const other = await etagOf('/week/2026-W49')
  const response = await post(`/event/${id}`, { seat: 'give' })
  expect(response.status).toBe(303)
  expect(response.headers.get('Location')).toBe(`/week/${week}`)
  expect(await etagOf(`/week/${week}`)).not.toBe(before)
  expect(await etagOf('/week/2026-W49')).toBe(other)
  expect(await (await get(`/event/${id}`)).text()).toContain(`${taken - 1} of `)
})

test('an event that is added stands in its week, with its title escaped', async () => {
  const event = { title: '<b>Fête</b>', place: 'Quay', kind: 'music', day: '3', start: '18:00', seats: '10' }
  const response = await post(`/week/${week}`, event)
  expect(response.status).toBe(303)
  const page = await (await get(response.headers.get('Location')!)).text()
  expect(page).toContain('&lt;b&gt;Fête&lt;/b&gt;')
  expect(await (await get(`/week/${week}`)).text()).toContain('&lt;b&gt;Fête&lt;/b&gt;')
})

test('a form that is incomplete or out of bounds is refused', async () => {
  const good = { title: 'T', place: 'P', kind: 'talk', day: '1', start: '09:00', seats: '5' }
  for (const wrong of [{ title: ' ' }, { kind: 'war' }, { day: '8' }, { start: '24:00' }, { seats: '0' }]) {
    expect((await post(`/week/${week}`, { ...good, ...wrong })).status).toBe(422)
  }
})

test('what does not exist is 404', async () => {
  for (const path of ['/week/2026-W60', '/event/999999', '/nowhere', '/api/events?week=x']) {
    expect((await get(path)).status).toBe(404)
  }
  expect((await post('/event/999999', {})).status).toBe(404)
})
