import { type Condition, isFalse, isTrue } from "../gateway/condition.ts";

/** The definition of a Gateway API kind that a cluster has. */
export interface DefinitionVersion {
  readonly kind: string;
  /** Of the release that it comes from, as its annotation `gateway.networking.k8s.io/bundle-version` has it: `v1.7.0`. */
  readonly bundleVersion: string | undefined;
  /** `standard` or `experimental`, as its annotation `gateway.networking.k8s.io/channel` has it. */
  readonly channel?: string | undefined;
}

/**
 * Whether Gateways lack the fields that only the experimental channel has. Where nothing is known of definitions, as with
 * files, they are there.
 */
export function isStandardChannel(definitions: readonly DefinitionVersion[] | undefined): boolean {
  return definitions?.some(({ kind, channel }) => kind === "Gateway" && channel === "standard") ?? false;
}

/** The newest release whose fields are all known here; every v1 before it can be read. */
const newest = { major: 1, minor: 7 };

/**
 * Gateway API, GatewayClass condition SupportedVersion: False if any definition has no bundle-version or one that is not
 * known. The class stays accepted: of newer definitions, the fields that are known are served.
 */
export function supportedVersion(definitions: readonly DefinitionVersion[]): Condition {
  const unknown = definitions.filter(({ bundleVersion }) => !isKnownVersion(bundleVersion));
  if (unknown.length === 0) {
    const versions = [...new Set(definitions.map(({ bundleVersion = "" }) => bundleVersion))].sort().join(", ");
    return isTrue("SupportedVersion", "SupportedVersion", `The cluster has the Gateway API's ${versions || "kinds"}.`);
  }
  const named = unknown.map(({ kind, bundleVersion }) => `${kind} (${bundleVersion ?? "no version"})`).sort();
  return isFalse(
    "SupportedVersion",
    "UnsupportedVersion",
    `Gatewright knows the Gateway API v${newest.major}.0 to v${newest.major}.${newest.minor}. Fields that it does not know have no effect in: ${named.join(", ")}.`,
  );
}

/** Whether a release (`v1.7.0`) is one whose fields are known here. */
export function isKnownVersion(version: string | undefined): boolean {
  const [, major, minor] = /^v(\d+)\.(\d+)\.\d+/.exec(version ?? "") ?? [];
  return Number(major) === newest.major && Number(minor) <= newest.minor;
}
