import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../harness/gatewright-process.ts";
import { type Program, start } from "../../harness/program.ts";
import { nginxHttp, nginxMain } from "./nginx.ts";

/** Message of gRPC with nothing in it: not compressed, of length 0. */
export const emptyMessage = Buffer.alloc(5);

export interface Backend extends Program {
  readonly http: number;
  readonly grpc: number;
}

/**
 * nginx, which answers by itself: "ok", or an empty message of gRPC. It costs a fraction of any proxy, and is the same for all.
 *
 * It reads the message of a call (`mirror` does that, and nothing else here) before it answers: `return` by itself resets a stream whose message comes
 * after the answer, and nginx as a proxy takes that reset for one of the connection's next call, which fails with 502.
 */
export async function startBackend(folder: string): Promise<Backend> {
  const [http, grpc] = [await freePort(), await freePort()];
  const file = join(folder, "backend.conf");
  await writeFile(
    file,
    `${nginxMain(folder)}
http {
  ${nginxHttp(folder)}
  server {
    listen 127.0.0.1:${http};
    location / { default_type text/plain; return 200 "ok"; }
  }
  server {
    listen 127.0.0.1:${grpc} http2;
    location / { mirror /read; rewrite ^ /none break; log_not_found off; error_page 404 =200 @answer; }
    location = /read { internal; return 204; }
    location @answer { default_type application/grpc; add_trailer grpc-status 0; return 200 "${emptyMessage.toString()}"; }
  }
}
`,
  );
  return { ...start("nginx", ["-e", "stderr", "-c", file]), http, grpc };
}
