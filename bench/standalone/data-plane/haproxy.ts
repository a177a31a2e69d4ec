import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { start } from "../../harness/program.ts";
import { type Contender, folderOf, freePorts, type Ports, portOf } from "./contender.ts";
import { allRoutes, type Scenario } from "./scenario.ts";

const execute = promisify(execFile);

/** Debian's HAProxy with one thread: which backend a host or path has is in a map, which it indexes. */
export const haproxy: Contender = {
  name: "HAProxy",
  id: "haproxy",
  version: async () => /version (\S+)/.exec((await execute("haproxy", ["-v"])).stdout)?.[1] ?? "",
  start: async (scenario) => {
    const free = await freePorts();
    const ports = { ...free, http2: free.http };
    const folder = await folderOf(scenario, "haproxy");
    const { certificate, key } = scenario.certificate;
    await writeFile(
      join(folder, "certificate.pem"),
      (await readFile(certificate, "utf8")) + (await readFile(key, "utf8")),
    );
    for (const backend of ["http", "grpc"]) {
      const entries = allRoutes(scenario).map(({ hostname, path }) =>
        scenario.layout === "hosts" ? `${hostname} ${backend}` : `${path}/ ${backend}`,
      );
      await writeFile(join(folder, `${backend}.map`), `${entries.join("\n")}\n`);
    }
    const file = join(folder, "haproxy.cfg");
    await writeFile(file, configuration(scenario, ports, folder));
    const program = start("haproxy", ["-db", "-f", file]);
    return {
      pids: () => Promise.resolve([program.pid]),
      port: (protocol) => portOf(ports, protocol),
      alive: program.alive,
      stop: program.stop,
    };
  },
};

function configuration({ layout, backend }: Scenario, ports: Ports, folder: string): string {
  const choose = (to: string): string =>
    layout === "hosts"
      ? `req.hdr(host),host_only,lower,map_str(${join(folder, `${to}.map`)},unknown)`
      : `path,concat(/),map_beg(${join(folder, `${to}.map`)},unknown)`;
  return `global
  nbthread 1
  maxconn 4096

defaults
  mode http
  timeout connect 5s
  timeout client 900s
  timeout server 900s
  option forwardfor

frontend http
  bind 127.0.0.1:${ports.http}
  bind 127.0.0.1:${ports.https} ssl crt ${join(folder, "certificate.pem")} alpn h2,http/1.1
  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
  use_backend %[${choose("http")}]

frontend grpc
  bind 127.0.0.1:${ports.grpc} proto h2
  http-request set-header X-Forwarded-Proto http
  use_backend %[${choose("grpc")}]

backend http
  http-reuse always
  server one 127.0.0.1:${backend.http}

backend grpc
  http-reuse always
  server one 127.0.0.1:${backend.grpc} proto h2

backend unknown
  http-request return status 404
`;
}
