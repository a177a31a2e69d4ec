/** How TLS is spoken; what is absent is as Envoy has it. */
export interface TlsParameters {
  readonly minimumVersion?: "1.2" | "1.3";
  readonly maximumVersion?: "1.2" | "1.3";
  /** Of TLS 1.2, in OpenSSL's names. */
  readonly cipherSuites?: readonly string[];
}
