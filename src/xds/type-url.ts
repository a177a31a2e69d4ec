const prefix = "type.googleapis.com/";

export const CLUSTER = `${prefix}envoy.config.cluster.v3.Cluster`;
export const CLUSTER_LOAD_ASSIGNMENT = `${prefix}envoy.config.endpoint.v3.ClusterLoadAssignment`;
export const SECRET = `${prefix}envoy.extensions.transport_sockets.tls.v3.Secret`;
export const SCOPED_ROUTE_CONFIGURATION = `${prefix}envoy.config.route.v3.ScopedRouteConfiguration`;
export const LISTENER = `${prefix}envoy.config.listener.v3.Listener`;

/** In which order changes of different types are sent when nothing else decides: what is named comes before what names it. */
export const deliveryOrder: readonly string[] = [
  CLUSTER,
  CLUSTER_LOAD_ASSIGNMENT,
  SECRET,
  SCOPED_ROUTE_CONFIGURATION,
  LISTENER,
];
