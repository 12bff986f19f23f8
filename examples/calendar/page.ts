// The calendar's pages as HTML. Pure apart from `now`, which is read once more at the end of a page to tell how long
// the application worked on it.
import { kinds, type CalendarEvent } from './store.ts'
import { addWeeks, dateOf, formatWeek, type Week } from './week.ts'

const dayNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const monthNames =
  'January February March April May June July August September October November December'.split(' ')

interface Made {
  /** When the application began with this page. */
  readonly madeAt: Date
  now(): Date
  readonly stylesheetPath: string
}

/** A week, day by day, with the form that adds an event to it. */
export function weekPage(view: Made & { week: Week; events: readonly CalendarEvent[]; today: Date }): string {
  const { week, events, today } = view
  const name = formatWeek(week)
  const [first, last] = [dateOf(week, 1), dateOf(week, 7)]
  const days = dayNames.map((dayName, i) => {
    const date = dateOf(week, i + 1)
    const isToday = date.toISOString().slice(0, 10) === today.toISOString().slice(0, 10)
    const cards = events.filter((event) => event.day === i + 1).map(card)
    return `<section class="day${isToday ? ' today' : ''}">
<h2>${dayName}<b>${date.getUTCDate()}</b></h2>
${cards.join('\n') || '<p class="none">nothing yet</p>'}
</section>`
  })
  const months =
    first.getUTCMonth() === last.getUTCMonth()
      ? `${monthNames[first.getUTCMonth()]} ${last.getUTCFullYear()}`
      : `${monthNames[first.getUTCMonth()]} – ${monthNames[last.getUTCMonth()]} ${last.getUTCFullYear()}`
  return page(
    view,
    `Week ${week.number}, ${week.year}`,
    `<header>
<h1>${months}<small>week ${week.number}</small></h1>
<nav>${weekLink(addWeeks(week, -1), '←')}<a href="/">this week</a>${weekLink(addWeeks(week, 1), '→')}</nav>
</header>
<main class="week">${days.join('\n')}</main>
<details><summary>Add an event</summary>
<form method="post" action="/week/${name}">
<label>What <input name="title" required maxlength="80"></label>
<label>Where <input name="place" required maxlength="60"></label>
<label>Kind <select name="kind">${kinds.map((kind) => `<option>${kind}</option>`).join('')}</select></label>
<label>Day <select name="day">${dayNames.map((day, i) => `<option value="${i + 1}">${day}</option>`).join('')}</select></label>
<label>At <input name="start" type="time" required value="19:00"></label>
<label>Seats <input name="seats" type="number" min="1" max="500" value="40"></label>
<button>Add</button>
</form></details>`,
  )
}

/** One event, its seats, and what its visitors also go to. */
export function eventPage(
  view: Made & {
    event: CalendarEvent
    also: readonly { id: number; title: string; week: string; shared: number }[]
  },
): string {
  const { event, also } = view
  const [year, number] = event.week.split('-W').map(Number) as [number, number]
  const date = dateOf({ year, number }, event.day)
  const others = also.map(
    (other) =>
      `<li><a href="/event/${other.id}">${Bun.escapeHTML(other.title)}</a> <small>${other.week}, ${other.shared} in common</small></li>`,
  )
  return page(
    view,
    Bun.escapeHTML(event.title),
    `<header><h1>${Bun.escapeHTML(event.title)}<small>${event.kind}</small></h1>
<nav><a href="/week/${event.week}">the week</a></nav></header>
<main class="event ${event.kind}">
<p class="when">${dayNames[event.day - 1]}, ${date.getUTCDate()} ${monthNames[date.getUTCMonth()]} ${date.getUTCFullYear()}, ${event.start} · ${Bun.escapeHTML(event.place)}</p>
<p>${seats(event)} ${event.taken} of ${event.seats} seats are taken.</p>
<form method="post" action="/event/${event.id}"><button name="seat" value="take">Take a seat</button>
<button name="seat" value="give" class="quiet">Give one back</button></form>
<h2>Who goes here also goes to</h2>
<ul>${others.join('\n')}</ul>
</main>`,
  )
}

/** What went wrong, for a person. */
export function errorPage(view: { status: number; text: string; stylesheetPath: string }): string {
  return shell(
    view.stylesheetPath,
    String(view.status),
    `<header><h1>${view.status}<small>${view.text}</small></h1><nav><a href="/">this week</a></nav></header>`,
  )
}

function card(event: CalendarEvent): string {
  return `<a class="card ${event.kind}" href="/event/${event.id}"><time>${event.start}</time>
<strong>${Bun.escapeHTML(event.title)}</strong><span>${Bun.escapeHTML(event.place)}</span>${seats(event)}</a>`
}

function seats(event: CalendarEvent): string {
  return `<meter min="0" max="${event.seats}" value="${event.taken}" title="${event.taken} of ${event.seats} seats taken"></meter>`
}

function weekLink(week: Week, text: string): string {
  return `<a href="/week/${formatWeek(week)}" title="${formatWeek(week)}">${text}</a>`
}

function page(made: Made, title: string, body: string): string {
  const tookMs = made.now().getTime() - made.madeAt.getTime()
  return shell(
    made.stylesheetPath,
    title,
    `${body}
<footer>The application made this page at <b>${made.madeAt.toISOString().slice(11, 23)}</b> UTC, in <b>${tookMs} ms</b>.
Load it again: while this time stays the same, no application code runs for you.</footer>`,
  )
}

function shell(stylesheetPath: string, title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Calendar</title><link rel="stylesheet" href="${stylesheetPath}"><link rel="icon" href="data:,"></head>
<body>${body}</body></html>
`
}
