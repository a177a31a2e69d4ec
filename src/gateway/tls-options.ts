import type { TlsParameters } from "../ir/tls-parameters.ts";
import { nearest } from "../resources/suggest.ts";

/** What `options` of a listener or of a BackendTLSPolicy ask for. */
export interface TlsOptions {
  readonly parameters?: TlsParameters;
  /** Why they can't be met: an option of ours with a value that is none of its own. */
  readonly refused?: string;
  /** Options that others may know. */
  readonly unknown: readonly string[];
}

const prefix = "gatewright.dev/";
const minimumVersion = `${prefix}tls-minimum-version`;
const maximumVersion = `${prefix}tls-maximum-version`;
const cipherSuites = `${prefix}tls-cipher-suites`;
const names = [minimumVersion, maximumVersion, cipherSuites];

const versions = ["1.2", "1.3"] as const;

/** Those of TLS 1.2; TLS 1.3 has its own, which can't be chosen. */
const ciphers = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-RSA-CHACHA20-POLY1305",
];

/**
 * Gateway API, ListenerTLSConfig.options and BackendTLSPolicySpec.options: implementation-specific, with domain-prefixed
 * names. An option of ours that can't be met is refused, since leaving it out would be less than was asked for.
 *
 * @example readTlsOptions({ "gatewright.dev/tls-minimum-version": "1.3" })  // { parameters: { minimumVersion: "1.3" }, … }
 */
export function readTlsOptions(options: Readonly<Record<string, string>> = {}): TlsOptions {
  const unknown = Object.keys(options)
    .filter((name) => !name.startsWith(prefix))
    .sort();
  const [misspelt] = Object.keys(options).filter((name) => name.startsWith(prefix) && !names.includes(name));
  if (misspelt !== undefined) {
    const meant = nearest(misspelt, names);
    return { unknown, refused: `${misspelt} is no option.${meant === undefined ? "" : ` Did you mean ${meant}?`}` };
  }
  const minimum = versionOf(options[minimumVersion]);
  const maximum = versionOf(options[maximumVersion]);
  const suites = options[cipherSuites]?.split(",").map((name) => name.trim());
  for (const [name, version] of [
    [minimumVersion, minimum],
    [maximumVersion, maximum],
  ] as const) {
    if (version === "unknown") {
      return { unknown, refused: `${name} is "${options[name]}"; it can be ${versions.join(" or ")}.` };
    }
  }
  if (minimum === "1.3" && maximum === "1.2") {
    return { unknown, refused: `${minimumVersion} is above ${maximumVersion}.` };
  }
  const strange = suites?.find((name) => !ciphers.includes(name));
  if (strange !== undefined) {
    return { unknown, refused: `${cipherSuites} has "${strange}"; it can have ${ciphers.join(", ")}.` };
  }
  const parameters: TlsParameters = {
    ...(minimum === undefined || minimum === "unknown" ? {} : { minimumVersion: minimum }),
    ...(maximum === undefined || maximum === "unknown" ? {} : { maximumVersion: maximum }),
    ...(suites === undefined ? {} : { cipherSuites: suites }),
  };
  return Object.keys(parameters).length === 0 ? { unknown } : { unknown, parameters };
}

function versionOf(value: string | undefined): (typeof versions)[number] | "unknown" | undefined {
  return value === undefined ? undefined : (versions.find((version) => version === value) ?? "unknown");
}
