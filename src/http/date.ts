// HTTP-date (RFC 9110 §5.6.7): the preferred form (IMF-fixdate) and the two obsolete ones (RFC 850, asctime). The
// grammar is taken strictly, since a date that is not valid means "already expired" to a cache, but names are compared
// without case (RFC 9111 §4.2). Whether the day's name fits the date is not looked at: it carries nothing.

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** 'jan' → 0; the names as numbers, so that reading one allocates nothing. */
const monthNumbers = new Map(months.map((name, i) => [nameNumber(name, 0), i]))
const dayNumbers = new Set(
  ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((name) => nameNumber(name, 0)),
)
const gmt = nameNumber('gmt', 0)

const month = `(${months.join('|')})`
const time = '([0-9]{2}):([0-9]{2}):([0-9]{2})'
const shortDay = '(?:mon|tue|wed|thu|fri|sat|sun)'
const longDay = '(?:mon|tues|wednes|thurs|fri|satur|sun)day'

const rfc850 = new RegExp(`^${longDay}, ([0-9]{2})-${month}-([0-9]{2}) ${time} gmt$`, 'i')
const asctime = new RegExp(`^${shortDay} ${month} ([0-9]{2}| [0-9]) ${time} ([0-9]{4})$`, 'i')

/**
 * Milliseconds since the Unix epoch of an HTTP-date in any of its three forms, or undefined when it is none. `nowMs`
 * resolves the two-digit years of RFC 850.
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  if (text.length === IMF_LENGTH) return parseImfFixdate(text)
  const old = rfc850.exec(text)
  if (old !== null) {
    const [day, name, year, hour, minute, second] = old.slice(1) as string[]
    const century = Math.floor(new Date(nowMs).getUTCFullYear() / 100) * 100
    const inCentury = (base: number): number | undefined =>
      read(base + Number(year), name!, day!, hour!, minute!, second!)
    // RFC 9110 §5.6.7: one that seems more than 50 years ahead is the latest past year with these two digits. The next
    // century comes first, or the turn of a century would bring dates of ten decades ago.
    for (const base of [century + 100, century]) {
      const ms = inCentury(base)
      if (ms !== undefined && ms <= fiftyYearsAfter(nowMs)) return ms
    }
    return inCentury(century - 100)
  }
  const ansi = asctime.exec(text)
  if (ansi !== null) return read(Number(ansi[6]), ansi[1]!, ansi[2]!, ansi[3]!, ansi[4]!, ansi[5]!)
  return undefined
}

/** 'Sun, 06 Nov 1994 08:49:37 GMT': no other form is as long. */
const IMF_LENGTH = 29

/** Read by position: every response has one of these. */
function parseImfFixdate(text: string): number | undefined {
  const monthAt = monthNumbers.get(nameNumber(text, 8))
  const punctuated =
    text.startsWith(', ', 3) &&
    text[7] === ' ' &&
    text[11] === ' ' &&
    text[16] === ' ' &&
    text[19] === ':' &&
    text[22] === ':' &&
    text[25] === ' '
  if (!punctuated || monthAt === undefined || !dayNumbers.has(nameNumber(text, 0))) return undefined
  if (nameNumber(text, 26) !== gmt) return undefined
  const year = twoDigits(text, 12) * 100 + twoDigits(text, 14)
  return utc(year, monthAt, twoDigits(text, 5), twoDigits(text, 17), twoDigits(text, 20), twoDigits(text, 23))
}

/** Three characters as one number, letters without case; what is no letter gives the number of no name. */
function nameNumber(text: string, at: number): number {
  let number = 0
  for (let i = at; i < at + 3; i++) {
    const code = text.charCodeAt(i) | 0x20
    if (code < 0x61 || code > 0x7a) return -1
    number = number * 32 + code - 0x60
  }
  return number
}

/** NaN when they are not two digits. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

/** A time as IMF-fixdate, for years up to 9999. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString()
}

function utc(
  year: number,
  monthAt: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  // :60 is a leap second (RFC 9110 §5.6.7): the second after :59. NaN fails every comparison.
  if (!(year >= 0 && hour <= 23 && minute <= 59 && second <= 60)) return undefined
  if (!(day >= 1 && day <= daysIn(year, monthAt))) return undefined
  // Date.UTC takes the years 0 to 99 for 1900 to 1999: 400 years are a whole number of days.
  const ms = Date.UTC(year + 400, monthAt, day, hour, minute, second)
  return ms - FOUR_CENTURIES_MS
}

function read(
  year: number,
  name: string,
  day: string,
  hour: string,
  minute: string,
  second: string,
): number | undefined {
  const monthAt = months.indexOf(name.toLowerCase())
  return utc(year, monthAt, Number(day), Number(hour), Number(minute), Number(second))
}

const FOUR_CENTURIES_MS = 146_097 * 86_400_000

function daysIn(year: number, monthAt: number): number {
  if (monthAt === 1) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return monthAt === 3 || monthAt === 5 || monthAt === 8 || monthAt === 10 ? 30 : 31
}

function fiftyYearsAfter(ms: number): number {
  const date = new Date(ms)
  date.setUTCFullYear(date.getUTCFullYear() + 50)
  return date.getTime()
}
