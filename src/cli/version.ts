// The version of this Myriad: that of package.json, which `version.test.ts` holds it to. Written here because a
// compiled executable has no package.json beside it.
export const version = '0.1.0'
