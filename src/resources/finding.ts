import type { Origin, SourceLocation } from "./origin.ts";

/**
 * Something that a person should know about what they wrote: the one type for errors and warnings of every part.
 *
 * `code` is stable and lower-case (`unknown-field`). `message` says what is wrong in the user's own words, `remedy`
 * what to write instead.
 */
export interface Finding {
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  /** Absent only when the text could not be read as an object at all. */
  readonly origin?: Origin;
  readonly location?: SourceLocation;
}
