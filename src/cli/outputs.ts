/** How `get` prints objects, besides a table. */
export const outputs = ["wide", "yaml", "json", "name"] as const;
export type Output = (typeof outputs)[number];
