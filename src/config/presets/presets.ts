// The presets that there are, in the order in which a folder is looked at.
import { dokuwiki } from './dokuwiki.ts'
import { drupal } from './drupal.ts'
import { laravel } from './laravel.ts'
import { mediawiki } from './mediawiki.ts'
import type { Preset } from './preset.ts'
import { symfony } from './symfony.ts'
import { wordpress } from './wordpress.ts'

export const presets: readonly Preset[] = [wordpress, mediawiki, drupal, dokuwiki, laravel, symfony]
