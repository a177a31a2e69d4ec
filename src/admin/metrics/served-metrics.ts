import type { Collection } from "../../collections/collection.ts";
import type { ControlPlane } from "../../control-plane/control-plane.ts";
import { secretOf } from "../../gateway/certificate.ts";
import { pemCertificates, readCertificate } from "../../gateway/x509.ts";
import type { EndpointSet } from "../../ir/cluster.ts";
import type { Instruments } from "./instruments.ts";
import { countBy } from "./xds-metrics.ts";

/** How many series a metric may have whose labels name what people wrote: those that matter most come first. */
export const namedSeries = 1_000;

/** What is served, and what of it is not as it should be. Counted when it is scraped. */
export function servedMetrics(instruments: Instruments, controlPlane: ControlPlane): void {
  const { graph, semantics, refusals } = controlPlane;
  instruments.countedElsewhere(
    "gatewright_derivations_total",
    "Times that something was derived anew, by what it is of: hostTables are the tables of rules of hostnames, statusOfHTTPRoutes what HTTPRoutes are told. A change runs those that it touches, however many others there are.",
    ["collection"],
    (tell) => {
      for (const [collection, runs] of graph.runs()) tell(runs, { collection });
    },
  );
  instruments.gauge("gatewright_resources", "Objects that are served.", ["kind"], (set) => {
    for (const [kind, count] of controlPlane.counts()) set(count, { kind });
  });
  instruments.gauge(
    "gatewright_refused_documents",
    "Documents with an error, which are not served as they stand.",
    [],
    (set) => set(controlPlane.findings().filter(({ severity }) => severity === "error").length),
  );
  instruments.gauge(
    "gatewright_rejected_objects",
    "Objects of which Envoy refuses something: status says what.",
    ["kind"],
    (set) => {
      const named = [...refusals.entries()].flatMap(([, { parts }]) =>
        parts.flatMap(({ origins }) =>
          origins.map(({ resource: { kind, namespace = "", name } }) => `${kind}/${namespace}/${name}`),
        ),
      );
      for (const [kind, count] of countBy(new Set(named), (key) => key.slice(0, key.indexOf("/"))))
        set(count, { kind });
    },
  );
  instruments.gauge(
    "gatewright_gateway_programmed",
    "Whether a Gateway's condition Programmed is True (1) or not (0).",
    ["gateway"],
    (set) => {
      for (const { gateway, programmed } of gatewaysOf(controlPlane)) set(programmed ? 1 : 0, { gateway });
    },
  );
  instruments.gauge(
    "gatewright_gateway_attached_routes",
    "Routes that are attached to a Gateway's own listeners, summed over its listeners.",
    ["gateway"],
    (set) => {
      for (const { gateway, routes } of gatewaysOf(controlPlane)) set(routes, { gateway });
    },
  );
  instruments.gauge(
    "gatewright_proxy_hosts",
    "Hostnames that proxies have a table of rules for, with the one for all other hosts of each listener.",
    ["proxy"],
    (set) => {
      for (const [proxy, count] of countBy(valuesOf(semantics.hostTables), (table) => table.proxy))
        set(count, { proxy });
    },
  );
  instruments.gauge("gatewright_proxy_clusters", "Backends that proxies know.", ["proxy"], (set) => {
    for (const [proxy, count] of countBy(valuesOf(semantics.clusters), (cluster) => cluster.proxy))
      set(count, { proxy });
  });
  instruments.gauge(
    "gatewright_backend_without_endpoints",
    `1 for each backend that routes send to and that has no ready endpoint (Service/shop/cart/80); the first ${namedSeries} by name.`,
    ["backend"],
    (set) => {
      const empty = new Set<string>();
      for (const endpoints of valuesOf(semantics.endpointSets)) if (isEmpty(endpoints)) empty.add(endpoints.name);
      for (const backend of [...empty].sort().slice(0, namedSeries)) set(1, { backend });
    },
  );
  certificateMetrics(instruments, controlPlane);
}

function certificateMetrics(instruments: Instruments, { graph, semantics }: ControlPlane): void {
  // Read once for each certificate, not at every scrape.
  const expiries = graph.derive("certificateExpiries", semantics.certificates, ({ name, certificateChain }) => {
    const certificate = readCertificate(pemCertificates(certificateChain)[0] ?? "");
    return typeof certificate === "string"
      ? undefined
      : { secret: secretOf(name), seconds: Date.parse(certificate.validTo) / 1000 };
  });
  instruments.gauge(
    "gatewright_certificate_expiry_timestamp_seconds",
    `When a certificate that is served ends, in seconds since 1970, by Secret; the ${namedSeries} that end first.`,
    ["secret"],
    (set) => {
      const bySecret = new Map([...valuesOf(expiries)].map(({ secret, seconds }) => [secret, seconds]));
      const first = [...bySecret].sort(([, left], [, right]) => left - right).slice(0, namedSeries);
      for (const [secret, seconds] of first) set(seconds, { secret });
    },
  );
}

/** Looks at no other statuses than those of Gateways: there are as many as routes. */
function* gatewaysOf({ semantics: { gateways }, status: statuses }: ControlPlane) {
  for (const [gateway] of gateways.entries()) {
    const { status } = statuses.get(`Gateway/${gateway}`) ?? {};
    if (status === undefined || !("listeners" in status)) continue;
    yield {
      gateway,
      programmed: status.conditions.some(({ type, status: value }) => type === "Programmed" && value === "True"),
      routes: status.listeners.reduce((sum, { attachedRoutes }) => sum + attachedRoutes, 0),
    };
  }
}

function isEmpty({ groups }: EndpointSet): boolean {
  return groups.every(({ endpoints }) => endpoints.every(({ health }) => health !== "healthy"));
}

function* valuesOf<Value>(collection: Collection<Value>): Generator<Value> {
  for (const [, value] of collection.entries()) yield value;
}
