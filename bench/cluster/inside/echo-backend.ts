/**
 * A backend in a pod, on ports 8080 and 8081. Each answer says who gave it and which configuration the request was sent with.
 *
 *     BACKEND=alpha node echo-backend.ts
 *
 * `GET /healthz` is for health checks; `GET /checks` tells how many there were.
 */
import { createServer } from "node:http";

const { BACKEND = "", HOSTNAME: pod = "" } = process.env;
let checks = 0;

for (const port of [8080, 8081]) {
  const server = createServer((request, response) => {
    if (request.url === "/healthz") checks += 1;
    const body = request.url === "/checks" ? `${checks}` : "ok\n";
    response.writeHead(200, {
      "content-length": body.length,
      "x-backend": `${BACKEND}:${port}`,
      "x-pod": pod,
      "x-seen": request.headers["x-config"] ?? "none",
    });
    response.end(body);
  });
  // One that closes idle connections loses requests that come at that moment, whoever sends them.
  server.keepAliveTimeout = 0;
  server.listen(port);
}
process.once("SIGTERM", () => process.exit());
