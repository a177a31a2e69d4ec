import type { ValidationRule } from "./schema.ts";

/** What to do about a rule that is broken, for those whose own words leave that open. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [/^Must have port for Service reference/, "Add port: the port of the Service."],
  [/^Must not have port for Backend reference/, "Remove port; an XBackend has its own."],
  [
    /^RequestRedirect filter must not be used together with backendRefs/,
    "Remove backendRefs, or make it a rule of its own.",
  ],
  [
    /with path\.replacePrefixMatch, exactly one PathPrefix match/,
    "Give the rule one match with a path of type PathPrefix.",
  ],
  [
    /^May specify either httpRouteFilterRequestRedirect or/,
    "A redirect can change the path itself: use requestRedirect.path.",
  ],
  [/^tls must not be specified for protocols/, "Use protocol HTTPS or TLS, or remove tls."],
  [/^tls mode must be Terminate for protocol HTTPS/, "Use protocol TLS to pass TLS through."],
  [/^tls mode must be set for protocol TLS/, "Add tls.mode: Passthrough or Terminate."],
  [/^hostname must not be specified for protocols/, "Remove hostname; TCP and UDP carry none."],
  [
    /^certificateRefs or options must be specified/,
    "Add tls.certificateRefs with the Secret that holds the certificate.",
  ],
  [/^Combination of port, protocol and hostname must be unique/, "Change its port or hostname."],
  [/^Listener name must be unique/, "Give each listener a name of its own."],
  [/^Rule name must be unique/, "Give each rule a name of its own."],
  [/cannot be repeated$/, "Put everything into one filter, or into a rule of its own."],
  [
    /^sectionName or port must be (?:specified|unique) when parentRefs/,
    "Name another listener in sectionName, or keep one of the two.",
  ],
  [
    /^sectionName must be (?:specified|unique) when targetRefs/,
    "Name another section in sectionName, or keep one of the two.",
  ],
  [/^Only one of percent or fraction/, "Keep one of the two."],
  [/must be an absolute path and start with '\/'/, "Write a / in front."],
  [
    /^must not contain '%2[fF]'/,
    "Envoy compares paths as they are sent; use type RegularExpression to match an escaped slash.",
  ],
  [/cannot contain '\*' alongside/, "Keep the * alone, or only the others."],
  [
    /^backendRequest timeout cannot be longer/,
    "One request may take several tries to the backend, so it needs more time than each.",
  ],
  [/^Hostnames cannot contain an IP/, "TLS clients send names only; remove it."],
  [/^filter\.(\w+) must be specified for/, "Add $1, or change the filter's type."],
  [/^filter\.(\w+) must be nil if/, "Remove $1, or change the filter's type."],
  [/^type must be '(\w+)' when/, "Write type: $1."],
];

/** The words of a rule for people: without the regular expressions that some of them carry along. */
export function messageOf({ message, rule }: ValidationRule): string {
  return (message ?? `breaks the rule ${rule}`)
    .trim()
    .replace(/ \(matching \^\S*\)/, "")
    .replace(/\.$/, "");
}

export function remedyOf({ message = "" }: ValidationRule): string | undefined {
  const words = message.trim();
  for (const [start, remedy] of remedies) {
    const match = start.exec(words);
    if (match !== null) return remedy.replace("$1", match[1] ?? "");
  }
  return undefined;
}
