// What the folders are called that the processes of a Myriad have in common (runtime-folder.ts).
import { existsSync, readdirSync } from 'node:fs'

export const RUNTIME_FOLDER_ENDING = '.edges'

/** The names of those in the base; few machines have any while nobody serves. */
export function runtimeFolderNames(base: string): readonly string[] {
  return existsSync(base) ? readdirSync(base).filter((name) => name.endsWith(RUNTIME_FOLDER_ENDING)) : []
}
