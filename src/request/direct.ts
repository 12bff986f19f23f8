// Answers that an origin has at once and that are not worth storing: files, which the kernel can put into a socket by
// itself. They go past the cache and past the machinery of a fetch.
import { formatHttpDate } from '../http/date.ts'
import type { Origin } from '../origin/origin.ts'
import { forwardedStatus } from './cache-status.ts'
import { downstreamFields } from './downstream.ts'
import type { Consumer } from './consumer.ts'
import type { Plan } from './fetch-owner.ts'
import type { ServeContext } from './serve.ts'

/** Answers a request directly, if its origin can; false: it is to be fetched. */
export function answerDirectly(
  context: ServeContext,
  consumer: Consumer,
  plan: Plan,
  origin: Origin,
): boolean {
  const { visit } = consumer
  const { reply, method } = visit
  if (origin.direct === undefined || reply.pour === undefined) return false
  if ((method !== 'GET' && method !== 'HEAD') || visit.body.kind !== 'none' || visit.upgrade !== undefined)
    return false
  // A renewal is for the store, a missing part belongs to what is stored, and If-Match is the origin's to judge.
  if (plan.background || plan.ask.kind === 'range' || visit.ifMatch) return false
  const answer = origin.direct(visit)
  if (answer === undefined) return false
  const { head, body } = answer
  const fields = downstreamFields(head.fields, visit.policy)
  if (!fields.has('date')) fields.append('Date', dateText(context.nowMs()))
  fields.append('Cache-Status', forwardedStatus(plan.why, 'file', head.status, false, false))
  consumer.done = true
  const bytes = body?.leftBytes
  if (bytes !== undefined) fields.delete('content-length')
  reply.start({ status: head.status, reason: head.reason, fields }, bytes, body !== undefined)
  if (body !== undefined) reply.pour(body)
  reply.finish(undefined)
  context.answered(visit, head.status === 304 ? 'browser' : 'file', 'file', head.status)
  return true
}

let dateSecond = 0
let date = ''

/** The text of a moment, made once for each second. */
function dateText(nowMs: number): string {
  const second = Math.floor(nowMs / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    date = formatHttpDate(nowMs)
  }
  return date
}
