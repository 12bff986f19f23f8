// Settings of the memory tier (in the section `tiers` of the configuration).
import { bytes, optionalBytes, type SettingsOf } from '../../base/setting.ts'

export const memoryRows = {
  memory: bytes(
    128 << 20,
    'Budget of the memory tier: stored responses and what is kept about them. Responses on their way may take a quarter of it besides; beyond that they are passed on without being stored.',
    {
      min: 1 << 20,
      max: 2 ** 40,
    },
  ),
  memoryObject: bytes(8 << 20, 'Largest response that the memory tier stores.', {
    min: 1 << 10,
    max: 1 << 30,
  }),
  guard: optionalBytes(
    'Memory of a whole process. From 85% of it on the memory tier gives up what it stores, from 95% on nobody new may connect. Unset: four fifths of what the machine, or the control group, has, divided by the number of processes.',
    { min: 160 << 20, max: 2 ** 44 },
  ),
}

export type MemorySettings = SettingsOf<typeof memoryRows>
