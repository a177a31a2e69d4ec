import { join } from "node:path";
import { containerdCommand, containerdSocket } from "./containerd.ts";
import { layout } from "./layout.ts";

/** All that a cluster runs, by the name of its log. */
export type ComponentName =
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kube-proxy"
  | "kubelet"
  | "runtime"
  | "loadbalancer"
  | "dns";

/** Users of the API server; each has a kubeconfig of its name in the cluster's folder. */
export const users = {
  admin: { user: "admin", groups: ["system:masters"] },
  "kube-controller-manager": { user: "system:kube-controller-manager" },
  "kube-proxy": { user: "system:kube-proxy" },
  "kube-scheduler": { user: "system:kube-scheduler" },
  dns: { user: "dns", groups: ["system:masters"] },
  // As a cloud's controller would be.
  loadbalancer: { user: "loadbalancer", groups: ["system:masters"] },
  kubelet: { user: `system:node:${layout.nodeName}`, groups: ["system:nodes"] },
} as const;

/** Where a cluster's files are. */
export interface Files {
  /** Kubeconfigs, certificates and logs. */
  readonly folder: string;
  readonly kube: string;
  readonly runtime: string;
  readonly loadBalancer: string;
  readonly dns: string;
  /** Debian's containerd, if that runs the containers. */
  readonly containerd?: { readonly debian: string; readonly controlGroup: string };
}

/**
 * The command line of a component, for the cluster's namespaces. What elects a leader ends when it can't renew its lease, and is started
 * again, as kubelet does with a control plane's static pods.
 */
export function commandOf(name: ComponentName, files: Files): readonly string[] {
  const command = ["setpriv", "--pdeathsig", "KILL", ...commands[name](files)];
  if (!electLeaders.includes(name)) return command;
  return ["setpriv", "--pdeathsig", "KILL", "/bin/sh", "-c", 'while :; do "$@"; sleep 1; done', name, ...command];
}

const electLeaders: readonly ComponentName[] = ["kube-controller-manager", "kube-scheduler"];

const runtimeSocket = "/run/runtime.sock";
const etcd = "http://127.0.0.1:2379";

const commands: Readonly<Record<ComponentName, (files: Files) => readonly string[]>> = {
  etcd: ({ kube }) => [
    kube,
    "etcd",
    "--data-dir=/var/lib/etcd/data",
    "--unsafe-no-fsync",
    "--log-level=warn",
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    "--listen-peer-urls=http://127.0.0.1:2380",
  ],
  "kube-apiserver": ({ kube, folder }) => [
    kube,
    "kube-apiserver",
    `--etcd-servers=${etcd}`,
    "--bind-address=0.0.0.0",
    `--advertise-address=${layout.nodeAddress}`,
    `--secure-port=${layout.apiPort}`,
    `--service-cluster-ip-range=${layout.serviceRange}`,
    "--authorization-mode=Node,RBAC",
    "--allow-privileged",
    `--client-ca-file=${join(folder, "pki/ca.crt")}`,
    `--tls-cert-file=${join(folder, "pki/kube-apiserver.crt")}`,
    `--tls-private-key-file=${join(folder, "pki/kube-apiserver.key")}`,
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${join(folder, "pki/service-accounts.pub")}`,
    `--service-account-signing-key-file=${join(folder, "pki/service-accounts.key")}`,
    `--kubelet-client-certificate=${join(folder, "pki/admin.crt")}`,
    `--kubelet-client-key=${join(folder, "pki/admin.key")}`,
    "--kubelet-preferred-address-types=InternalIP",
    "--feature-gates=ClusterTrustBundle=true,ClusterTrustBundleProjection=true",
    "--runtime-config=certificates.k8s.io/v1beta1/clustertrustbundles=true",
    `--audit-policy-file=${join(folder, "audit-policy.json")}`,
    `--audit-log-path=${join(folder, "log/audit.log")}`,
    "--profiling=false",
  ],
  "kube-controller-manager": ({ kube, folder }) => [
    kube,
    "kube-controller-manager",
    `--kubeconfig=${join(folder, "kube-controller-manager.kubeconfig")}`,
    "--bind-address=127.0.0.1",
    "--use-service-account-credentials",
    `--service-account-private-key-file=${join(folder, "pki/service-accounts.key")}`,
    `--root-ca-file=${join(folder, "pki/ca.crt")}`,
    "--kube-api-qps=200",
    "--kube-api-burst=400",
    "--profiling=false",
  ],
  "kube-proxy": ({ kube, folder }) => [kube, "kube-proxy", `--config=${join(folder, "kube-proxy.json")}`],
  "kube-scheduler": ({ kube, folder }) => [
    kube,
    "kube-scheduler",
    `--kubeconfig=${join(folder, "kube-scheduler.kubeconfig")}`,
    "--bind-address=127.0.0.1",
    "--kube-api-qps=200",
    "--kube-api-burst=400",
    "--profiling=false",
  ],
  runtime: ({ runtime, folder, containerd }) =>
    containerd === undefined
      ? [
          runtime,
          `--socket=${runtimeSocket}`,
          "--folder=/var/lib/runtime",
          `--images=${join(folder, "images.json")}`,
          `--node-address=${layout.nodeAddress}`,
          `--pod-range=${layout.podRange}`,
        ]
      : containerdCommand(containerd.debian, folder),
  loadbalancer: ({ loadBalancer, folder }) => [
    loadBalancer,
    `--kubeconfig=${join(folder, "loadbalancer.kubeconfig")}`,
    `--pool=${layout.loadBalancerRange}`,
  ],
  dns: ({ dns, folder }) => [dns, `-conf=${join(folder, "Corefile")}`],
  kubelet: ({ kube, folder }) => [
    kube,
    "kubelet",
    `--config=${join(folder, "kubelet.json")}`,
    `--kubeconfig=${join(folder, "kubelet.kubeconfig")}`,
    `--hostname-override=${layout.nodeName}`,
    `--node-ip=${layout.nodeAddress}`,
  ],
};

/** What the API server logs: each request of these users when it is answered, without what was in it, and nobody else's. */
export function auditPolicy(audited: readonly string[]): object {
  return {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived"],
    rules: [...(audited.length === 0 ? [] : [{ level: "Metadata", users: audited }]), { level: "None" }],
  };
}

/** kube-proxy's own configuration. Its packets are rewritten by nftables, which every kernel since 5.13 has. */
export function kubeProxyConfiguration(folder: string): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    bindAddress: layout.nodeAddress,
    metricsBindAddress: "127.0.0.1:10249",
    hostnameOverride: layout.nodeName,
    clientConnection: { kubeconfig: join(folder, "kube-proxy.kubeconfig"), qps: 200, burst: 400 },
    clusterCIDR: layout.podRange,
    detectLocalMode: "ClusterCIDR",
    // A second by default: an endpoint that is gone would get connections for as long.
    nftables: { minSyncPeriod: "10ms", syncPeriod: "30s" },
    // Not the machine's limits, which a cluster on it has no right to.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  };
}

/**
 * CoreDNS's own configuration. It runs on the node, at the address of the Service that pods ask. There is no way to the outside, and so
 * no other name.
 */
export function dnsConfiguration(folder: string): string {
  return `cluster.local in-addr.arpa {
  bind ${layout.dnsService}
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${join(folder, "dns.kubeconfig")}
    pods verified
    ttl 1
  }
}
. {
  bind ${layout.dnsService}
  errors
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;
}

/** kubelet's own configuration. */
export function kubeletConfiguration({ folder, containerd }: Pick<Files, "folder" | "containerd">): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: layout.nodeAddress,
    readOnlyPort: 0,
    healthzPort: 0,
    authentication: { anonymous: { enabled: false }, x509: { clientCAFile: join(folder, "pki/ca.crt") } },
    containerRuntimeEndpoint: `unix://${containerd === undefined ? runtimeSocket : containerdSocket}`,
    clusterDNS: [layout.dnsService],
    clusterDomain: "cluster.local",
    maxPods: 500,
    kubeAPIQPS: 200,
    kubeAPIBurst: 400,
    serializeImagePulls: false,
    // Else it would look at containers once a second only. containerd tells of them since 1.7.
    featureGates: {
      EventedPLEG: containerd === undefined,
      ClusterTrustBundle: true,
      ClusterTrustBundleProjection: true,
    },
    // Pods see a changed Secret or ConfigMap after this time at the latest, instead of a minute.
    syncFrequency: "1s",
    cgroupDriver: "cgroupfs",
    // Our own runtime knows no limits; so no pod needs control groups.
    ...(containerd === undefined
      ? { cgroupsPerQOS: false }
      : { cgroupsPerQOS: true, cgroupRoot: containerd.controlGroup }),
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    failSwapOn: false,
    makeIPTablesUtilChains: false,
    imageGCHighThresholdPercent: 100,
    evictionHard: {
      "memory.available": "100Mi",
      "nodefs.available": "1%",
      "imagefs.available": "1%",
      "nodefs.inodesFree": "1%",
    },
  };
}
