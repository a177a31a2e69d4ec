import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterAccess } from "./access.ts";
import { RereadFile } from "./reread-file.ts";

const mounted = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * The service account of the pod that this runs in; undefined outside of pods. Its token is read again as the kubelet
 * replaces it.
 */
export function inCluster(environment = process.env, directory = mounted): ClusterAccess | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = environment;
  if (host === undefined || host === "" || !existsSync(join(directory, "token"))) return undefined;
  const token = new RereadFile(join(directory, "token"));
  const ca = new RereadFile(join(directory, "ca.crt"));
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    namespace: readFileSync(join(directory, "namespace"), "utf8").trim(),
    origin: `service account of this pod (${directory})`,
    insecure: false,
    credential: async () => ({ headers: { authorization: `Bearer ${token.text().trim()}` }, ca: ca.text() }),
    refused: () => {
      token.forget();
      ca.forget();
    },
  };
}
