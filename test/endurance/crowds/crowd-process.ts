// A crowd as a process of its own, so that it can be given less of the processor than the visitors that are measured.
//
// Usage: bun test/endurance/crowds/crowd-process.ts KIND PORT COUNT PATH
//
// KIND is slow-heads, slow-readers or one of the floods. It prints what it has done as a line of JSON, the first when all
// are there, then each 100 ms, until it is ended.
import { realTimers } from '../../../src/base/clock.ts'
import { CrowdCounts, type StartCrowd } from './crowd.ts'
import { flood, type FloodName } from './floods.ts'
import { slowHeads } from './slow-heads.ts'
import { slowReaders } from './slow-readers.ts'

const [kind = '', port, count, path = '/'] = process.argv.slice(2)
const slow: Readonly<Record<string, StartCrowd>> = { 'slow-heads': slowHeads, 'slow-readers': slowReaders }
const counts = new CrowdCounts()
await (slow[kind] ?? flood(kind as FloodName))({ port: Number(port), count: Number(count), path }, counts)
const print = (): void => console.log(JSON.stringify(counts))
print()
realTimers.every(100, print)
