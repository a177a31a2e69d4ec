import type { FieldPath, ResourceReference } from "./origin.ts";
import type { Json } from "./schema.ts";

/**
 * One step of a fix, in the words of the object. `set` replaces a scalar, or adds a field to a mapping that is there;
 * `rename` gives a field another name; `remove` takes away a field or an entry of a list.
 */
export type Change =
  | { readonly kind: "set"; readonly path: FieldPath; readonly value: Json }
  | { readonly kind: "rename"; readonly path: FieldPath; readonly name: string }
  | { readonly kind: "remove"; readonly path: FieldPath };

/** What to change in an object, perhaps another than the one that the finding is about, so that the finding is gone. */
export interface Fix {
  readonly resource: ResourceReference;
  readonly changes: readonly Change[];
}

/** A place between two characters. Both count from 1; columns count UTF-16 code units. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** The text from `start` to `end` becomes `text`. */
export interface TextEdit {
  readonly file: string;
  readonly start: TextPosition;
  readonly end: TextPosition;
  readonly text: string;
}
