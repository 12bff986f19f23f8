// Laravel. Its answers say `private` unless a route has the middleware `cache.headers`, and what it says is obeyed: it sets
// a session cookie for every visitor of ordinary routes, so only the application knows which pages are for all.
//
// Sources: Laravel, "Deployment: Nginx", "Responses: Cache Control Middleware", "File Storage: The Public Disk" and
// "Authentication: Remembering Users" (laravel.com/docs).
import type { Preset } from './preset.ts'

export const laravel: Preset = {
  name: 'laravel',
  title: 'Laravel',
  signs: [['artisan', 'bootstrap/app.php']],
  origin: [
    {
      setting: 'linkTargets',
      value: ['../storage/app/public'],
      why: 'artisan storage:link puts a link to the public disk among what visitors see',
    },
    {
      setting: 'noExec',
      value: ['/storage', '/build', '/vendor'],
      why: 'uploads of the public disk, and what the asset builder and packages publish: none of it are scripts',
    },
  ],
  cache: [
    {
      setting: 'ignore',
      value: ['tracking'],
      why: 'a page that all share is the same whatever campaign leads to it',
    },
    {
      setting: 'bypass.cookie',
      value: ['remember_*'],
      why: 'who asked to be remembered is somebody, also before a session begins',
    },
    {
      setting: 'bypass.path',
      value: ['/livewire/*', '/broadcasting/*', '/sanctum/*', '/horizon/*', '/telescope/*'],
      why: 'components, sockets, tokens and the panels of its own packages answer each visitor differently',
    },
  ],
}
