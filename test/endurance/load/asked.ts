// What visitors ask for, and what must come back, told by the request alone.
import { crc32 } from 'node:zlib'
import { pageBytes, pageOf } from '../../../bench/page.ts'
import type { Random } from '../../fuzz/random.ts'

/** An answer, over whatever protocol. */
export interface Answered {
  readonly status: number
  readonly body: Buffer
}

/** A request, with the judgement on its answer. */
export interface Asked {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly path: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** What is wrong with an answer; undefined: nothing. */
  problem(answer: Answered): string | undefined
}

const pages = 200
const contents = new Map<string, Buffer>()

/** The content of a page, kept where there are few. */
function contentOf(path: string, bytes: number): Buffer {
  let content = contents.get(path)
  if (content === undefined) contents.set(path, (content = Buffer.from(pageOf(path, bytes))))
  return content
}

/** What is wrong with an answer that should have this status and this content. */
function differs(answer: Answered, status: number, content: Buffer): string | undefined {
  if (answer.status !== status) return `status ${answer.status} in place of ${status}`
  if (answer.body.length !== content.length)
    return `${answer.body.length} bytes in place of ${content.length}`
  return answer.body.equals(content) ? undefined : 'other content'
}

const nothing = Buffer.alloc(0)

/** A page: stored, not stored, by its head alone, or still good in the visitor's own copy. */
export function page(random: Random): Asked {
  const number = random.below(pages)
  const path = random.once(5) ? `/pass/${number}` : `/page/${number}`
  if (path.startsWith('/page/') && random.once(8)) {
    const fields = [['if-none-match', `"${path}"`]] as const
    return { method: 'GET', path, fields, problem: (answer) => differs(answer, 304, nothing) }
  }
  if (random.once(12))
    return { method: 'HEAD', path, fields: [], problem: (got) => differs(got, 200, nothing) }
  const content = contentOf(path, pageBytes)
  return { method: 'GET', path, fields: [], problem: (answer) => differs(answer, 200, content) }
}

/** An answer of some hundred kilobytes that takes its time. */
export function download(random: Random): Asked {
  const bytes = 100_000 + random.below(4) * 100_000
  const path = `/slow/${bytes}/${200 + random.below(4) * 200}/${random.below(2)}`
  const content = contentOf(path, bytes)
  return { method: 'GET', path, fields: [], problem: (answer) => differs(answer, 200, content) }
}

/** A body of some hundred kilobytes, in the pieces in which it is sent. */
export function upload(random: Random): Asked & { readonly pieces: readonly Buffer[] } {
  const pieces = Array.from({ length: 2 + random.below(8) }, () =>
    Buffer.alloc(5_000 + random.below(30_000), `${random.below(1e6)} `),
  )
  const body = Buffer.concat(pieces)
  const told = Buffer.from(`${body.length} ${crc32(body)}`)
  return {
    method: 'POST',
    path: '/upload',
    fields: [],
    pieces,
    problem: (answer) => differs(answer, 200, told),
  }
}
