// Cookies that analytics and advertising scripts set, and that never change a page.

/** Names, with '*' for any run of characters. */
export const analyticsCookies: readonly string[] = ['_ga', '_ga_*', '_gid']
