/** How `get` prints objects, besides a table. */
export const outputs = ["wide", "yaml", "json", "name"] as const;
export type Output = (typeof outputs)[number];

/** What `graph` draws. */
export const graphOutputs = ["text", "mermaid", "dot", "json", "svg"] as const;
export type GraphOutput = (typeof graphOutputs)[number];

/** How `validate` prints findings. */
export const validationFormats = ["text", "json", "sarif", "junit"] as const;
export type ValidationFormat = (typeof validationFormats)[number];
