// The calendar as a process: `bun examples/calendar/main.ts [PORT]`, on loopback; a port of 0 or none is a free one.
// Prints its address on one line when it is ready.
import { calendar } from './app.ts'
import { Store } from './store.ts'
import { weekOf } from './week.ts'

const started = new Date()
const app = calendar({
  store: new Store(weekOf(started), 26),
  stylesheet: await Bun.file(`${import.meta.dir}/style.css`).text(),
  started: started.getTime().toString(36),
  now: () => new Date(),
})

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.argv[2] ?? 0),
  maxRequestBodySize: 16_384,
  fetch: app,
})

console.log(`http://127.0.0.1:${server.port}`)
