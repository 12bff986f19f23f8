// Where a one-file executable begins (`npm run release`): what bin/myriad does comes first, then the program.
import { applyEngineSettings } from './engine-settings.ts'

applyEngineSettings()
await import('./main.ts')
