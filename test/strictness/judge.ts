// Sends one case of the corpus through Myriad and compares what the client and the origin saw with what must be.
//
// Behind the bytes of a case a marker request is sent in the same write. If the case leaves the connection open, the
// marker must get its own answer there; if not, the marker must have reached nobody, and a second one on a fresh
// connection must get its own answer: whatever happened must not have disturbed anybody else's.
import { RawClient, type RawResponse } from '../../testing/raw-client.ts'
import type { Case, Forwarded, Outcome, Refused } from './corpus/case.ts'
import type { Sighting, Testimony, Witness } from './witness.ts'

let markers = 0

/** Runs a case; returns what went wrong, in words; undefined when nothing did. */
export async function judge(one: Case, port: number, witness: Witness): Promise<string | undefined> {
  const number = ++markers
  const client = await RawClient.connect(port)
  try {
    await client.send(one.after ? one.bytes : one.bytes + markerRequest(`${number}-same`))
    if (one.after === 'fin') client.halfClose()
    const heard = await listen(client, one)
    const fresh = await askMarker(port, `${number}-fresh`)
    if (fresh !== undefined) return `afterwards, ${fresh}`
    const testimony = await witness.testify()
    return verdict(one, heard, withoutFresh(testimony, number), `/marker/${number}-same`)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    client.destroy()
    await witness.testify().catch(() => undefined)
  }
}

/** What a client heard: responses, and whether the connection was ended. */
interface Heard {
  readonly responses: readonly RawResponse[]
  readonly closed: boolean
  /** Why the last response could not be read. */
  readonly trouble?: string
}

const waitMs = 3_000

async function listen(client: RawClient, one: Case): Promise<Heard> {
  const responses: RawResponse[] = []
  const wanted = one.outcomes.length + (one.after ? 0 : 1)
  const methods = methodsOf(one)
  while (responses.length < wanted) {
    try {
      responses.push(await client.response(methods[responses.length] ?? 'GET', waitMs))
    } catch (error) {
      const trouble = (error as Error).message
      return { responses, closed: client.ended && client.pending.length === 0, trouble }
    }
    // Where a refusal is right, what counts next is the end of the connection; an early answer of the origin to what
    // turns out to be wrong is followed by it too.
    const outcome = one.outcomes[responses.length - 1]
    const ends = mayRefuse(outcome) && (responses.at(-1)!.status >= 400 || one.after === 'fin')
    if (ends) {
      const rest = await client.closed(500).catch(() => undefined)
      if (rest !== undefined && rest.length === 0) return { responses, closed: true }
      if (rest !== undefined) return { responses, closed: true, trouble: `bytes after the refusal: ${rest}` }
    }
  }
  return { responses, closed: client.ended }
}

/** A response to HEAD has no body: the methods of the requests, as they were sent. */
function methodsOf(one: Case): string[] {
  return one.outcomes.map((_, i) => (i === 0 && /^(\r\n)*HEAD /.test(one.bytes) ? 'HEAD' : 'GET'))
}

function mayRefuse(outcome: Outcome | undefined): boolean {
  if (outcome?.kind === 'anyOf') return outcome.outcomes.some((any) => any.kind === 'refused')
  return outcome?.kind === 'refused'
}

const markerRequest = (name: string) => `GET /marker/${name} HTTP/1.1\r\nHost: marker\r\n\r\n`
const markerAnswer = (target: string) => `seen GET ${target}\n`

async function askMarker(port: number, name: string): Promise<string | undefined> {
  const client = await RawClient.connect(port)
  try {
    await client.send(markerRequest(name))
    const { status, body } = await client.response('GET', waitMs)
    const text = body.toString('latin1')
    if (status === 200 && text === markerAnswer(`/marker/${name}`)) return undefined
    return `a marker on a fresh connection got ${status} ${JSON.stringify(text)}`
  } finally {
    client.destroy()
  }
}

/** The testimony without the marker on the fresh connection, which is always the last. */
function withoutFresh(testimony: Testimony, number: number): Testimony {
  const fresh = `/marker/${number}-fresh`
  return { ...testimony, sightings: testimony.sightings.filter(({ target }) => target !== fresh) }
}

/** What of a testimony has not been accounted for yet. */
interface Left {
  sightings: Sighting[]
  complaints: string[]
}

/** Walks through the outcomes, the responses and the sightings together. */
function verdict(one: Case, heard: Heard, testimony: Testimony, marker: string): string | undefined {
  const left = { sightings: [...testimony.sightings], complaints: [...testimony.complaints] }
  const { responses } = heard
  for (const [i, outcome] of one.outcomes.entries()) {
    const problem = match(outcome, responses[i], left, heard, i)
    if (problem === 'ended') return atEnd(left, heard, one)
    if (problem !== undefined) return `request ${i + 1}: ${problem}`
  }
  const last = responses[one.outcomes.length - 1]
  if (heard.responses.length === one.outcomes.length) {
    if (one.after) return atEnd(left, heard, one)
    if (!heard.closed) return `no answer to the marker: ${heard.trouble}`
    const said = last?.field('connection')?.toLowerCase().includes('close') || last?.version === 'HTTP/1.0'
    if (!said && last?.end !== 'close') return 'the connection was closed without saying so'
    return atEnd(left, heard, one)
  }
  const answer = responses[one.outcomes.length]!
  const seen = left.sightings.shift()
  if (answer.text() !== markerAnswer(marker)) return `the marker got ${answer.status} ${quote(answer.text())}`
  if (seen?.target !== marker || seen.method !== 'GET') return `the origin saw ${show(seen)}, not the marker`
  return atEnd(left, heard, one)
}

/** What must be so when everything expected has been accounted for. */
function atEnd(left: Left, heard: Heard, one: Case): string | undefined {
  if (left.sightings.length > 0) return `the origin saw more: ${left.sightings.map(show).join(', ')}`
  if (left.complaints.length > 0 && !mayBreakOff(one))
    return `the origin understood something else: ${left.complaints.join('; ')}`
  if (heard.responses.length > one.outcomes.length + 1) return 'more responses than requests'
  return undefined
}

/** A request that is broken off may leave the origin with half of one. */
function mayBreakOff(one: Case): boolean {
  return one.outcomes.some((outcome) => {
    const all = outcome.kind === 'anyOf' ? outcome.outcomes : [outcome]
    return all.some((any) => any.kind === 'refused' && any.begun !== undefined)
  })
}

/** 'ended' when the request was rightly refused; otherwise what is wrong, or undefined. */
function match(
  outcome: Outcome,
  response: RawResponse | undefined,
  left: Left,
  heard: Heard,
  i: number,
): string | undefined {
  if (outcome.kind === 'anyOf') {
    const problems: string[] = []
    for (const any of outcome.outcomes) {
      const trial = { sightings: [...left.sightings], complaints: [...left.complaints] }
      const problem = match(any, response, trial, heard, i)
      if (problem !== undefined && problem !== 'ended') {
        problems.push(problem)
        continue
      }
      Object.assign(left, trial)
      return problem
    }
    return problems.join(' | ')
  }
  if (outcome.kind === 'refused') return matchRefused(outcome, response, left, heard, i)
  if (response === undefined) return `no answer: ${heard.trouble ?? 'the connection was closed'}`
  if (outcome.kind === 'answered')
    return outcome.statuses.includes(response.status)
      ? undefined
      : `answered with ${response.status} instead of ${outcome.statuses.join(' or ')}`
  return matchForwarded(outcome, response, left)
}

function matchRefused(
  outcome: Refused,
  response: RawResponse | undefined,
  left: Left,
  heard: Heard,
  i: number,
): string | undefined {
  const { sightings } = left
  if (outcome.begun !== undefined && sightings[0]?.target === outcome.begun && sightings[0].whole !== true)
    sightings.shift()
  if (sightings.length > 0) return `reached the origin: ${sightings.map(show).join(', ')}`
  const silent = outcome.statuses.includes(0) || outcome.begun !== undefined
  if (response === undefined) {
    if (heard.closed && silent) return 'ended'
    return `not refused: ${heard.trouble ?? 'no answer'}`
  }
  // nginx answers before a body is whole; what it said may be passed on until the body turns out to be wrong.
  const early = outcome.begun !== undefined && response.status === 200
  const right = outcome.statuses.includes(response.status)
  if (!right && !early)
    return `answered with ${response.status} instead of ${outcome.statuses.filter(Boolean).join(' or ')}`
  if (heard.responses.length > i + 1) return 'the connection went on after the refusal'
  if (!heard.closed) return `the connection was not closed after the refusal`
  if (heard.trouble?.startsWith('bytes')) return heard.trouble
  return 'ended'
}

function matchForwarded(outcome: Forwarded, response: RawResponse, left: Left): string | undefined {
  // Some origins refuse what is allowed, such as methods that they do not know, and tell no more about it.
  const next = left.sightings[0]
  const untold = next === undefined || next.target.startsWith('/marker/')
  if (untold && left.complaints.length > 0 && response.status >= 400 && response.status < 500) {
    left.complaints.shift()
    return undefined
  }
  const seen = left.sightings.shift()
  if (seen === undefined) return `refused with ${response.status}`
  if (seen.method !== outcome.method || seen.target !== outcome.target)
    return `the origin saw ${show(seen)} instead of ${outcome.method} ${outcome.target.slice(0, 100)}`
  if (seen.whole === false) return 'the origin saw only the beginning'
  if (seen.body !== undefined && seen.body !== outcome.body)
    return `the origin saw the body ${quote(seen.body)} instead of ${quote(outcome.body)}`
  for (const [name, value] of Object.entries(outcome.fields ?? {})) {
    const got = seen.fields?.[name]
    // Only the raw origin tells all fields.
    if (
      seen.fields &&
      (name in seen.fields || Object.keys(seen.fields).length > 1) &&
      (got ?? null) !== value
    )
      return `the origin saw ${name}: ${got} instead of ${value}`
  }
  if (response.status >= 400 && response.status < 500) return undefined
  if (response.status !== 200) return `answered with ${response.status}`
  const body = response.text()
  return body === '' || body === `seen ${seen.method} ${seen.target}\n`
    ? undefined
    : `got the answer ${quote(body)}`
}

const quote = (text: string) => JSON.stringify(text.slice(0, 200))
const show = (seen: Sighting | undefined) =>
  seen === undefined
    ? 'nothing'
    : `${seen.method} ${seen.target.slice(0, 100)}${seen.whole === false ? ' (begun)' : ''}`
