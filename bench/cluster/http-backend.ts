import type { ApiObject } from "../../src/kubernetes/api-object.ts";
import { gateway, service } from "../harness/objects.ts";

const program = [
  "import http.server",
  "class Page(http.server.BaseHTTPRequestHandler):",
  "  protocol_version = 'HTTP/1.1'",
  // Else the body waits for the headers' acknowledgement: 40 ms that are nobody's.
  "  disable_nagle_algorithm = True",
  "  def do_GET(self):",
  "    self.send_response(200)",
  "    self.send_header('content-length', '3')",
  "    self.end_headers()",
  "    self.wfile.write(b'ok\\n')",
  "  def log_message(self, *_): pass",
  "http.server.ThreadingHTTPServer.request_queue_size = 1024",
  "http.server.ThreadingHTTPServer(('', 8080), Page).serve_forever()",
].join("\n");

/** A Service in the Gateway's namespace, and a pod that answers each GET with 200; for those who ask now and then. */
export function httpBackend(name: string): readonly ApiObject[] {
  const metadata = { namespace: gateway.namespace, name };
  const labels = { app: name };
  const container = { name, image: "gatewright.dev/tools:test", command: ["python3", "-c", program] };
  const ready = { readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } };
  const pod = { terminationGracePeriodSeconds: 1, containers: [{ ...container, ...ready }] };
  return [
    service(metadata),
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
    },
  ];
}
