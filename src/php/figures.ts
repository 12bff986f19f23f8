// Figures as people read them. Pure.

const MB = 2 ** 20

/** `1.5 MB`, `340 KB`, `2.0 GB`. */
export function bytesText(bytes: number): string {
  if (bytes >= 1024 * MB) return `${(bytes / (1024 * MB)).toFixed(1)} GB`
  return bytes >= MB ? `${(bytes / MB).toFixed(1)} MB` : `${Math.ceil(bytes / 1024)} KB`
}

/** `3 days`, `5 h`, `12 min`, `8 s`, rounded down. */
export function durationText(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000)
  if (seconds >= 172_800) return `${Math.floor(seconds / 86_400)} days`
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h`
  return seconds >= 60 ? `${Math.floor(seconds / 60)} min` : `${seconds} s`
}

/** A share as a percentage; what is not zero does not show as zero. */
export function percentOf(share: number): string {
  const percent = share * 100
  return percent > 0 && percent < 0.1 ? '<0.1%' : `${percent.toFixed(1)}%`
}
