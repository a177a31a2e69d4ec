/** Addresses in a cluster. Each has a network namespace of its own, so all can have the same. */
export const layout = {
  /** The node's address; the API server's too. */
  nodeAddress: "10.244.0.1",
  nodeName: "node-1",
  /** That the node says it has. */
  processors: 64,
  podRange: "10.244.0.0/22",
  serviceRange: "10.96.0.0/16",
  /** `kubernetes.default`: the first address of the range. */
  apiService: "10.96.0.1",
  /** No Service's: kube-proxy drops what the node's own processes send to addresses of its range that no Service has. */
  dnsService: "10.99.0.10",
  /** Given to Services of type LoadBalancer; those of its last /24 only to Services that ask for them. */
  loadBalancerRange: "10.97.0.0/16",
  /** One that a Service can have if it asks for it. */
  usableAddress: "10.97.255.10",
  /** One that no Service can have. */
  unusableAddress: "192.0.2.10",
  /** Given to nobody: for `externalIPs`. */
  externalRange: "10.98.0.0/16",
  apiPort: 6443,
} as const;
