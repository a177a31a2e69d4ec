/** Where requests and connections are written down when they end, a line for each. */
export interface AccessLog {
  readonly to: "Stdout" | "Stderr";
  readonly format: AccessLogFormat;
}

/** Envoy's command operators in a text or in the values of a JSON object; `default` is the JSON object that tells all that matters. */
export type AccessLogFormat =
  | { readonly kind: "default" }
  | { readonly kind: "json"; readonly fields: Readonly<Record<string, string>> }
  | { readonly kind: "text"; readonly line: string };
