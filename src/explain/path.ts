/**
 * The path of a request as Envoy makes it before it looks for a route: `normalize_path`, `merge_slashes` and
 * `path_with_escaped_slashes_action: UNESCAPE_AND_REDIRECT` of `envoy/http-connection-manager.ts`.
 *
 * Envoy canonicalises with Chromium's URL library. Text stands for bytes here: one character each.
 */
export type NormalisedPath =
  | {
      readonly kind: "path";
      /** With the query. */
      readonly path: string;
      /** What was done, in words. */
      readonly changes: readonly string[];
    }
  /** There were escaped slashes: the client is sent to the path without them. */
  | { readonly kind: "redirect"; readonly path: string }
  | { readonly kind: "refused"; readonly cause: string };

/** @example normalisePath("/a//%2e%2e/%62?x=//")  // path "/b?x=//" */
export function normalisePath(target: string): NormalisedPath {
  if (target.includes("#")) return { kind: "refused", cause: 'there is a "#" in its path' };
  const [asked, query] = splitQuery(target);
  const unescaped = asked.replace(/%2f/gi, "/").replace(/%5c/gi, "\\");
  const canonical = canonicalPath(withoutDotParameters(unescaped));
  if (canonical === undefined) return { kind: "refused", cause: "there is an escaped NUL (%00) in its path" };
  const merged = mergeSlashes(canonical);
  if (unescaped !== asked) return { kind: "redirect", path: merged + query };
  const changes = [
    ...(canonical === asked
      ? []
      : ['"." and ".." elements, escapes and backslashes resolved (RFC 3986, and as browsers do)']),
    ...(merged === canonical ? [] : ["repeated slashes merged"]),
  ];
  return { kind: "path", path: merged + query, changes };
}

/** @example splitQuery("/a?b?c")  // ["/a", "?b?c"] */
export function splitQuery(path: string): readonly [path: string, query: string] {
  const start = path.indexOf("?");
  return start === -1 ? [path, ""] : [path.slice(0, start), path.slice(start)];
}

/** Path parameters of "." and ".." elements (`/a/..;x=1/b`), by which some backends would be misled. */
function withoutDotParameters(path: string): string {
  return path.replace(/(?<=\/)(\.\.?);[^/]*/g, "$1");
}

function mergeSlashes(path: string): string {
  if (!path.includes("//")) return path;
  const elements = path.split("/").filter((element) => element !== "");
  return `/${elements.join("/")}${path.endsWith("/") ? "/" : ""}`;
}

const unreserved = /^[A-Za-z0-9._~-]$/;
const written = /^[A-Za-z0-9._~!$&'()*+,;=:@/[\]-]$/;

/** Undefined for what is no path: an escaped NUL. */
function canonicalPath(path: string): string | undefined {
  let output = "";
  /** Of a "%" in the output that began no escape: what follows must not make it one. */
  let barePercent = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < path.length; index++) {
    const character = path.charAt(index);
    const dot = dotLength(path, index);
    if (dot > 0) {
      const element = output.endsWith("/") ? dotElement(path, index + dot) : undefined;
      if (element === undefined) output += ".";
      else if (element.up) output = output.slice(0, output.lastIndexOf("/", output.length - 2) + 1) || "/";
      index += dot - 1 + (element?.length ?? 0);
    } else if (character === "\\") {
      output += "/";
    } else if (character === "%") {
      const sequence = path.slice(index, index + 3);
      if (!/^%[0-9a-f]{2}$/i.test(sequence)) {
        barePercent = output.length;
        output += "%";
        continue;
      }
      index += 2;
      const value = String.fromCharCode(Number.parseInt(sequence.slice(1), 16));
      if (value === "\0") return undefined;
      if (!unreserved.test(value)) {
        output += sequence;
        continue;
      }
      output += value;
      output = withoutNestedEscape(output, barePercent, path.charAt(index + 1));
    } else {
      output += written.test(character) ? character : escaped(character);
    }
  }
  return output;
}

/** How long the dot is that stands there: 1, 3 where it is escaped, or 0 where there is none. */
function dotLength(path: string, index: number): number {
  if (path.charAt(index) === ".") return 1;
  return path.slice(index, index + 3).toLowerCase() === "%2e" ? 3 : 0;
}

/** What follows the dot of a "." or ".." element, with its slash; undefined for any other element. */
function dotElement(path: string, after: number): { readonly up: boolean; readonly length: number } | undefined {
  if (after === path.length) return { up: false, length: 0 };
  if (isSlash(path.charAt(after))) return { up: false, length: 1 };
  const second = dotLength(path, after);
  if (second === 0) return undefined;
  if (after + second === path.length) return { up: true, length: second };
  return isSlash(path.charAt(after + second)) ? { up: true, length: second + 1 } : undefined;
}

function isSlash(character: string): boolean {
  return character === "/" || character === "\\";
}

/** `%%300` must not become `%00`: the "%" that would begin a new escape is escaped itself. */
function withoutNestedEscape(output: string, barePercent: number, next: string): string {
  const since = output.length - barePercent;
  if (since !== 2 && since !== 3) return output;
  const sequence = since === 2 ? output.slice(barePercent) + next : output.slice(barePercent);
  if (!/^%[0-9a-f]{2}$/i.test(sequence)) return output;
  return `${output.slice(0, barePercent)}%25${output.slice(barePercent + 1)}`;
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
