// Settings of a folder with PHP in it. By themselves, so that a site without PHP does not load what executes it.
import { defaultsOf, texts, type SettingsOf } from '../base/setting.ts'

export const phpSiteRows = {
  index: texts(['index.php'], 'Names of the script that is shown for a folder; the first that is there.'),
  frontController: texts(
    ['/index.php'],
    'Path of the script that answers what names no file; the first that is there. An empty list: such requests are answered with 404.',
  ),
  noExec: texts(
    [],
    "Folders in which no script is executed, whatever lies there ('/uploads'); * stands for any one name.",
  ),
}

export type PhpSiteSettings = SettingsOf<typeof phpSiteRows>

export const defaultPhpSite: PhpSiteSettings = defaultsOf(phpSiteRows)
