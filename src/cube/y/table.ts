// The route table: which route a request takes. The first that matches wins, in the owner's order.
import { patternPath, type Matcher } from './pattern.ts'
import type { Route } from './route.ts'

/** A route with the conditions under which it is taken. */
export interface RouteRow {
  readonly route: Route
  /** Any of these; undefined: every host. */
  readonly hosts: readonly Matcher[] | undefined
  readonly path: Matcher
}

/** An ordered list of routes. */
export class RouteTable {
  readonly #rows: readonly RouteRow[]
  /** The route that takes every request, when there is but one; the common case costs no comparison. */
  readonly only: Route | undefined

  constructor(rows: readonly RouteRow[]) {
    this.#rows = rows
    const first = rows[0]
    this.only = first?.hosts === undefined && first?.path === everyPath ? first.route : undefined
  }

  /** The routes, in order. */
  get routes(): readonly Route[] {
    return this.#rows.map((row) => row.route)
  }

  /**
   * The route of a request; undefined when none matches. `authority` is lower case without a default port,
   * `pathAndQuery` is in normal form.
   */
  match(authority: string, pathAndQuery: string): Route | undefined {
    if (this.only !== undefined) return this.only
    const path = patternPath(pathAndQuery)
    for (const row of this.#rows) {
      if (row.hosts !== undefined && !row.hosts.some((matches) => matches(authority))) continue
      if (row.path(path)) return row.route
    }
    return undefined
  }
}

/** The path matcher of '/*' ('*' of OPTIONS is taken by it too: RFC 9110 §9.3.7). */
export const everyPath: Matcher = () => true
