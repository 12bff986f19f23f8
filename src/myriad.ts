// What `import … from 'myriad'` gives to a configuration file.
export { defineConfig, http } from './config/define.ts'
export type {
  CacheInput,
  ConfigInput,
  HttpOriginInput,
  HttpOriginOptions,
  RouteInput,
  RuleInput,
  ServiceInput,
} from './config/define.ts'
