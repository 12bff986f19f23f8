// The countries of a site's visitors: the data is read when some rule asks for it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Site } from '../config/site.ts'
import { Countries, countryFiles } from '../edge/countries.ts'

/** Tells the country of an address. The configuration has checked that the data is there. */
export function countriesOf({ rules, edge }: Site): (address: string) => string | undefined {
  if (rules?.asksCountry !== true) return () => undefined
  const text = (file: string): string => readFileSync(join(edge.countryData ?? '', file), 'latin1')
  const countries = new Countries(text(countryFiles[0]), text(countryFiles[1]))
  return (address) => countries.of(address)
}
