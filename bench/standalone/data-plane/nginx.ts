import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { family } from "../../harness/processors.ts";
import { start } from "../../harness/program.ts";
import { type Contender, folderOf, freePorts, type Ports, portOf } from "./contender.ts";
import { allRoutes, type RouteOf, type Scenario } from "./scenario.ts";

const execute = promisify(execFile);

/**
 * Debian's nginx with one worker: a server to a host, or a location to a path. Its HTTP/2 without TLS needs a socket of its own
 * (`listen … http2` takes no HTTP/1.1), and of backends it speaks HTTP/2 to gRPC's alone.
 */
export const nginx: Contender = {
  name: "nginx",
  id: "nginx",
  version: async () => (await execute("nginx", ["-v"])).stderr.replace(/^.*\//s, "").trim(),
  start: async (scenario) => {
    const ports = await freePorts();
    const folder = await folderOf(scenario, "nginx");
    const file = join(folder, "nginx.conf");
    await writeFile(file, configuration(scenario, ports, folder));
    const program = start("nginx", ["-e", "stderr", "-c", file]);
    return {
      pids: async () => await family(program.pid),
      port: (protocol) => portOf(ports, protocol),
      alive: program.alive,
      stop: program.stop,
    };
  },
};

function configuration(scenario: Scenario, ports: Ports, folder: string): string {
  const { backend, certificate } = scenario;
  const plain = [`${ports.http}`, `${ports.http2} http2`, `${ports.https} ssl http2`];
  return `${nginxMain(folder)}
http {
  ${nginxHttp(folder)}
  server_names_hash_max_size 65536;
  server_names_hash_bucket_size 128;

  ssl_certificate ${certificate.certificate};
  ssl_certificate_key ${certificate.key};
  ssl_protocols TLSv1.2 TLSv1.3;

  upstream http { server 127.0.0.1:${backend.http}; keepalive 64; keepalive_requests 1000000000; }
  upstream grpc { server 127.0.0.1:${backend.grpc}; keepalive 64; keepalive_requests 1000000000; }

  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  grpc_set_header Host $host;
  grpc_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  grpc_set_header X-Forwarded-Proto $scheme;

  # Hosts that no route has.
  server { ${listens(plain, " default_server")} return 404; }
  server { ${listens([`${ports.grpc} http2`], " default_server")} return 404; }
${servers(allRoutes(scenario), scenario, plain, [`${ports.grpc} http2`])}
}
`;
}

function servers(
  routes: readonly RouteOf[],
  { layout }: Scenario,
  plain: readonly string[],
  grpc: readonly string[],
): string {
  if (layout === "paths") {
    const locations = routes.flatMap(({ path }) => [
      `    location = ${path} { proxy_pass http://http; }`,
      `    location ${path}/ { proxy_pass http://http; }`,
    ]);
    return `  server {
    ${listens(plain)} server_name ${routes[0]?.hostname};
    location / { return 404; }
${locations.join("\n")}
  }`;
  }
  return routes
    .flatMap(({ hostname }) => [
      `  server { ${listens(plain)} server_name ${hostname}; location / { proxy_pass http://http; } }`,
      `  server { ${listens(grpc)} server_name ${hostname}; location / { grpc_pass grpc://grpc; } }`,
    ])
    .join("\n");
}

function listens(addresses: readonly string[], more = ""): string {
  return addresses.map((address) => `listen 127.0.0.1:${address}${more};`).join(" ");
}

/** How nginx runs in the foreground, with one worker and nothing outside a folder. */
export function nginxMain(folder: string): string {
  return `daemon off;
pid ${join(folder, "nginx.pid")};
error_log stderr error;
worker_processes 1;
events { worker_connections 4096; }`;
}

/** What of `http` has nothing to do with what is served: no log, and connections that last. */
export function nginxHttp(folder: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `access_log off;
  tcp_nodelay on;
  keepalive_timeout 900s;
  keepalive_requests 1000000000;
  ${temporary.map((of) => `${of}_temp_path ${join(folder, of)};`).join(" ")}`;
}
