// Settings of a folder that is served: `services.NAME.origin`, as { files: FOLDER, … } or as files(FOLDER, { … }).
import { boolean, defaultsOf, integer, optionalText, texts, type SettingsOf } from '../../base/setting.ts'

export const filesRows = {
  index: texts(['index.html'], 'Names of the file that is shown for a folder; the first that is there.'),
  charset: optionalText('Character set that is told for text; utf-8 unless set.'),
  linkTargets: texts(
    [],
    'Folders outside the root that symbolic links in it may lead to, such as shared uploads; other links out of the root are answered with 404.',
  ),
  deny: texts(
    [],
    "What is answered with 404, whatever lies there: a path from the root ('/data', '/sites/*/private') with all that is below it, or a name at any depth ('*.inc'), with what editors and packers leave of it; * stands for any one name, or for any part of one. Hidden names, and folders that an .htaccess closes to everybody, are so without being named.",
  ),
  immutable: boolean(
    true,
    "Whether browsers keep files with a content hash in their name ('app.3f9a1c07.js') for a year without asking again.",
  ),
  openFilesMax: integer(4096, 'Files that are open at once; beyond, requests are answered with 503.', {
    min: 1,
    max: 1_000_000,
  }),
}

export type FilesSettings = SettingsOf<typeof filesRows>

export const defaultFiles: FilesSettings = defaultsOf(filesRows)

/** A folder to be served. */
export interface FilesOriginConfig {
  readonly kind: 'files'
  /** An absolute path; may be a symbolic link, which may be switched while Myriad runs. */
  readonly root: string
  readonly settings: FilesSettings
}
