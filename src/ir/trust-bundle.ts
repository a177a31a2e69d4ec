/** Certificates of authorities, in PEM, delivered by themselves so that a rotation touches no listener or cluster. */
export interface TrustBundle {
  readonly proxy: string;
  readonly name: string;
  readonly certificates: string;
}
