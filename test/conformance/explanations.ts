// Why Myriad loses a test of the public suite, by the test's id: each is a decision, not a gap. The report prints them
// beside the test.

/** Test id → the reason, in one sentence. */
export const explanations: ReadonlyMap<string, string> = new Map([])
