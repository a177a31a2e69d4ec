import type { ApiObject } from "../../src/kubernetes/api-object.ts";
import { gateway } from "../harness/objects.ts";

const image = "gatewright.dev/gatewright:test";
const checkout = "/opt/gatewright";

/**
 * A pod of `inside/echo-backend.ts` in the Gateway's namespace, labelled `app` and `name`. It has no readiness probe: who asks kubelet to look
 * would have Kubernetes take it out of its Services.
 */
export function echoPod(name: string, app: string): ApiObject {
  const command = [`${checkout}/node_modules/.bin/node`, `${checkout}/bench/cluster/inside/echo-backend.ts`];
  const container = { name: "echo", image, command, env: [{ name: "BACKEND", value: app }] };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace: gateway.namespace, name, labels: { app, name } },
    spec: { terminationGracePeriodSeconds: 1, containers: [container] },
  };
}

/** A Service for pods labelled `app`: port 80 is their 8080, and port 8080 their 8081. */
export function echoService(name: string, app: string): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: gateway.namespace, name },
    spec: {
      selector: { app },
      ports: [
        { name: "http", port: 80, targetPort: 8080 },
        { name: "alternative", port: 8080, targetPort: 8081 },
      ],
    },
  };
}
