import { equal } from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { closeBackends, startBackends } from "../../examples/backends/start.ts";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { tlsSecret } from "../../examples/seeds/make-certificates.ts";
import { connectTo, curl } from "./harness/curl.ts";
import { startExample, temporaryFolder } from "./harness/example.ts";
import { startGateway } from "./harness/gateway.ts";
import { ownLoopback } from "./harness/ports.ts";
import { needs, run } from "./harness/programs.ts";
import {
  gateway as edgeGateway,
  endpointSlice,
  gatewayClass,
  httpRoute,
  type Resource,
  resourceFolder,
  service,
} from "./harness/resources.ts";
import { assertGateway, assertRoute } from "./harness/status.ts";

test("HTTP → HTTPS redirect", async (t) => {
  if (!needs(t, "curl")) return;
  const { gateway, caFile } = await startExample(t, "seeds/https-redirect");

  // With a port offset, a redirect to a listener of ours names the port where that is now; without one, none.
  const https = `https://app.example.com:${gateway.port(443)}`;

  await t.test("301 to the same URL with https", async () => {
    const response = await curl("http://app.example.com/a/b?c=d", gateway.port(80));
    equal(response.status, 301);
    equal(response.headers["location"], `${https}/a/b?c=d`);
  });

  await t.test("curl --location arrives", async () => {
    const settings = ["--silent", "--show-error", "--location", "--noproxy", "*", "--cacert", caFile];
    const { stdout, stderr } = await run("curl", [
      ...settings,
      ...connectTo("http://app.example.com/", gateway.port(80)),
      ...connectTo(https, gateway.port(443)),
      "http://app.example.com/a?b",
    ]);
    equal(JSON.parse(stdout || JSON.stringify(stderr)).service, "app");
  });

  await t.test("status", async () => {
    await assertGateway(gateway, "kong", "default", { http: 1, https: 1 });
    await assertRoute(gateway, "httproute", "https-redirect", "default");
    await assertRoute(gateway, "httproute", "app", "default");
  });
});

/** On addresses of its own nobody needs an offset, and a redirect says what the specification says, to the letter. */
test("redirects without --port-offset", async (t) => {
  if (!needs(t, "curl")) return;
  const loopback = ownLoopback();
  const address = `${loopback}.1`;
  const running = await startBackends([{ service: "app", protocol: "http", host: address, port: 7041 }]);
  t.after(() => closeBackends(running));
  const path = await temporaryFolder(t);
  const folder = await resourceFolder(path);
  const authority = await createAuthority();
  const caFile = join(path, "ca.pem");
  await writeFile(caFile, authority.certificate);
  await folder.writeText("certificate.yaml", tlsSecret("default", "app", await authority.issue(["app.example.com"])));
  const https = { protocol: "HTTPS", tls: { certificateRefs: [{ name: "app" }] } };
  const edge = edgeGateway("edge", [
    { name: "http", port: 8080, protocol: "HTTP" },
    { name: "https", port: 8443, ...https },
    { name: "other", port: 9090, protocol: "HTTP" },
  ]);
  await folder.write("gateway.yaml", gatewayClass(), {
    ...edge,
    spec: { ...Object(edge["spec"]), addresses: [{ type: "IPAddress", value: address }] },
  });
  const redirect = (name: string, hostnames: readonly string[], sectionName: string, requestRedirect: Resource) => {
    const spec = {
      parentRefs: [{ name: "edge", sectionName }],
      hostnames,
      rules: [{ filters: [{ type: "RequestRedirect", requestRedirect }] }],
    };
    return { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", metadata: { name }, spec };
  };
  await folder.write("service.yaml", service("app"), endpointSlice("app", 7041, [{ address }]));
  await folder.write(
    "routes.yaml",
    redirect("to-https", ["app.example.com"], "http", { scheme: "https", statusCode: 301 }),
    redirect("to-port", ["port.example.com"], "http", { scheme: "https", port: 8443, statusCode: 308 }),
    redirect("same-port", ["*.example.com"], "other", { path: { type: "ReplaceFullPath", replaceFullPath: "/new" } }),
    redirect("to-http", ["back.example.com"], "https", { scheme: "http", port: 80 }),
    redirect("to-host", ["host.example.com"], "http", { hostname: "elsewhere.example.org" }),
    httpRoute("app", "app.example.com", [{ name: "app" }], [], "https"),
  );
  await startGateway(t, [path], []);
  const at = (url: string, port: number) => {
    const { hostname, port: written, protocol } = new URL(url);
    return ["--connect-to", `${hostname}:${written || (protocol === "https:" ? 443 : 80)}:${address}:${port}`];
  };

  for (const [url, port, status, location] of [
    // A scheme without a port: the scheme's well-known one, which a Location leaves out.
    ["http://app.example.com:8080/a?b=c", 8080, 301, "https://app.example.com/a?b=c"],
    ["http://app.example.com/a", 8080, 301, "https://app.example.com/a"],
    ["http://port.example.com:8080/a", 8080, 308, "https://port.example.com:8443/a"],
    // Neither: the listener's port, with another host, too.
    ["http://x.example.com:9090/old", 9090, 302, "http://x.example.com:9090/new"],
    ["http://x.example.com/old", 9090, 302, "http://x.example.com:9090/new"],
    ["http://host.example.com:8080/a", 8080, 302, "http://elsewhere.example.org:8080/a"],
    ["https://back.example.com:8443/a", 8443, 302, "http://back.example.com/a"],
  ] as const) {
    await t.test(`${url} on ${port} → ${status} ${location}`, async () => {
      const settings = ["--silent", "--insecure", "--noproxy", "*", "--output", "/dev/null"];
      const format = ["--write-out", "%{http_code} %header{location}"];
      const { stdout } = await run("curl", [...settings, ...format, ...at(url, port), url]);
      equal(stdout, `${status} ${location}`);
    });
  }

  await t.test("curl --location arrives", async () => {
    const settings = ["--silent", "--show-error", "--location", "--noproxy", "*", "--cacert", caFile];
    const [from, to] = [at("http://app.example.com/", 8080), at("https://app.example.com/", 8443)];
    const { stdout, stderr } = await run("curl", [...settings, ...from, ...to, "http://app.example.com/a?b"]);
    equal(JSON.parse(stdout || JSON.stringify(stderr)).service, "app");
  });
});

test("host redirect", async (t) => {
  if (!needs(t, "curl")) return;
  const { gateway } = await startExample(t, "seeds/host-redirect");

  for (const [url, status, location] of [
    ["http://imprun.dev/", 301, "https://portal.imprun.dev/"],
    ["http://imprun.dev/pricing?plan=pro", 301, "https://portal.imprun.dev/pricing?plan=pro"],
    ["http://moved.imprun.dev/docs", 302, "http://portal.imprun.dev:8443/guides"],
    ["http://moved.imprun.dev/docs/start?x=1", 302, "http://portal.imprun.dev:8443/guides/start?x=1"],
    ["http://moved.imprun.dev/anything/else", 302, "http://imprun.dev/"],
  ] as const) {
    await t.test(`${url} → ${status} ${location}`, async () => {
      const response = await curl(url, gateway.port(80));
      equal(response.status, status);
      equal(response.headers["location"], location);
    });
  }

  await t.test("status", async () => {
    await assertGateway(gateway, "kong", "kong-system", { http: 2 });
    await assertRoute(gateway, "httproute", "imprun-root-redirect", "imprun-system");
    await assertRoute(gateway, "httproute", "moved", "imprun-system");
  });
});
