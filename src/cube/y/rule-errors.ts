// Error pages of a rule: which page stands in for the body of an answer with which status.

/** A page: a file that was read with the configuration, or one of the site's own, asked for when it is needed. */
export type ErrorPage =
  | { readonly kind: 'file'; readonly file: string; readonly type: string; readonly body: Uint8Array }
  | { readonly kind: 'path'; readonly pathAndQuery: string }

/** Largest error page: one may be sent to everybody at once, and is kept in memory. */
export const ERROR_PAGE_BYTES_MAX = 65_536

/** What an owner may write for a status: one, or a class. */
export const statusPattern = /^[45](?:\d\d|xx)$/

/** Pages by status, and by class of statuses for the rest. */
export class ErrorPages {
  /** `pages`: by '404', or by '4xx' and '5xx', as the owner wrote it. */
  constructor(readonly pages: ReadonlyMap<string, ErrorPage>) {}

  /** The page for a status; undefined: the answer stays as it is. */
  of(status: number): ErrorPage | undefined {
    if (status < 400 || status > 599) return undefined
    return this.pages.get(String(status)) ?? this.pages.get(status < 500 ? '4xx' : '5xx')
  }
}
