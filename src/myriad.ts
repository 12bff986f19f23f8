// What `import … from 'myriad'` gives to a configuration file.
export { defineConfig, files, http, php } from './config/define.ts'
export type {
  CacheInput,
  ConfigInput,
  FilesOriginInput,
  FilesOriginOptions,
  HttpOriginInput,
  HttpOriginOptions,
  PhpOriginInput,
  PhpOriginOptions,
  RouteInput,
  RuleInput,
  ServiceInput,
} from './config/define.ts'
