// An origin as it is told to people, on one line.
import { addressText } from '../origin/fastcgi/settings.ts'
import type { OriginConfig } from './site.ts'

/** Where the application of a service is, in words. */
export function originText(origin: OriginConfig): string {
  switch (origin.kind) {
    case 'http':
      return origin.settings.socket ?? `${origin.scheme}://${origin.authority}`
    case 'files':
      return `files in ${origin.root}`
    case 'php':
      return `PHP in ${origin.root}${origin.address === undefined ? '' : ` by ${addressText(origin.address)}`}`
  }
}
