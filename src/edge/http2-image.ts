// The head of a stored response as a field block of HTTP/2, kept for the next hit. What changes from hit to hit, Age and
// Cache-Status, stands last and changes once a second: only that is written anew.
import type { Reason } from '../base/reason.ts'
import { keptLineBlock, statusBlock } from '../http2/response-block.ts'
import { hitStatus } from '../request/cache-status.ts'
import type { Representation } from '../request/representation.ts'
import { KeptHeads } from './kept-heads.ts'
import type { ToldFields } from './told-fields.ts'

class KeptBlock {
  /** What stays the same. */
  readonly lines: string
  /** What the changing lines were last written for. */
  ageSeconds = -2
  reason: Reason | undefined
  member: string | undefined
  block = ''

  constructor(
    readonly representation: Representation,
    /** What the lines were made with. */
    readonly told: ToldFields,
  ) {
    const { keys, values } = representation.fields
    let lines = statusBlock(representation.status)
    for (let i = 0; i < keys.length; i++) lines += keptLineBlock(keys[i]!, values[i]!)
    for (const [key, value] of told) if (!keys.includes(key)) lines += keptLineBlock(key, value)
    this.lines = lines
  }
}

const blocks = new KeptHeads('block')

/** The field block of a stored response. Age and remaining lifetime change together, so one of them tells whether to write. */
export function storedBlock(
  representation: Representation,
  ageSeconds: number,
  ttlSeconds: number,
  reason: Reason,
  member: string | undefined,
  told: ToldFields,
): string {
  const known = representation.block as KeptBlock | undefined
  const image = known?.told === told ? known : prepare(representation, told)
  if (image.ageSeconds === ageSeconds && image.reason === reason && image.member === member)
    return image.block
  image.ageSeconds = ageSeconds
  image.reason = reason
  image.member = member
  const age = ageSeconds < 0 ? '' : keptLineBlock('age', String(ageSeconds))
  const text = image.lines + age + keptLineBlock('cache-status', member ?? hitStatus(reason, ttlSeconds))
  return (image.block = text)
}

function prepare(representation: Representation, told: ToldFields): KeptBlock {
  const image = new KeptBlock(representation, told)
  blocks.keep(image)
  return image
}
