/**
 * Writes docs/backend-traffic-policy.md: every field of BackendTrafficPolicy, as the custom resource definition describes it.
 *
 *     node scripts/backend-traffic-policy-reference.ts
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fieldSections } from "./definition-reference.ts";

const root = join(import.meta.dirname, "..");

/** The file that {@link backendTrafficPolicyReference} is kept in. */
export const backendTrafficPolicyFile = join(root, "docs/backend-traffic-policy.md");

const head = `# BackendTrafficPolicy

Which endpoints of a Service or XBackend get requests: those that answer. It is Gatewright's own (\`gatewright.dev/v1alpha1\`), and
its namespace is that of its targets.

\`\`\`yaml
apiVersion: gatewright.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: cart }
spec:
  targetRefs: [{ group: "", kind: Service, name: cart }]
  outlierDetection: { consecutive5xxErrors: 5, baseEjectionTime: 10s }
  healthCheck: { http: { path: /healthz }, interval: 1s }
\`\`\`

- It is kept where the Service's Envoy cluster is, which all routes and rules of a proxy share: what fails on one path is known on all,
  and 256 rules ask a pod no more often than one does. A Service that is spoken to in two ways (HTTPRoutes and GRPCRoutes, or
  with several certificates of Gateways) is two clusters, and is asked for each. A change touches no route and no listener.
- **outlierDetection** costs nothing and learns from failed requests, which clients see unless their route says \`retry\`.
  **healthCheck** learns without them, and asks. Both together: an endpoint gets requests if neither objects. Readiness probes hold
  for all of the cluster; these see what the proxy sees.
- Each proxy, not each of its threads, counts and asks for itself.
- If no endpoint is left, requests go to all that are ready, as if there were no policy.
- It holds for HTTPRoutes and GRPCRoutes, and for who is asked about requests (ExternalAuth, collectors of spans).
  Connections of TCPRoutes and TLSRoutes, and datagrams, are sent as without it; where a target has nothing else, status says so in NotEnforced.
- A check is a GET over HTTP. gRPC's own health service is not asked yet.
- Other outlier detection than of failures in a row (by the rate of success, for example) is off.

Envoy Gateway has a kind of the same name: where its definitions are in the cluster, too, it is \`kubectl get backendtrafficpolicies.gatewright.dev\`,
or \`gwbtp\`.

Status names each Gateway that sends to the targets, with Accepted: False with Conflicted where another policy holds the target, and with
TargetNotFound for a port that the Service does not have. \`gatewright explain\` tells which policy holds. Metrics:
\`envoy_cluster_outlier_detection_ejections_active\`, \`envoy_cluster_outlier_detection_ejections_enforced_total\`,
\`envoy_cluster_health_check_attempt\`, \`envoy_cluster_health_check_failure\`, \`envoy_cluster_membership_healthy\`.

Made from charts/gatewright/crds/backendtrafficpolicies.yaml by \`node scripts/backend-traffic-policy-reference.ts\`.
`;

/** The text of docs/backend-traffic-policy.md. */
export function backendTrafficPolicyReference(): string {
  return [head, ...fieldSections(join(root, "charts/gatewright/crds/backendtrafficpolicies.yaml"))].join("\n");
}

if (process.argv[1] === import.meta.filename) writeFileSync(backendTrafficPolicyFile, backendTrafficPolicyReference());
