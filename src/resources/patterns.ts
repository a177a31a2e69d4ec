import { RE2JS } from "re2js";

/** What the patterns of the schemas mean, after "is not": nobody should have to read a regular expression. */
const meanings: Readonly<Record<string, string>> = {
  "^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$":
    "an API group (a DNS name in lower case, or empty)",
  "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$": "a kind (letters, digits and -)",
  "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$": "a name of lower-case letters, digits and -",
  "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$":
    "a DNS name (lower-case letters, digits, - and .)",
  "^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$":
    'a hostname (lower-case letters, digits, - and .; perhaps "*." in front)',
  "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$":
    "a domain, / and a path, as in gatewright.dev/gateway-controller",
  "^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\\?([^#]*))?(#(.*))?": "a URI with a scheme and an authority",
  "^([0-9]{1,5}(h|m|s|ms)){1,4}$": "a duration, as in 500ms, 10s or 1h30m",
  "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$": "the name of a header (letters, digits and !#$%&'*+-.^_`|~)",
  "^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$": "a path of a URL (other characters are written as %XX)",
  "^[!-~]+([\\t ]?[!-~]+)*$": "a header value (visible ASCII characters, with single spaces between)",
  "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$": "a label value (letters, digits, -, _ and .)",
  "^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9]+$":
    "a protocol (HTTP, HTTPS, TLS, TCP, UDP, or a domain, / and a name)",
  "^([0-9]+|[0-9]+%)$": "a number or a percentage, as in 1 or 25%",
  "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$":
    "a quantity, as in 500m, 2 or 256Mi",
  "^[0-9a-fA-F.:]+$": "an IP address",
  "^[0-9a-fA-F.:]+/[0-9]{1,3}$": "a network, as in 192.0.2.0/24",
  "(^\\*$)|(^(http(s)?):\\/\\/(((\\*\\.)?([a-zA-Z0-9\\-]+\\.)*[a-zA-Z0-9-]+|\\*)(:([0-9]{1,5}))?)$)":
    "an origin, as in https://www.example.com, or *",
};

/** What a value that breaks this pattern should have been, to follow "is not" or "does not". */
export function meaningOf(pattern: string): string {
  return Object.hasOwn(meanings, pattern) ? `is not ${meanings[pattern]}` : `does not match ${pattern}`;
}

/**
 * The value with one usual slip mended, if it matches the pattern then.
 *
 * @example mended("Shop.Example.com", hostname)  // "shop.example.com"
 */
export function mended(value: string, pattern: string): string | undefined {
  const trimmed = value.trim();
  const candidates = [
    trimmed,
    trimmed.toLowerCase(),
    trimmed.replace(/^[a-z]+:\/\//i, "").replace(/[:/].*$/, ""),
    trimmed.replace(/\.$/, ""),
    trimmed.replace(/\/+$/, ""),
    trimmed.replaceAll("_", "-").toLowerCase(),
    `${trimmed}s`,
    trimmed.replaceAll(" ", ""),
  ];
  return candidates.find((candidate) => candidate !== value && candidate !== "" && matchesPattern(candidate, pattern));
}

/**
 * Whether two texts are the same but for case, blanks around them, and a dot or slashes at the end: nothing that could mean
 * something else.
 *
 * @example isSameName("Shop.Example.com.", "shop.example.com")  // true
 */
export function isSameName(text: string, other: string): boolean {
  const plain = (name: string) =>
    name
      .trim()
      .toLowerCase()
      .replace(/[./]+$/, "");
  return plain(text) === plain(other);
}

const compiled = new Map<string, { readonly expression: RE2JS; readonly verdicts: Map<string, boolean> }>();
const mostVerdicts = 2000;

/**
 * Whether a value matches a pattern of a schema, with Go's syntax and in linear time: some of the patterns take
 * JavaScript's own engine exponential time. The last verdicts are remembered, since most values come again and again.
 */
export function matchesPattern(value: string, pattern: string): boolean {
  let entry = compiled.get(pattern);
  if (entry === undefined) {
    entry = { expression: RE2JS.compile(pattern), verdicts: new Map() };
    compiled.set(pattern, entry);
  }
  const known = entry.verdicts.get(value);
  if (known !== undefined) return known;
  const verdict = entry.expression.test(value);
  if (entry.verdicts.size >= mostVerdicts) entry.verdicts.clear();
  if (value.length <= 256) entry.verdicts.set(value, verdict);
  return verdict;
}
