// What is wrong with a configuration. All problems are told at once, each with the place of the setting, the value
// that stands there, what was expected, and the nearest right spelling.

/** One thing that has to be put right. */
export interface Problem {
  /** The place of the setting: 'routes[1].cache.ttl'; '' for the configuration as a whole. */
  readonly path: string
  /** The value as a person would recognise it; undefined when the point is that there is none. */
  readonly value: string | undefined
  /** What was expected there, or what is wrong, in words. */
  readonly expected: string
  /** What was probably meant. */
  readonly nearest: string | undefined
}

/** Collects problems while a configuration is read. */
export class Report {
  readonly problems: Problem[] = []

  /** A value is not what was expected at its place. */
  wrong(path: string, value: unknown, expected: string, nearest?: string): void {
    this.problems.push({ path, value: describe(value), expected, nearest })
  }

  /** Something is missing, or settings do not go together. */
  amiss(path: string, expected: string): void {
    this.problems.push({ path, value: undefined, expected, nearest: undefined })
  }
}

/** A problem on one line. */
export function formatProblem({ path, value, expected, nearest }: Problem): string {
  const place = [path, value].filter((part) => part !== undefined && part !== '').join(' = ')
  const meant = nearest === undefined ? '' : `; did you mean '${nearest}'?`
  return `${place === '' ? '' : `${place}: `}${expected}${meant}`
}

/** The place of a member: 'services.site', 'services["a b"]', 'routes[1]'. */
export function memberPath(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${JSON.stringify(shorten(key))}]`
  return path === '' ? key : `${path}.${key}`
}

/** A value as a person would recognise it, in a few characters, without the secrets that URLs may hold. */
function describe(value: unknown): string {
  if (typeof value === 'string') return `'${shorten(value.replace(/(:\/\/)[^/@]*@/, '$1***@'))}'`
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `a list of ${value.length}`
  if (value !== null && (typeof value === 'object' || typeof value === 'function'))
    return `a${typeof value === 'object' ? 'n object' : ' function'}`
  return String(value)
}

function shorten(text: string): string {
  const plain = text.replaceAll(/[\u0000-\u001f\u007f]/g, '?')
  return plain.length > 80 ? `${plain.slice(0, 77)}...` : plain
}
