// Visitors for the calendar: `bun examples/calendar/visitors.ts ADDRESS [PER_SECOND]`. Most look at this week, fewer
// at the next ones (Zipf); some open an event, the first ones most; an application reads the JSON; one in twenty takes
// or gives back a seat. Half of them have been here before and send the validator of the page that they still hold.
// Runs until it is ended; a failed request is not repeated.
import { addWeeks, formatWeek, weekOf } from './week.ts'

const [address = '', perSecond = '60'] = process.argv.slice(2)
const weeksAround = 26

/** Weeks by popularity: this one, the next, the last, and so on outwards. */
const weeks = Array.from({ length: 2 * weeksAround + 1 }, (_, rank) => {
  const offset = Math.ceil(rank / 2) * (rank % 2 === 1 ? 1 : -1)
  return formatWeek(addWeeks(weekOf(new Date()), offset))
})

/** Validators and event numbers as the pages showed them. */
const etags = new Map<string, string>()
const eventPaths = new Map<string, string[]>()

/** One of a list, the first ones more often: the second half as often as the first, the third a third (Zipf). */
function draw<T>(list: readonly T[]): T | undefined {
  const sum = list.reduce((all, _, rank) => all + 1 / (rank + 1), 0)
  let left = Math.random() * sum
  return list[list.findIndex((_, rank) => (left -= 1 / (rank + 1)) <= 0)]
}

async function look(path: string): Promise<void> {
  const headers: Record<string, string> = { 'Accept-Encoding': 'gzip' }
  const etag = etags.get(path)
  if (etag !== undefined && Math.random() < 0.5) headers['If-None-Match'] = etag
  const response = await fetch(address + path, { headers })
  etags.set(path, response.headers.get('ETag') ?? '')
  const text = await response.text()
  if (path.startsWith('/week/') && response.status === 200) {
    eventPaths.set(
      path,
      [...text.matchAll(/href="(\/event\/\d+)"/g)].map((match) => match[1]!),
    )
  }
}

async function visit(): Promise<void> {
  const week = draw(weeks)!
  const event = draw(eventPaths.get(`/week/${week}`) ?? [])
  const dice = Math.random()
  if (dice < 0.05 && event !== undefined) {
    const body = new URLSearchParams({ seat: Math.random() < 0.5 ? 'take' : 'give' })
    const response = await fetch(address + event, { method: 'POST', body, redirect: 'manual' })
    await response.arrayBuffer()
  } else if (dice < 0.15) await look(`/api/events?week=${week}`)
  else if (dice < 0.3) await look('/')
  else if (dice < 0.5 && event !== undefined) await look(event)
  else await look(`/week/${week}`)
}

let failedReported = false
setInterval(
  () => {
    visit().catch((error: unknown) => {
      if (!failedReported) console.error('a visitor got no answer:', error)
      failedReported = true
    })
  },
  1000 / Number(perSecond),
)
