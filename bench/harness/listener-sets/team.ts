import { createPrivateKey } from "node:crypto";
import {
  type CertificateAuthority,
  createAuthority,
  readAuthority,
} from "../../../examples/seeds/certificate-authority.ts";
import type { ApiObject } from "../../../src/kubernetes/api-object.ts";
import { gateway, namespaceObjects, service } from "../objects.ts";

/** How many there are of everything; `namespaces` × `sets` listeners. */
export interface Sizes {
  readonly namespaces: number;
  /** ListenerSets in each namespace. */
  readonly sets: number;
  /** HTTPRoutes on each ListenerSet. */
  readonly routes: number;
}

/** A ListenerSet with all that is its own: one HTTPS listener with a hostname, a certificate and routes. */
export interface Team {
  readonly namespace: string;
  readonly hostname: string;
  readonly secret: ApiObject;
  readonly listenerSet: ApiObject;
  /** The first answers with a redirect to `VERSION.HOSTNAME`, the others lead to the namespace's Service. */
  readonly routes: readonly ApiObject[];
}

/** The authority of all certificates, as it is passed between processes. */
export interface Authority {
  readonly certificate: string;
  readonly key: string;
}

export async function newAuthority(): Promise<Authority> {
  const { certificate, key } = await createAuthority("Gatewright benchmarks");
  return { certificate, key };
}

/** Makes teams; the same ones again, apart from their certificates. */
export class Teams {
  readonly sizes: Sizes;
  readonly #port: number;
  readonly #authority: CertificateAuthority;

  private constructor(sizes: Sizes, port: number, authority: CertificateAuthority) {
    this.sizes = sizes;
    this.#port = port;
    this.#authority = authority;
  }

  static async of(sizes: Sizes, port: number, { certificate, key }: Authority): Promise<Teams> {
    return new Teams(sizes, port, await readAuthority(certificate, key));
  }

  get count(): number {
    return this.sizes.namespaces * this.sizes.sets;
  }

  /** What must be there before any team. */
  namespaces(): readonly ApiObject[] {
    return Array.from({ length: this.sizes.namespaces }, (_, index) => namespaceOf(index)).flatMap((namespace) => [
      ...namespaceObjects(namespace),
      service({ namespace, name: "web" }),
    ]);
  }

  /** @param index those from {@link count} on are further ones, in the same namespaces */
  async team(index: number, version = "v0"): Promise<Team> {
    const { namespace, name } = this.#nameOf(index);
    const hostname = this.hostname(index);
    const parent = { group, kind: "ListenerSet", name };
    const listener = {
      name: "https",
      port: this.#port,
      protocol: "HTTPS",
      hostname,
      tls: { certificateRefs: [{ name }] },
    };
    return {
      namespace,
      hostname,
      secret: await this.#secret(namespace, name, hostname),
      listenerSet: {
        apiVersion: `${group}/v1`,
        kind: "ListenerSet",
        metadata: { namespace, name },
        spec: { parentRef: { group, kind: "Gateway", ...gateway }, listeners: [listener] },
      },
      routes: Array.from({ length: this.sizes.routes }, (_, route) => ({
        apiVersion: `${group}/v1`,
        kind: "HTTPRoute",
        metadata: { namespace, name: `${name}-${route}` },
        spec: { parentRefs: [parent], rules: [ruleOf(route, `${version}.${hostname}`)] },
      })),
    };
  }

  hostname(index: number): string {
    const { namespace, name } = this.#nameOf(index);
    return `${name}.${namespace}.example.com`;
  }

  #nameOf(index: number): { readonly namespace: string; readonly name: string } {
    const { namespaces } = this.sizes;
    return { namespace: namespaceOf(index % namespaces), name: `set-${Math.floor(index / namespaces)}` };
  }

  async #secret(namespace: string, name: string, hostname: string): Promise<ApiObject> {
    const { cert, key } = await this.#authority.issue([hostname]);
    const data = {
      "tls.crt": base64(cert),
      "tls.key": base64(createPrivateKey(key).export({ type: "pkcs8", format: "pem" })),
    };
    return { apiVersion: "v1", kind: "Secret", metadata: { namespace, name }, type: "kubernetes.io/tls", data };
  }
}

/** The Gateway that ListenerSets of all namespaces may add to; its own listener is HTTP. */
export function sharedGateway(gatewayClassName: string, port: number): ApiObject {
  return {
    apiVersion: `${group}/v1`,
    kind: "Gateway",
    metadata: gateway,
    spec: {
      gatewayClassName,
      allowedListeners: { namespaces: { from: "All" } },
      listeners: [{ name: "http", port, protocol: "HTTP" }],
    },
  };
}

const group = "gateway.networking.k8s.io";

function namespaceOf(index: number): string {
  return `team-${index}`;
}

function ruleOf(route: number, redirect: string): object {
  const matches = [{ path: { type: "PathPrefix", value: `/${route}` } }];
  if (route > 0) return { matches, backendRefs: [{ name: "web", port: 80 }] };
  const requestRedirect = { hostname: redirect, statusCode: 302 };
  return { matches, filters: [{ type: "RequestRedirect", requestRedirect }] };
}

function base64(text: string | Buffer): string {
  return Buffer.from(text).toString("base64");
}
