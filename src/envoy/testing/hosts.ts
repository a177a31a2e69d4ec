import { after, before } from "node:test";
import type { Cluster, EndpointSet } from "../../ir/cluster.ts";
import type { Rule } from "../../ir/rule.ts";
import type { Options } from "../options.ts";
import { startBackend, type TestBackend } from "./backend.ts";
import { backend, httpListener, table } from "./ir.ts";
import { startProxy, type TestProxy } from "./proxy.ts";
import { type Answer, type Ask, ask } from "./request.ts";

/** A test file's one proxy: each set of rules gets a host of its own in it. */
export interface Hosts {
  /** Call it while tests are being declared. Asks the host, or one below it where it is a wildcard. */
  serve(hostname: string, rules: readonly Rule[]): (options?: Ask) => Promise<Answer>;
  /** The backend behind the cluster of that name: "one" and "two" speak HTTP/1.1, "h2" HTTP/2. */
  backend(name: string): TestBackend;
  /** The clusters that are named here exist besides those. */
  add(backends: (port: (name: string) => number) => readonly (readonly [Cluster, EndpointSet])[]): void;
  proxy(): TestProxy;
}

/** Starts three backends and the proxy before the tests of a file, and ends them after. */
export function testHosts(options: Partial<Options> = {}): Hosts {
  const hosts = new Map<string, readonly Rule[]>();
  const backends: TestBackend[] = [];
  const more: ((port: (name: string) => number) => readonly (readonly [Cluster, EndpointSet])[])[] = [];
  let started: TestProxy | undefined;

  function named(name: string): TestBackend {
    const found = backends.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no backend ${name}`);
    return found;
  }

  function proxy(): TestProxy {
    if (started === undefined) throw new Error("the proxy has not started");
    return started;
  }

  before(async () => {
    for (const name of ["one", "two"]) backends.push(await startBackend(name));
    backends.push(await startBackend("h2", "HTTP/2"));
    started = await startProxy(
      {
        backends: [
          backend("one", [named("one").port]),
          backend("two", [named("two").port]),
          backend("h2", [named("h2").port], { protocol: "HTTP/2" }),
          ...more.flatMap((add) => add((name) => named(name).port)),
        ],
        listeners: [httpListener()],
        tables: [...(hosts.has("*") ? [] : [table("*", [])]), ...[...hosts].map(([name, rules]) => table(name, rules))],
      },
      options,
    );
  });

  after(async () => {
    await started?.stop();
    await Promise.all(backends.map((one) => one.stop()));
  });

  return {
    serve(hostname, rules) {
      hosts.set(hostname, rules);
      const host = hostname.replace("*", "any");
      return (asked = {}) => ask(proxy().port("http-80"), { host, ...asked });
    },
    backend: named,
    add: (added) => void more.push(added),
    proxy,
  };
}
