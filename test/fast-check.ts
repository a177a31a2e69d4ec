import { configureGlobal } from "fast-check";
import { seed } from "./seed.ts";

// What a commit's tests try is the same wherever they run: what passed before it was submitted does not fail in CI by chance.
configureGlobal({ seed });

export * as fc from "fast-check";
