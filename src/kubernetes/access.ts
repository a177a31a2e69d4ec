/** What a request needs besides itself, now: it changes as tokens and certificates are renewed. */
export interface Credential {
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Certificates of the authorities that the server's certificate may come from, in PEM. */
  readonly ca?: string | undefined;
  /** The client's certificate and key, in PEM. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Where an API server is, and how to be let in. */
export interface ClusterAccess {
  /** @example "https://10.0.0.1:6443" */
  readonly server: string;
  /** The namespace that is meant when none is named. */
  readonly namespace: string;
  /** Where all this was read, for messages. */
  readonly origin: string;
  /** The name in the server's certificate, where it isn't the server's host. */
  readonly serverName?: string | undefined;
  /** Takes any certificate of the server. */
  readonly insecure: boolean;
  /** `undefined`: whatever the environment says (HTTPS_PROXY, NO_PROXY). */
  readonly proxyUrl?: string | undefined;
  /** @throws AccessError */
  credential(): Promise<Credential>;
  /** The server refused the credential: get a fresh one the next time. */
  refused(): void;
}

/** There is no way to an API server: a kubeconfig that can't be read, a credential plugin that fails. */
export class AccessError extends Error {
  override readonly name = "AccessError";
}
