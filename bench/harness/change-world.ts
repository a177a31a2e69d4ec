import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import type { ApiObject } from "../../src/kubernetes/api-object.ts";
import type { FakeApiServer } from "../../src/kubernetes/testing/fake-api-server.ts";

const gatewayApi = "gateway.networking.k8s.io/v1";
const subject = "subject";
const infra = "infra";

/** One change of a kind. They are made in this order, and at the end all is as it was. */
export interface KindOfChange {
  readonly kind: string;
  readonly make: (server: FakeApiServer) => void;
  /** For each other route that is there, so many of the derivations: what can't be flat, and why is in docs/performance.md. */
  readonly derivationsOfEachRoute?: number;
}

/** Objects that changes are made to, always the same ones, among `routes` others that they do not concern. */
export interface ChangeWorld {
  /** `namespace/name` of the Gateway that all is about. */
  readonly gateway: string;
  readonly objects: readonly ApiObject[];
  /** Those of them that no change concerns, every second of which names its listener. */
  readonly others: readonly ApiObject[];
  readonly changes: readonly KindOfChange[];
}

/** Made anew in each process, since they expire; of one length, which is counted. */
export interface Certificates {
  readonly authority: string;
  readonly pairs: readonly { readonly cert: string; readonly key: string }[];
}

export async function certificatesOfWorlds(): Promise<Certificates> {
  const authority = await ofLength(
    579,
    () => createAuthority(),
    ({ certificate }) => certificate,
  );
  const issue = () => authority.issue(["*.secure.example.com"]);
  const pairs = await Promise.all(Array.from({ length: 3 }, () => ofLength(664, issue, ({ cert }) => cert)));
  return { authority: authority.certificate, pairs };
}

/** The first whose certificate in PEM is as long as most are: a signature by ECDSA is now and then shorter by a byte, or longer. */
async function ofLength<Made>(length: number, make: () => Promise<Made>, pemOf: (made: Made) => string): Promise<Made> {
  const lengths: number[] = [];
  while (lengths.length < 1_000) {
    const made = await make();
    const pem = pemOf(made);
    if (pem.length === length) return made;
    lengths.push(pem.length);
  }
  throw new Error(`no certificate is ${length} characters long: they have ${[...new Set(lengths)].join(", ")}`);
}

/** @param told the statuses of two others, which all of them have been told before, so that they need not be written first */
export function changeWorld(
  routes: number,
  { authority, pairs: [first, renewed, unused] }: Certificates,
  told: readonly unknown[] = [],
): ChangeWorld {
  const secret = (name: string, pair = first) => ({
    ...object("v1", "Secret", infra, name),
    type: "kubernetes.io/tls",
    data: { "tls.crt": base64(pair?.cert ?? ""), "tls.key": base64(pair?.key ?? "") },
  });
  const one = route("one", ["one.example.com"], "one");
  const many = route("many", hosts(0), "one");
  const granted = route("granted", ["granted.example.com"], "far", { namespace: "backends" });
  const later = route("later", ["later.example.com"], "later");
  const secured = route("secured", ["secured.example.com"], "secured");
  const foreign = { ...route("foreign", ["foreign.example.com"], "one"), ...parent("foreign") };
  const grant = {
    ...object(gatewayApi, "ReferenceGrant", "backends", "grant"),
    spec: {
      from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: subject }],
      to: [{ group: "", kind: "Service" }],
    },
  };
  const tlsPolicy = {
    ...object(gatewayApi, "BackendTLSPolicy", subject, "secured"),
    spec: {
      targetRefs: [{ group: "", kind: "Service", name: "secured" }],
      validation: {
        hostname: "secured.example.com",
        caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "authority" }],
      },
    },
  };
  const trafficPolicy = {
    ...object("gateway.networking.x-k8s.io/v1alpha1", "XBackendTrafficPolicy", subject, "one"),
    spec: {
      targetRefs: [{ group: "", kind: "Service", name: "secured" }],
      retryConstraint: { budget: { percent: 20, interval: "10s" } },
    },
  };
  const put = (kind: string, what: ApiObject): KindOfChange => ({ kind, make: (server) => server.put(what) });
  const remove = (kind: string, what: ApiObject): KindOfChange => ({ kind, make: (server) => server.remove(what) });
  // Every other route names its listener; those that don't are asked anew when one comes or goes.
  const ofEachRoute = { derivationsOfEachRoute: 0.5 };
  const others = Array.from({ length: routes }, (_, index) => withStatus(otherRoute(index), told[index % 2]));

  return {
    gateway: `${infra}/edge`,
    others,
    objects: [
      gatewayClass("gatewright", "gatewright.dev/gateway-controller"),
      gatewayClass("other", "example.com/other"),
      ...[infra, subject, "backends", ...teams].map((name) => object("v1", "Namespace", undefined, name)),
      gateway("edge", "gatewright", [http, https]),
      secret("certificate"),
      { ...object("v1", "ConfigMap", subject, "authority"), data: { "ca.crt": authority } },
      ...teams.flatMap((team) => [service("shop", team), slice("shop", 1, team)]),
      ...["one", "secured"].flatMap((name) => [service(name), slice(name, 1)]),
      service("far", "backends"),
      slice("far", 1, "backends"),
      grant,
      one,
      many,
      granted,
      later,
      secured,
      ...others,
    ],
    changes: [
      put("HTTPRoute: a rule", route("one", ["one.example.com"], "one", { header: "changed" })),
      put("HTTPRoute: the rule as it was", one),
      put("HTTPRoute: a label", { ...one, metadata: { ...one.metadata, labels: { team: "a" } } }),
      put("HTTPRoute: its hostname", route("one", ["two.example.com"], "one")),
      put("HTTPRoute: its hostname as it was", one),
      put("HTTPRoute: one hostname of 16", route("many", hosts(1), "one")),
      put("HTTPRoute: the 16 as they were", many),
      put("HTTPRoute comes", route("new", ["new.example.com"], "one")),
      remove("HTTPRoute goes", route("new", ["new.example.com"], "one")),
      {
        kind: "HTTPRoute: another controller writes its status",
        make: (server) => {
          const known = server.get(one);
          if (known !== undefined) server.put({ ...known, status: withEntryOf("example.com/other", known["status"]) });
        },
      },
      put("Service comes that a route names", service("later")),
      put("EndpointSlice comes, the Service's first", slice("later", 1)),
      put("EndpointSlice: one endpoint more", slice("later", 2)),
      remove("EndpointSlice goes", slice("later", 2)),
      put("Service: a label", {
        ...service("later"),
        metadata: { ...service("later").metadata, labels: { team: "a" } },
      }),
      remove("Service goes", service("later")),
      put("EndpointSlice of a tenth of all routes: one endpoint more", slice("shop", 2, "team-0")),
      put("EndpointSlice of a tenth of all routes: as it was", slice("shop", 1, "team-0")),
      put("Service of a tenth of all routes: a label", {
        ...service("shop", "team-0"),
        metadata: { namespace: "team-0", name: "shop", labels: { team: "a" } },
      }),
      put("Service comes that nobody names", service("unused")),
      put("EndpointSlice that nobody asks for", slice("unused", 1)),
      remove("EndpointSlice goes that nobody asks for", slice("unused", 1)),
      remove("Service goes that nobody names", service("unused")),
      put("Secret: a certificate is renewed", secret("certificate", renewed)),
      put("Secret comes that nobody names", secret("unused", unused)),
      remove("Secret goes that nobody names", secret("unused", unused)),
      put("ConfigMap comes that nobody names", {
        ...object("v1", "ConfigMap", infra, "unused"),
        data: { "ca.crt": "none" },
      }),
      remove("ConfigMap goes that nobody names", object("v1", "ConfigMap", infra, "unused")),
      remove("ReferenceGrant goes", grant),
      put("ReferenceGrant comes", grant),
      put("BackendTLSPolicy comes", tlsPolicy),
      remove("BackendTLSPolicy goes", tlsPolicy),
      put("XBackendTrafficPolicy comes", trafficPolicy),
      remove("XBackendTrafficPolicy goes", trafficPolicy),
      put("Gateway: a label", { ...gateway("edge", "gatewright", [http, https]), ...labelled("edge") }),
      put(
        "Gateway: a listener's certificates",
        gateway("edge", "gatewright", [http, { ...https, tls: tls("certificate", "missing") }]),
      ),
      put("Gateway: the certificates as they were", gateway("edge", "gatewright", [http, https])),
      {
        ...put("Gateway: a listener comes that no route names", gateway("edge", "gatewright", [http, https, lonely])),
        ...ofEachRoute,
      },
      { ...put("Gateway: the listener goes", gateway("edge", "gatewright", [http, https])), ...ofEachRoute },
      put("ListenerSet comes", listenerSet),
      put("HTTPRoute comes to it", ofListenerSet),
      remove("HTTPRoute goes from it", ofListenerSet),
      remove("ListenerSet goes", listenerSet),
      put("Namespace: a label", { ...object("v1", "Namespace", undefined, subject), ...labelledNamespace }),
      put("Gateway of another controller comes", gateway("foreign", "other", [http])),
      put("HTTPRoute of its comes", foreign),
      put("HTTPRoute of its changes", {
        ...foreign,
        spec: { ...parent("foreign").spec, hostnames: ["changed.example.com"] },
      }),
      remove("HTTPRoute of its goes", foreign),
      remove("Gateway of another controller goes", gateway("foreign", "other", [http])),
    ],
  };
}

const teams = Array.from({ length: 10 }, (_, index) => `team-${index}`);
const http = { name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "All" } } };
const tls = (...names: readonly string[]) => ({ mode: "Terminate", certificateRefs: names.map((name) => ({ name })) });
const https = {
  ...http,
  name: "https",
  port: 443,
  protocol: "HTTPS",
  hostname: "*.secure.example.com",
  tls: tls("certificate"),
};
const listenerSet = {
  ...object(gatewayApi, "ListenerSet", infra, "set"),
  spec: {
    parentRef: { name: "edge" },
    listeners: [{ ...https, name: "set", hostname: "set.example.com" }],
  },
};
const ofListenerSet = {
  ...object(gatewayApi, "HTTPRoute", subject, "of-set"),
  spec: {
    parentRefs: [{ kind: "ListenerSet", name: "set", namespace: infra }],
    rules: [{ backendRefs: [{ name: "one", port: 80 }] }],
  },
};
const lonely = { ...http, name: "lonely", port: 8080, hostname: "lonely.example.org" };

function hosts(version: number): readonly string[] {
  return Array.from({ length: 16 }, (_, index) => `many-${index === 7 ? `7-${version}` : index}.example.com`);
}

function object(apiVersion: string, kind: string, namespace: string | undefined, name: string): ApiObject {
  return { apiVersion, kind, metadata: { ...(namespace === undefined ? {} : { namespace }), name } };
}

function labelled(name: string) {
  return { metadata: { namespace: infra, name, labels: { team: "a" } } };
}

const labelledNamespace = { metadata: { name: subject, labels: { team: "a" } } };

function gatewayClass(name: string, controllerName: string): ApiObject {
  return { ...object(gatewayApi, "GatewayClass", undefined, name), spec: { controllerName } };
}

function gateway(name: string, gatewayClassName: string, listeners: readonly object[]): ApiObject {
  const allowedListeners = { namespaces: { from: "All" } };
  return { ...object(gatewayApi, "Gateway", infra, name), spec: { gatewayClassName, listeners, allowedListeners } };
}

function parent(name: string) {
  return { spec: { parentRefs: [{ name, namespace: infra }], rules: [{ backendRefs: [{ name: "one", port: 80 }] }] } };
}

function route(
  name: string,
  hostnames: readonly string[],
  backend: string,
  { namespace, header = "set" }: { readonly namespace?: string; readonly header?: string } = {},
) {
  const filter = {
    type: "ResponseHeaderModifier",
    responseHeaderModifier: { set: [{ name: "x-value", value: header }] },
  };
  const backendRefs = [{ name: backend, port: 80, ...(namespace === undefined ? {} : { namespace }) }];
  return {
    ...object(gatewayApi, "HTTPRoute", subject, name),
    spec: { parentRefs: [{ name: "edge", namespace: infra }], hostnames, rules: [{ filters: [filter], backendRefs }] },
  };
}

function withStatus(written: ApiObject, status: unknown): ApiObject {
  return status === undefined ? written : { ...written, status };
}

/** Routes of ten teams, each team's to its one Service. */
function otherRoute(index: number): ApiObject {
  const number = String(index).padStart(6, "0");
  const other = route(`route-${number}`, [`host-${number}.example.com`], "shop");
  const parentRef = { name: "edge", namespace: infra, ...(index % 2 === 0 ? { sectionName: "http" } : {}) };
  return {
    ...other,
    metadata: { namespace: teams[Math.floor(index / 2) % teams.length] ?? "", name: `route-${number}` },
    spec: { ...other["spec"], parentRefs: [parentRef] },
  };
}

function service(name: string, namespace = subject): ApiObject {
  return {
    ...object("v1", "Service", namespace, name),
    spec: { ports: [{ name: "http", port: 80, targetPort: 8080 }] },
  };
}

function slice(name: string, count: number, namespace = subject): ApiObject {
  return {
    ...object("discovery.k8s.io/v1", "EndpointSlice", namespace, `${name}-1`),
    metadata: { namespace, name: `${name}-1`, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints: Array.from({ length: count }, (_, index) => ({
      addresses: [`10.0.0.${index + 1}`],
      conditions: { ready: true },
    })),
  };
}

/** A route's status as it is, and what another controller says of a parent of its own. */
function withEntryOf(controllerName: string, status: unknown): object {
  const parents = typeof status === "object" && status !== null && "parents" in status ? status.parents : [];
  const entry = { controllerName, parentRef: { name: "foreign" }, conditions: [] };
  return { parents: [...(Array.isArray(parents) ? parents : []), entry] };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
