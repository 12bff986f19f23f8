// The calendar as a fetch handler: which URLs there are, and what each answer says about its own reuse.
//
// Views say how long a shared cache may keep them (RFC 9111 §5.2.2.10, RFC 5861 §3) and carry a validator that costs
// one small query, so that a revalidation costs almost nothing. Writes go to the URL of the view that they change and
// answer 303: a cache then drops that view and the one named in Location (RFC 9111 §4.4). What it cannot know to drop
// (`/` and the JSON list) is kept for a few seconds only.
import { eventPage, errorPage, weekPage } from './page.ts'
import { kinds, type CalendarEvent, type Kind, type NewEvent, type Store } from './store.ts'
import { formatWeek, parseWeek, weekOf, type Week } from './week.ts'

const viewCaching = 'public, max-age=0, s-maxage=60, stale-while-revalidate=600'
const shortCaching = 'public, max-age=0, s-maxage=10, stale-while-revalidate=60'
const assetCaching = 'public, max-age=31536000, immutable'

/** What the handler needs; `started` tells two runs' validators apart. */
export interface AppParts {
  readonly store: Store
  readonly stylesheet: string
  readonly started: string
  now(): Date
}

/** The application. */
export function calendar(parts: AppParts): (request: Request) => Promise<Response> {
  const { store } = parts
  const stylesheetPath = `/style.${Bun.hash.crc32(parts.stylesheet).toString(16)}.css`

  const view = (
    request: Request,
    name: string,
    week: string,
    caching: string,
    type: string,
    make: (madeAt: Date) => string,
  ): Response => {
    const etag = `W/"${parts.started}-${name}-${store.versionOf(week)}"`
    const headers = { 'Cache-Control': caching, ETag: etag }
    if (request.headers.get('If-None-Match')?.includes(etag))
      return new Response(null, { status: 304, headers })
    const body = make(parts.now())
    return new Response(body, { headers: { ...headers, 'Content-Type': `${type}; charset=utf-8` } })
  }

  const showWeek = (request: Request, week: Week, caching: string): Response => {
    const name = formatWeek(week)
    return view(request, name, name, caching, 'text/html', (madeAt) =>
      weekPage({
        week,
        events: store.eventsOf(name),
        today: parts.now(),
        madeAt,
        now: parts.now,
        stylesheetPath,
      }),
    )
  }

  const showEvent = (request: Request, event: CalendarEvent): Response =>
    view(request, `event-${event.id}`, event.week, viewCaching, 'text/html', (madeAt) =>
      eventPage({ event, also: store.alsoVisited(event.id), madeAt, now: parts.now, stylesheetPath }),
    )

  const problem = (status: number, text: string): Response =>
    new Response(errorPage({ status, text, stylesheetPath }), {
      status,
      headers: { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'public, s-maxage=10' },
    })

  const write = async (request: Request, path: string): Promise<Response> => {
    const form = new URLSearchParams(await request.text())
    const week = parseWeek(path.slice('/week/'.length))
    if (path.startsWith('/week/') && week) {
      const event = readEvent(form)
      if (!event) return problem(422, 'An event needs a title, a place, a kind, a day, a time and its seats.')
      return seeOther(`/event/${store.add(formatWeek(week), event)}`)
    }
    const event = eventAt(path)
    if (!event) return problem(404, 'There is nothing here to write to.')
    const change = form.get('seat') === 'give' ? 'give' : 'take'
    if (!store.book(event, change))
      return problem(409, change === 'take' ? 'No seat is left.' : 'No seat is taken.')
    return seeOther(`/week/${event.week}`)
  }

  const eventAt = (path: string): CalendarEvent | undefined => {
    const id = /^\/event\/(\d{1,9})$/.exec(path)?.[1]
    return id === undefined ? undefined : store.event(Number(id))
  }

  return async (request) => {
    const { pathname: path, searchParams } = new URL(request.url)
    if (request.method === 'POST') return write(request, path)
    if (request.method !== 'GET' && request.method !== 'HEAD') return problem(405, 'Only GET, HEAD and POST.')

    if (path === '/') return showWeek(request, weekOf(parts.now()), shortCaching)
    if (path === stylesheetPath) {
      return new Response(parts.stylesheet, {
        headers: { 'Content-Type': 'text/css; charset=utf-8', 'Cache-Control': assetCaching },
      })
    }
    if (path.startsWith('/week/')) {
      const week = parseWeek(path.slice('/week/'.length))
      return week ? showWeek(request, week, viewCaching) : problem(404, 'There is no such week.')
    }
    if (path === '/api/events') {
      const week = parseWeek(searchParams.get('week') ?? formatWeek(weekOf(parts.now())))
      if (!week) return problem(404, 'There is no such week.')
      const name = formatWeek(week)
      return view(request, `api-${name}`, name, shortCaching, 'application/json', (madeAt) =>
        JSON.stringify({ week: name, madeAt, events: store.eventsOf(name) }, null, 1),
      )
    }
    const event = eventAt(path)
    return event ? showEvent(request, event) : problem(404, 'There is no such page.')
  }
}

function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { Location: location, 'Cache-Control': 'no-store' } })
}

/** The event that a form describes; undefined when a part of it is missing or out of bounds. */
function readEvent(form: URLSearchParams): NewEvent | undefined {
  const text = (name: string, charsMax: number): string => (form.get(name) ?? '').trim().slice(0, charsMax)
  const event = {
    title: text('title', 80),
    place: text('place', 60),
    kind: text('kind', 20) as Kind,
    day: Number(text('day', 1)),
    start: text('start', 5),
    seats: Number(text('seats', 4)),
  }
  const valid =
    event.title !== '' &&
    event.place !== '' &&
    kinds.includes(event.kind) &&
    /^[1-7]$/.test(String(event.day)) &&
    /^([01]\d|2[0-3]):[0-5]\d$/.test(event.start) &&
    Number.isInteger(event.seats) &&
    event.seats >= 1 &&
    event.seats <= 500
  return valid ? event : undefined
}
