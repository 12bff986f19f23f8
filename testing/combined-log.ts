// A strict reader of Apache's combined log format, as analysers are.

/** What a line tells. */
export interface CombinedLine {
  readonly client: string
  readonly timeMs: number
  readonly request: string
  readonly status: number
  readonly bytes: number
  readonly referer: string
  readonly userAgent: string
}

const quoted = '"((?:[\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\["\\\\bntrv]|\\\\x[0-9a-f]{2})*)"'
const shape = new RegExp(
  `^(\\S+) - - \\[(\\d{2})/([A-Z][a-z]{2})/(\\d{4}):(\\d{2}:\\d{2}:\\d{2}) \\+0000\\] ${quoted} (\\d{3}) (\\d+) ${quoted} ${quoted}\\n$`,
)
const letters: Readonly<Record<string, string>> = { b: '\b', n: '\n', t: '\t', r: '\r', v: '\v' }

/** Reads a line with its end; throws when it is none. */
export function parseCombined(line: string): CombinedLine {
  const parts = shape.exec(line)
  if (parts === null) throw new Error(`not a line of the combined format: ${line}`)
  const [, client, day, month, year, time, request, status, bytes, referer, userAgent] = parts as unknown as [
    string,
    ...string[],
  ] as string[]
  return {
    client: client!,
    timeMs: Date.parse(`${day} ${month} ${year} ${time} UTC`),
    request: unescaped(request!),
    status: Number(status),
    bytes: Number(bytes),
    referer: unescaped(referer!),
    userAgent: unescaped(userAgent!),
  }
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:x([0-9a-f]{2})|(.))/g, (_, digits: string | undefined, letter: string) =>
    digits === undefined ? (letters[letter] ?? letter) : String.fromCharCode(Number.parseInt(digits, 16)),
  )
}
