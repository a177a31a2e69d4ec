import type { FindingCode } from "./finding-codes.ts";
import type { Fix, TextEdit } from "./fix.ts";
import type { Origin, SourceLocation } from "./origin.ts";

/**
 * Something that a person should know about what they wrote: the one type for errors and warnings of every part.
 *
 * `code` is stable and has a page (`docs/findings/CODE.md`). `message` says what is wrong in the user's own words,
 * `remedy` what to write instead.
 */
export interface Finding {
  readonly severity: "error" | "warning";
  readonly code: FindingCode;
  readonly message: string;
  readonly remedy?: string;
  /** Absent only when the text could not be read as an object at all. */
  readonly origin?: Origin;
  readonly location?: SourceLocation;
  /** What mends it, where that is clear. */
  readonly fix?: Fix;
  /** The same in the text of a file; `validate --fix` makes these edits. */
  readonly edits?: readonly TextEdit[];
}
