// The whole corpus, by section.
import { bodyCases } from './body.ts'
import type { Case } from './case.ts'
import { chunkCases } from './chunks.ts'
import { connectionCases } from './connection.ts'
import { fieldCases } from './fields.ts'
import { messageCases } from './message.ts'
import { purgeCases } from './purge.ts'
import { requestLineCases } from './request-line.ts'
import { smugglingCases } from './smuggling.ts'
import { targetCases } from './target.ts'

export const corpus: readonly Case[] = [
  ...messageCases,
  ...requestLineCases,
  ...fieldCases,
  ...bodyCases,
  ...chunkCases,
  ...targetCases,
  ...connectionCases,
  ...smugglingCases,
  ...purgeCases,
]
