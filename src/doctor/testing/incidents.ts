import type { Facts } from "../facts.ts";
import {
  denyAll,
  failing,
  gateway,
  minutes,
  programmed,
  proxies,
  service,
  unready,
  unscheduled,
  waiting,
  webhook,
} from "./incident-parts.ts";
import {
  controllerWith,
  definition,
  factsOf,
  healthyWorld,
  lease,
  now,
  object,
  parametersDefinition,
  pod,
  proxyDeployment,
  proxyPod,
  schemaOfParameters,
  withObjects,
  without,
} from "./world.ts";

/** What is made of a world, and what doctor has to say of it: nothing else. */
export interface Incident {
  readonly name: string;
  readonly facts: Facts;
  /** `severity code Kind namespace/name`, in their order. */
  readonly finds: readonly string[];
  readonly says: RegExp;
}

export const incidents: readonly Incident[] = [
  {
    name: "definitions that are missing",
    facts: factsOf(without("CustomResourceDefinition httproutes.gateway.networking.k8s.io")),
    finds: ["error missing-definition CustomResourceDefinition httproutes.gateway.networking.k8s.io"],
    says: /does not have httproutes/,
  },
  {
    name: "definitions of two channels",
    facts: factsOf(withObjects(definition("tcproutes", "v1.7.0", "experimental"))),
    finds: ["warning mixed-definitions CustomResourceDefinition tcproutes.gateway.networking.k8s.io"],
    says: /several channels \(experimental: tcproutes; standard: /,
  },
  {
    name: "a definition of a release to come",
    facts: factsOf(withObjects(definition("tcproutes", "v1.9.0"))),
    finds: [
      "error mixed-definitions CustomResourceDefinition tcproutes.gateway.networking.k8s.io",
      "warning unsupported-definitions CustomResourceDefinition tcproutes.gateway.networking.k8s.io",
    ],
    says: /tcproutes \(v1\.9\.0\)/,
  },
  {
    name: "a definition that keeps an old version",
    facts: factsOf(
      withObjects(definition("tcproutes", "v1.7.0", "standard", { status: { storedVersions: ["v1alpha2", "v1"] } })),
    ),
    finds: ["warning stored-version CustomResourceDefinition tcproutes.gateway.networking.k8s.io"],
    says: /stored as v1alpha2, which is not served any more/,
  },
  {
    name: "a definition of GatewayParameters that is older than we are",
    facts: factsOf(withObjects(parametersDefinition(olderParameters()))),
    finds: ["error outdated-definition CustomResourceDefinition gatewayparameters.gatewright.dev"],
    says: /lacks spec\.workload: /,
  },
  {
    name: "no controller",
    facts: factsOf(without("Deployment gatewright-system/gatewright", "Lease gatewright-system/gatewright")),
    finds: ["error controller-not-found GatewayClass gatewright"],
    says: /waiting: 1 Gateway/,
  },
  {
    name: "a controller of which nobody leads",
    facts: factsOf(withObjects(lease("gatewright-system/gatewright", "gatewright-1", minutes(-5)))),
    finds: ["error controller-not-running Lease gatewright-system/gatewright"],
    says: /last renewed 300 s ago/,
  },
  {
    name: "a second controller outside of the cluster",
    facts: factsOf(withObjects(lease("default/gatewright", "laptop", now))),
    finds: ["error two-controllers Lease gatewright-system/gatewright"],
    says: /2 controllers answer to/,
  },
  {
    name: "a right that is missing",
    facts: factsOf(healthyWorld, {
      permissions: [
        {
          namespace: "gatewright-system",
          serviceAccount: "gatewright",
          right: { group: "", resource: "secrets", verb: "update", scope: "own" },
          allowed: false,
        },
      ],
    }),
    finds: ["error missing-permission ServiceAccount gatewright-system/gatewright"],
    says: /update secrets in its own namespace/,
  },
  {
    name: "a webhook whose Service has no endpoints",
    facts: factsOf(withObjects(webhook("Fail", "edge-gatewright"))),
    finds: ["error webhook-in-the-way MutatingWebhookConfiguration injector"],
    says: /pods, and its Service shop\/edge-gatewright has no ready endpoints/,
  },
  {
    name: "a write that a webhook refuses",
    facts: factsOf(healthyWorld, {
      trials: [
        { what: { group: "", kind: "Gateway", namespace: "shop", name: "edge" } },
        {
          what: { group: "", kind: "Gateway", namespace: "shop", name: "edge" },
          subresource: "status",
          refusal: 'PATCH /x: admission webhook "a.example.com" denied the request: no',
        },
      ],
    }),
    finds: ["error write-refused Gateway shop/edge"],
    says: /the status of Gateway shop\/edge.*webhook "a\.example\.com" denied/,
  },
  {
    name: "a class of somebody who is not there",
    facts: factsOf(
      withObjects(
        object("gateway.networking.k8s.io/v1", "GatewayClass", "other", { spec: { controllerName: "example.com/c" } }),
        { ...gateway, spec: { gatewayClassName: "other" } },
      ),
    ),
    finds: ["error class-without-controller GatewayClass other"],
    says: /answers to example\.com\/c/,
  },
  {
    name: "a status that is behind",
    facts: factsOf(
      withObjects({ ...programmed("True", "Programmed", ""), metadata: { ...gateway.metadata, generation: 2 } }),
    ),
    finds: ["error status-not-written Gateway shop/edge"],
    says: /generation 1, and it is at 2/,
  },
  {
    name: "no load balancer at all",
    facts: factsOf(
      withObjects(programmed("False", "AddressNotAssigned", "no address yet"), service({ loadBalancer: {} })),
    ),
    finds: ["error no-address Gateway shop/edge"],
    says: /nothing here gives addresses to load balancers/,
  },
  {
    name: "a Gateway that is refused for a reason of its own",
    facts: factsOf(withObjects(programmed("False", "Invalid", "Something belongs to nobody of ours."))),
    finds: ["error not-programmed Gateway shop/edge"],
    says: /belongs to nobody of ours/,
  },
  {
    name: "an address that is not the Service's",
    facts: factsOf(withObjects(service({ loadBalancer: { ingress: [{ ip: "192.0.2.9" }] } }))),
    finds: ["error address-mismatch Gateway shop/edge"],
    says: /says 192\.0\.2\.1, which is not an address of Service shop\/edge-gatewright/,
  },
  {
    name: "a host port that is taken",
    facts: factsOf(
      withObjects(
        proxyPod(
          unscheduled("0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."),
          {
            containers: [{ name: "envoy", ports: [{ containerPort: 80, hostPort: 80 }] }],
          },
        ),
        pod(
          "shop/edge-gatewright-0",
          { app: "old" },
          {
            spec: { nodeName: "node-1", containers: [{ name: "envoy", ports: [{ containerPort: 80, hostPort: 80 }] }] },
          },
        ),
      ),
    ),
    finds: [`error host-port-taken ${proxies}`],
    says: /host port 80 free.*Held by shop\/edge-gatewright-0/,
  },
  {
    name: "a pod that no node takes",
    facts: factsOf(
      withObjects(proxyPod(unscheduled("0/1 nodes are available: 1 Insufficient cpu.")), proxyDeployment(unready)),
    ),
    finds: [`error pod-not-scheduled ${proxies}`],
    says: /Insufficient cpu/,
  },
  {
    name: "an image that can't be pulled",
    facts: factsOf(withObjects(proxyPod(waiting("ErrImagePull", "not found")), proxyDeployment(unready))),
    finds: [`error image-not-pulled ${proxies}`],
    says: /registry\/envoy:9 can't be pulled/,
  },
  {
    name: "a container without memory",
    facts: factsOf(
      withObjects(
        proxyPod({
          ...waiting("CrashLoopBackOff", ""),
          containerStatuses: [
            {
              name: "envoy",
              restartCount: 3,
              state: { waiting: { reason: "CrashLoopBackOff" } },
              lastState: { terminated: { reason: "OOMKilled", exitCode: 137 } },
            },
          ],
        }),
        proxyDeployment(unready),
      ),
    ),
    finds: [`error pod-crashes ${proxies}`],
    says: /OOMKilled/,
  },
  {
    name: "a pod that is not ready, with what kubelet says",
    facts: factsOf(
      withObjects(
        proxyPod({
          phase: "Running",
          conditions: [{ type: "Ready", status: "False" }],
          containerStatuses: [{ name: "envoy", state: { running: {} } }],
        }),
        proxyDeployment(unready),
        object("v1", "Event", "shop/event", {
          involvedObject: { kind: "Pod", name: "edge-gatewright-1" },
          reason: "Unhealthy",
          message: "Readiness probe failed: 503",
        }),
      ),
    ),
    finds: [`error pod-not-ready ${proxies}`],
    says: /Readiness probe failed: 503/,
  },
  {
    name: "a quota",
    facts: factsOf(withObjects(failing('pods "x" is forbidden: exceeded quota: small, requested: pods=1'))),
    finds: ["error quota-exceeded Deployment shop/edge-gatewright"],
    says: /exceeded quota: small/,
  },
  {
    name: "pod security",
    facts: factsOf(withObjects(failing('pods "x" is forbidden: violates PodSecurity "restricted:latest"'))),
    finds: ["error pods-refused Deployment shop/edge-gatewright"],
    says: /violates PodSecurity/,
  },
  {
    name: "a proxy that is not connected",
    facts: factsOf(healthyWorld, {
      proxies: [{ namespace: "shop", pod: "edge-gatewright-1", metrics: "envoy_control_plane_connected_state{} 0\n" }],
    }),
    finds: [`error proxy-not-connected ${proxies}`],
    says: /not connected to the controller \(edge-gatewright-1\)/,
  },
  {
    name: "a proxy of a namespace that is not served any more",
    facts: factsOf(withObjects(controllerWith("--watch-namespace=blog"), denyAll("gatewright-system", "Ingress")), {
      proxies: [{ namespace: "shop", pod: "edge-gatewright-1", metrics: "envoy_control_plane_connected_state{} 0\n" }],
    }),
    finds: [`error proxy-not-connected ${proxies}`],
    says: /The controller serves the namespaces blog alone/,
  },
  {
    name: "a leader that can't write, and a proxy that hangs",
    facts: factsOf(healthyWorld, {
      controllers: [
        {
          namespace: "gatewright-system",
          pod: "gatewright-1",
          metrics: [
            "gatewright_leader 1",
            'gatewright_queue_oldest_seconds{queue="status"} 75.5',
            'gatewright_queue_oldest_seconds{queue="infrastructure"} 0',
            "gatewright_proxies_behind_seconds 40",
          ].join("\n"),
        },
        // It would have to write that, too, if it led.
        {
          namespace: "gatewright-system",
          pod: "gatewright-2",
          metrics: 'gatewright_leader 0\ngatewright_queue_oldest_seconds{queue="status"} 75.5',
        },
      ],
    }),
    finds: [
      "error writes-waiting Pod gatewright-system/gatewright-1",
      "error proxy-behind Pod gatewright-system/gatewright-1",
    ],
    says: /in vain to write: status for 76 s\.\n.*for 40 s/,
  },
  {
    name: "a rule that Envoy refused",
    facts: factsOf(
      withObjects(
        object("gateway.networking.k8s.io/v1", "HTTPRoute", "shop/cart", {
          status: {
            parents: [{ conditions: [{ type: "Accepted", message: "spec.rules[0]: Envoy refuses it (bad\n)" }] }],
          },
        }),
      ),
    ),
    finds: ["error configuration-refused HTTPRoute shop/cart"],
    says: /spec\.rules\[0\]: Envoy refuses it/,
  },
  {
    name: "a NetworkPolicy that lets nothing out of the proxies",
    facts: factsOf(withObjects(denyAll("shop", "Egress"))),
    finds: ["warning network-policy-in-the-way NetworkPolicy shop/deny"],
    says: /no egress rule/,
  },
  {
    name: "a NetworkPolicy that lets nobody into the controller, and proxies that are not ready",
    facts: factsOf(
      withObjects(
        denyAll("gatewright-system", "Ingress", {
          ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 18_000 }] }],
        }),
        proxyDeployment(unready),
      ),
    ),
    finds: ["error network-policy-in-the-way NetworkPolicy gatewright-system/deny"],
    says: /no ingress rule there/,
  },
  {
    name: "an authority that can't be read",
    facts: factsOf(
      withObjects(
        object("v1", "Secret", "gatewright-system/gatewright-authority", {
          type: "gatewright.dev/authority",
          data: {},
        }),
      ),
    ),
    finds: ["error expired-certificate Secret gatewright-system/gatewright-authority"],
    says: /is no certificate/,
  },
  {
    name: "this machine's clock",
    facts: factsOf(
      healthyWorld.map((each) => (each.kind === "Lease" ? renewedAt(each, minutes(5)) : each)),
      {
        serverClock: { aheadMs: 300_000, accuracyMs: 600 },
      },
    ),
    finds: ["warning clock-skew Node this machine"],
    says: /5 min behind the API server's/,
  },
  {
    name: "a node that is ahead, and one that is behind",
    facts: factsOf(
      withObjects(
        lease("kube-node-lease/node-1", "node-1", minutes(-10)),
        lease("kube-node-lease/node-2", "node-2", minutes(2)),
      ),
    ),
    finds: ["error clock-skew Node node-1", "error clock-skew Lease kube-node-lease/node-2"],
    says: /Node node-1 is Ready, and renewed its Lease 10 min ago/,
  },
  {
    name: "a Service that selects no pod",
    facts: factsOf([...without("Pod shop/web-1", "EndpointSlice shop/web-1"), pod("shop/web-1", { app: "wbe" })]),
    finds: ["error no-endpoints Service shop/web"],
    says: /selects \(app=web\)\. There are pods with app=wbe/,
  },
];

function olderParameters(): object {
  const { workload: _, ...properties } = schemaOfParameters().properties ?? {};
  return { properties };
}

function renewedAt(each: ReturnType<typeof lease>, at: Date): ReturnType<typeof lease> {
  return { ...lease(`${each.metadata.namespace}/${each.metadata.name}`, "x", at) };
}
