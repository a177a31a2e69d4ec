/** How requests come, and what is spoken to the backend: HTTP/1.1, but of gRPC HTTP/2. */
export const protocols = ["HTTP/1.1", "HTTP/2", "gRPC", "HTTP/1.1 TLS", "HTTP/2 TLS"] as const;
export type Protocol = (typeof protocols)[number];

/**
 * How routes are told apart: `hosts` gives each a hostname and any path; with `paths`, all are on one host, each with a path prefix.
 */
export type Layout = "hosts" | "paths";

/** What every contender is set up to do: send the requests of each route to one and the same backend, and answer others with 404. */
export interface Scenario {
  readonly routes: number;
  readonly layout: Layout;
  /** Where the backend is, for HTTP/1.1 and for gRPC (HTTP/2 without TLS). */
  readonly backend: { readonly http: number; readonly grpc: number };
  /** Files with a certificate in PEM, and its key. */
  readonly certificate: { readonly certificate: string; readonly key: string };
  /** An empty folder of its own for each contender's files. */
  readonly folder: string;
}

/** What of the scenario one route serves. */
export interface RouteOf {
  readonly hostname: string;
  /** `/`, or a prefix of whole path elements. */
  readonly path: string;
}

// As long as each other, and in alphabetical order: whoever sorts routes sorts them as they are.
const padded = (index: number): string => String(index).padStart(5, "0");

/** The host on which all routes of the layout `paths` are. */
export const oneHost = "bench.example.com";

/** Where a route is, from 0. */
export function routeAt({ layout }: Pick<Scenario, "layout">, index: number): RouteOf {
  return layout === "hosts"
    ? { hostname: `host-${padded(index)}.example.com`, path: "/" }
    : { hostname: oneHost, path: `/path-${padded(index)}` };
}

export function allRoutes(scenario: Pick<Scenario, "layout" | "routes">): readonly RouteOf[] {
  return Array.from({ length: scenario.routes }, (_, index) => routeAt(scenario, index));
}

/** Routes over the whole of them, evenly: the first is the first and the last is the last. */
export function someRoutes(scenario: Pick<Scenario, "layout" | "routes">, count: number): readonly RouteOf[] {
  return Array.from({ length: count }, (_, index) =>
    routeAt(scenario, Math.round((index * (scenario.routes - 1)) / Math.max(1, count - 1))),
  );
}
