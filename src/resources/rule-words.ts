import type { FindingCode } from "./finding-codes.ts";
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
    "Write a plain /: requests with an escaped one are redirected to the path without it before a rule is chosen.",
  ],
  [/^must not contain '\/\/'/, "Write one /: several in a request count as one before a rule is chosen."],
  [
    /^must not (?:contain|end with) '?\/\.\.?\/?'?/,
    "Write the path that is meant: /./ and /../ in a request are resolved before a rule is chosen.",
  ],
  [
    /^must only contain valid characters .*for types/,
    "Percent-encode what a URL doesn't take, or use type RegularExpression.",
  ],
  [/^service must only contain valid/, "Write the full name, as in shop.v1.Cart; its method has a field of its own."],
  [
    /^method must only contain valid characters/,
    "Write the method's name alone, as in GetCart; the service has a field of its own.",
  ],
  [/^One or both of 'service' or 'method'/, "Add service or method, or leave the match out to match all calls."],
  [/^(replace\w+) must be specified when type is/, "Add $1, or change the type."],
  [/^AbsoluteTimeout must be specified/, "Add absoluteTimeout, or use lifetimeType: Session."],
  [
    /in \[caCertificateRefs wellKnownCACertificates\] must be set/,
    "Add caCertificateRefs with a ConfigMap of CA certificates, or wellKnownCACertificates: System.",
  ],
  [/^hostname must not be an IP address or end with \.cluster\.local/, "Name a Service of the cluster as a Service."],
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

/** Rules that say what the analyser also says have its code. */
export function codeOfRule({ message = "" }: ValidationRule): FindingCode {
  const words = message.trim();
  if (words.startsWith("certificateRefs or options must be specified")) return "https-without-certificate";
  return words.startsWith("Combination of port, protocol and hostname must be unique")
    ? "hostname-conflict"
    : "broken-rule";
}

/** The value with which a rule holds, where that is clear: paths that a request's path can never equal. */
export function mendedValue({ message = "" }: ValidationRule, value: string): string | undefined {
  const words = message.trim();
  if (/must be an absolute path and start with '\/'/.test(words)) return `/${value}`;
  if (/^must not contain '%2[fF]'/.test(words)) return value.replaceAll(/%2[fF]/g, "/");
  return words.startsWith("must not contain '//'") ? value.replaceAll(/\/\/+/g, "/") : undefined;
}

export function remedyOf({ message = "" }: ValidationRule): string | undefined {
  const words = message.trim();
  for (const [start, remedy] of remedies) {
    const match = start.exec(words);
    if (match !== null) return remedy.replace("$1", match[1] ?? "");
  }
  return undefined;
}
