// What a folder shows to be: a PHP site, with a preset where the application is known, or files. Pure: whether a file is
// there is asked of a function.
import { basename, dirname, join } from 'node:path'
import { presets } from './presets/presets.ts'
import type { Preset } from './presets/preset.ts'

/** What a folder is served as. */
export type FolderSite =
  | {
      readonly kind: 'php'
      /** The folder that visitors see: where index.php is. */
      readonly root: string
      readonly known: KnownApplication | undefined
    }
  | { readonly kind: 'files'; readonly root: string }

/** An application that was recognised. */
export interface KnownApplication {
  readonly preset: Preset
  /** The file by which it was recognised. */
  readonly sign: string
}

/** Where frameworks keep what visitors see: Laravel and Symfony, Drupal. */
const webFolders = ['public', 'web']

/** What `folder`, an absolute path, is to be served as. */
export function recogniseFolder(folder: string, isFile: (path: string) => boolean): FolderSite {
  const roots = [folder, ...webFolders.map((name) => join(folder, name))]
  const root = roots.find((candidate) => isFile(join(candidate, 'index.php')))
  if (root === undefined) return { kind: 'files', root: folder }
  // The application's own folder is the one above what visitors see, where that has such a name.
  const above = webFolders.includes(basename(root)) ? [dirname(root)] : []
  return { kind: 'php', root, known: recognise([root, ...above], isFile) }
}

function recognise(
  folders: readonly string[],
  isFile: (path: string) => boolean,
): KnownApplication | undefined {
  for (const preset of presets)
    for (const folder of folders)
      for (const sign of preset.signs)
        if (sign.every((file) => isFile(join(folder, file)))) return { preset, sign: sign[0]! }
  return undefined
}
