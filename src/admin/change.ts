// What became of a change that a running Myriad was asked for: another configuration, another version of the program.

export type ChangeOutcome =
  /** It is served; `lines` tell the owner what is different. */
  | { readonly kind: 'changed'; readonly lines: readonly string[] }
  /** Everything is as it was. `code`: the exit code of the command that asked. */
  | { readonly kind: 'refused'; readonly code: 1 | 2; readonly error: string }
