// What a case of the corpus is: bytes that a client sends, and what must become of each request in them.
//
// The rule behind every expectation: two readers must never be able to disagree about where a request ends or what it
// asks for. Where RFC 9112 lets a recipient choose between repairing and refusing, refusing is expected; where
// both are harmless, `anyOf` says so.

/** A request that the origin must see, exactly once and exactly so. */
export interface Forwarded {
  readonly kind: 'forwarded'
  readonly method: string
  /** In normal form. */
  readonly target: string
  /** Without transfer coding; one character is one byte. */
  readonly body: string
  /** Fields (lower case) that must reach the origin with this value, or must not reach it (null). */
  readonly fields?: Readonly<Record<string, string | null>>
}

/** A request that is answered with one of these statuses and the end of the connection; no origin sees it. */
export interface Refused {
  readonly kind: 'refused'
  /** 0: the connection may be ended without an answer. */
  readonly statuses: readonly number[]
  /**
   * What is wrong stands behind the head: the origin may have seen the beginning of a request with this target, but
   * never the whole of it.
   */
  readonly begun?: string
}

/** A request that Myriad answers itself, and after which the connection may go on. */
export interface Answered {
  readonly kind: 'answered'
  readonly statuses: readonly number[]
}

/** Several outcomes are right. */
export interface AnyOf {
  readonly kind: 'anyOf'
  readonly outcomes: readonly (Forwarded | Refused | Answered)[]
}

export type Outcome = Forwarded | Refused | Answered | AnyOf

/** What the runner does after the bytes: another request, nothing, or the end of the client's side. */
export type After = 'marker' | 'wait' | 'fin'

/** One case, within a group. */
export interface Row {
  readonly id: string
  readonly why: string
  /** One character is one byte. */
  readonly bytes: string
  /** Of each request in the bytes, in order; what follows a refused one must not be read. */
  readonly outcomes: readonly Outcome[]
  /** 'marker' when absent. */
  readonly after?: After
}

export interface Case extends Row {
  /** Where the rule stands. */
  readonly section: string
}

/** Cases that follow from one section. */
export function group(section: string, name: string, rows: readonly Row[]): Case[] {
  return rows.map((row) => ({ ...row, section, id: `${name}/${row.id}` }))
}

export const forwarded = (
  method: string,
  target: string,
  body = '',
  fields?: Record<string, string | null>,
): Forwarded => ({ kind: 'forwarded', method, target, body, ...(fields && { fields }) })

export const refused = (...statuses: number[]): Refused => ({
  kind: 'refused',
  statuses: statuses.length > 0 ? statuses : [400],
})

/** Refused for what stands in the body of a request to `/c`. */
export const refusedLate = (...statuses: number[]): Refused => ({ ...refused(...statuses), begun: '/c' })

export const answered = (...statuses: number[]): Answered => ({ kind: 'answered', statuses })

export const anyOf = (...outcomes: (Forwarded | Refused | Answered)[]): AnyOf => ({ kind: 'anyOf', outcomes })

/** A row whose request must be refused with 400, or with one of `statuses`. */
export const refuse = (id: string, why: string, bytes: string, ...statuses: number[]): Row => ({
  id,
  why,
  bytes,
  outcomes: [refused(...statuses)],
})

/** A row with the outcomes of its requests. */
export const row = (id: string, why: string, bytes: string, ...outcomes: Outcome[]): Row => ({
  id,
  why,
  bytes,
  outcomes,
})

/** `GET /c` for the host `a`, with more field lines. */
export const get = (...lines: string[]): string =>
  `${['GET /c HTTP/1.1', 'Host: a', ...lines].join('\r\n')}\r\n\r\n`

/** `GET` of a target in absolute-path form, or whatever stands in its place. */
export const getTarget = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`

/** `POST /c` for the host `a` with field lines, and whatever follows the head. */
export const post = (lines: readonly string[], rest = ''): string =>
  `${['POST /c HTTP/1.1', 'Host: a', ...lines].join('\r\n')}\r\n\r\n${rest}`

/** A chunked `POST /c` whose body is written out. */
export const chunked = (rest: string): string => post(['Transfer-Encoding: chunked'], rest)

/** A request that somebody would like to hide in another. */
export const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
