/** Where the time goes, in words, for what misses its goal; printed above the profile of the comparison of that name. */
export const analyses: Readonly<Record<string, string>> = {};
