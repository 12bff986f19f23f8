// The calendar's data: SQLite in memory, filled from nothing but the first week's name, so that two runs in one week
// show the same events.
//
// Two queries are dear on purpose, in the way that real applications' queries become dear: seats are counted with one
// query per event over a table without an index, and "who goes here also goes to" joins that table with itself. A
// week's page costs the application some tens of milliseconds: that is what a cache in front of it saves.
import { Database } from 'bun:sqlite'
import { addWeeks, formatWeek, type Week } from './week.ts'

export const kinds = ['music', 'talk', 'workshop', 'market', 'sport', 'film'] as const

export type Kind = (typeof kinds)[number]

/** What a person fills in. */
export interface NewEvent {
  readonly title: string
  readonly place: string
  readonly kind: Kind
  /** 1 is Monday. */
  readonly day: number
  /** HH:MM. */
  readonly start: string
  readonly seats: number
}

/** An event of the calendar, with its seats counted. */
export interface CalendarEvent extends NewEvent {
  readonly id: number
  readonly week: string
  readonly taken: number
}

/** The database and everything that may be asked of it. */
export class Store {
  readonly #db = new Database(':memory:', { strict: true })

  /** Fills `weeksAround` weeks before and after `middle`. */
  constructor(middle: Week, weeksAround: number) {
    this.#db.run(`CREATE TABLE event (id INTEGER PRIMARY KEY, week TEXT, day INTEGER, start TEXT, title TEXT,
      place TEXT, kind TEXT, seats INTEGER)`)
    this.#db.run('CREATE TABLE booking (event INTEGER, visitor INTEGER)')
    this.#db.run('CREATE TABLE version (week TEXT PRIMARY KEY, number INTEGER)')
    this.#seed(middle, weeksAround)
  }

  /** The events of a week in order. One count per event: the classic "N+1 queries". */
  eventsOf(week: string): CalendarEvent[] {
    return this.#db
      .query<Omit<CalendarEvent, 'taken'>, [string]>(
        'SELECT * FROM event WHERE week = ? ORDER BY day, start, id',
      )
      .all(week)
      .map((event) => ({ ...event, taken: this.#taken(event.id) }))
  }

  event(id: number): CalendarEvent | undefined {
    const row = this.#db
      .query<Omit<CalendarEvent, 'taken'>, [number]>('SELECT * FROM event WHERE id = ?')
      .get(id)
    return row === null ? undefined : { ...row, taken: this.#taken(id) }
  }

  /** The events that share the most visitors with this one. */
  alsoVisited(id: number): { id: number; title: string; week: string; shared: number }[] {
    return this.#db
      .query<{ id: number; title: string; week: string; shared: number }, [number, number]>(
        `SELECT event.id, event.title, event.week, count(*) AS shared
         FROM booking AS here JOIN booking AS there USING (visitor) JOIN event ON event.id = there.event
         WHERE here.event = ? AND there.event <> ?
         GROUP BY event.id ORDER BY shared DESC, event.id LIMIT 4`,
      )
      .all(id, id)
  }

  /** Counts up with every change of a week's events; what its pages' validators are made of. */
  versionOf(week: string): number {
    const row = this.#db
      .query<{ number: number }, [string]>('SELECT number FROM version WHERE week = ?')
      .get(week)
    return row?.number ?? 0
  }

  /** Adds an event and returns its number. */
  add(week: string, event: NewEvent): number {
    const id = this.#insert(week, event)
    this.#changed(week)
    return id
  }

  /** Takes a seat, or gives one back; false when there was none to take or give. */
  book(event: CalendarEvent, change: 'take' | 'give'): boolean {
    if (change === 'take' ? event.taken >= event.seats : event.taken === 0) return false
    if (change === 'take') {
      this.#db.run('INSERT INTO booking VALUES (?, ?)', [event.id, event.taken])
    } else {
      this.#db.run('DELETE FROM booking WHERE rowid = (SELECT max(rowid) FROM booking WHERE event = ?)', [
        event.id,
      ])
    }
    this.#changed(event.week)
    return true
  }

  #taken(id: number): number {
    const row = this.#db
      .query<{ taken: number }, [number]>('SELECT count(*) AS taken FROM booking WHERE event = ?')
      .get(id)
    return row?.taken ?? 0
  }

  #insert(week: string, e: NewEvent): number {
    const { lastInsertRowid } = this.#db
      .query('INSERT INTO event (week, day, start, title, place, kind, seats) VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(week, e.day, e.start, e.title, e.place, e.kind, e.seats)
    return Number(lastInsertRowid)
  }

  #changed(week: string): void {
    this.#db.run('INSERT INTO version VALUES (?, 1) ON CONFLICT (week) DO UPDATE SET number = number + 1', [
      week,
    ])
  }

  #seed(middle: Week, weeksAround: number): void {
    this.#db.transaction(() => {
      for (let offset = -weeksAround; offset <= weeksAround; offset++) {
        const week = formatWeek(addWeeks(middle, offset))
        const draw = lottery(week)
        const count = 12 + draw(9)
        for (let i = 0; i < count; i++) this.#insert(week, draft(draw))
      }
      this.#db.run(`INSERT INTO booking
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT 120)
        SELECT id, (id * 7919 + i * 104729) % 4001 FROM event JOIN n
        WHERE i < seats * (20 + id * 37 % 80) / 100`)
    })()
  }
}

const programme: Readonly<Record<Kind, readonly (readonly [title: string, place: string, start: string])[]>> =
  {
    music: [
      ['Strings at noon', 'Town hall', '12:30'],
      ['Brass in the park', 'Bandstand', '17:00'],
      ['Late jazz', 'Cellar bar', '21:00'],
      ['Choir rehearsal, doors open', "St Anne's", '19:00'],
    ],
    talk: [
      ['How the harbour was built', 'Library', '18:00'],
      ['Ask an astronomer', 'Observatory', '20:00'],
      ['Reading hour', 'Book shop', '16:30'],
      ['Budget of the town, explained', 'Town hall', '19:30'],
    ],
    workshop: [
      ['Bicycle repair', 'Open workshop', '15:00'],
      ['Sourdough for beginners', 'Mill', '10:00'],
      ['Life drawing', 'Studio 4', '18:30'],
      ['First steps in SQL', 'Library', '17:30'],
    ],
    market: [
      ['Farmers’ market', 'Market square', '08:00'],
      ['Flea market', 'Tram depot', '09:00'],
      ['Plant swap', 'Botanical garden', '11:00'],
    ],
    sport: [
      ['Lunch-hour run', 'River gate', '12:15'],
      ['Open climbing', 'Silo', '19:00'],
      ['Chess in the square', 'Market square', '14:00'],
      ['Swimming for all', 'Old baths', '07:00'],
    ],
    film: [
      ['Silent film with piano', 'Astoria', '20:15'],
      ['Short films', 'Astoria', '18:45'],
      ['Film club', 'Cellar bar', '20:30'],
    ],
  }

function draft(draw: (below: number) => number): NewEvent {
  const kind = kinds[draw(kinds.length)]!
  const offered = programme[kind]
  const [title, place, start] = offered[draw(offered.length)]!
  return { kind, title, place, start, day: 1 + draw(7), seats: 20 + 10 * draw(10) }
}

/** A repeatable source of whole numbers below a bound, by the seed's text (FNV-1a into a xorshift). */
function lottery(seed: string): (below: number) => number {
  let state = 0x811c9dc5
  for (const char of seed) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193)
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
