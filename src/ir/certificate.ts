/** A certificate chain and its key, in PEM, delivered by itself so that a rotation touches no listener. */
export interface TlsCertificate {
  readonly proxy: string;
  readonly name: string;
  readonly certificateChain: string;
  readonly privateKey: string;
}
