// HTTP-date (RFC 9110 §5.6.7): the preferred form (IMF-fixdate) and the two obsolete ones (RFC 850, asctime). The
// grammar is taken strictly, since a date that is not valid means "already expired" to a cache, but names are compared
// without case (RFC 9111 §4.2). Whether the day's name fits the date is not looked at: it carries nothing.

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const month = `(${months.join('|')})`
const time = '([0-9]{2}):([0-9]{2}):([0-9]{2})'
const shortDay = '(?:mon|tue|wed|thu|fri|sat|sun)'
const longDay = '(?:mon|tues|wednes|thurs|fri|satur|sun)day'

const imfFixdate = new RegExp(`^${shortDay}, ([0-9]{2}) ${month} ([0-9]{4}) ${time} gmt$`, 'i')
const rfc850 = new RegExp(`^${longDay}, ([0-9]{2})-${month}-([0-9]{2}) ${time} gmt$`, 'i')
const asctime = new RegExp(`^${shortDay} ${month} ([0-9]{2}| [0-9]) ${time} ([0-9]{4})$`, 'i')

/**
 * Milliseconds since the Unix epoch of an HTTP-date in any of its three forms, or undefined when it is none. `nowMs`
 * resolves the two-digit years of RFC 850.
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  const imf = imfFixdate.exec(text)
  if (imf !== null) return utc(Number(imf[3]), imf[2]!, imf[1]!, imf[4]!, imf[5]!, imf[6]!)
  const old = rfc850.exec(text)
  if (old !== null) {
    const [, day, name, year, hour, minute, second] = old as unknown as string[]
    const century = Math.floor(new Date(nowMs).getUTCFullYear() / 100) * 100
    // RFC 9110 §5.6.7: one that seems more than 50 years ahead is the latest past year with these two digits. The
    // century after this one comes first, or the turn of a century would bring dates of ten decades ago.
    for (const base of [century + 100, century]) {
      const ms = utc(base + Number(year), name!, day!, hour!, minute!, second!)
      if (ms !== undefined && ms <= fiftyYearsAfter(nowMs)) return ms
    }
    return utc(century - 100 + Number(year), name!, day!, hour!, minute!, second!)
  }
  const ansi = asctime.exec(text)
  if (ansi !== null) return utc(Number(ansi[6]), ansi[1]!, ansi[2]!, ansi[3]!, ansi[4]!, ansi[5]!)
  return undefined
}

/** A time as IMF-fixdate, for years up to 9999. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString()
}

function utc(
  year: number,
  monthName: string,
  day: string,
  hour: string,
  minute: string,
  second: string,
): number | undefined {
  const monthAt = months.indexOf(monthName.toLowerCase())
  // :60 is a leap second (RFC 9110 §5.6.7): the second after :59.
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined
  const date = new Date(0)
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, monthAt, Number(day))
  if (date.getUTCMonth() !== monthAt || date.getUTCDate() !== Number(day)) return undefined
  date.setUTCHours(Number(hour), Number(minute), Number(second))
  return date.getTime()
}

function fiftyYearsAfter(ms: number): number {
  const date = new Date(ms)
  date.setUTCFullYear(date.getUTCFullYear() + 50)
  return date.getTime()
}
