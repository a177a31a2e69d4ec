import { kindKey } from "../gateway/trust.ts";
import { type DefinitionVersion, isStandardChannel } from "./supported-version.ts";

/**
 * Features of the conformance suite that Gatewright has. Sorted, as GatewayClass.status.supportedFeatures asks. A feature is
 * added when it works on real Envoy, and not before.
 */
const all = [
  "BackendTLSPolicy",
  "BackendTLSPolicySANValidation",
  "ClusterTrustBundle",
  "GRPCRoute",
  "GRPCRouteNamedRouteRule",
  "GRPCRouteRequestHeaderModifier",
  "Gateway",
  "GatewayAddressEmpty",
  "GatewayAddressRoutability",
  "GatewayAddressRoutabilityCluster",
  "GatewayBackendClientCertificate",
  "GatewayFrontendClientCertificateValidation",
  "GatewayFrontendClientCertificateValidationInsecureFallback",
  "GatewayHTTPListenerIsolation",
  "GatewayHTTPSListenerDetectMisdirectedRequests",
  "GatewayInfrastructure",
  "GatewayListenerFilters",
  "GatewayPort8080",
  "GatewayRouteHostnameIntersectionPrecedence",
  "GatewayStaticAddresses",
  "HTTPRoute",
  "HTTPRoute303RedirectStatusCode",
  "HTTPRoute307RedirectStatusCode",
  "HTTPRoute308RedirectStatusCode",
  "HTTPRouteBackendProtocolH2C",
  "HTTPRouteBackendProtocolWebSocket",
  "HTTPRouteBackendRequestHeaderModification",
  "HTTPRouteBackendTimeout",
  "HTTPRouteBackendURLRewrite",
  "HTTPRouteCORS",
  "HTTPRouteDestinationPortMatching",
  "HTTPRouteHostRewrite",
  "HTTPRouteMethodMatching",
  "HTTPRouteNamedRouteRule",
  "HTTPRouteParentRefPort",
  "HTTPRoutePathRedirect",
  "HTTPRoutePathRewrite",
  "HTTPRoutePortRedirect",
  "HTTPRouteQueryParamMatching",
  "HTTPRouteRequestMirror",
  "HTTPRouteRequestMultipleMirrors",
  "HTTPRouteRequestPercentageMirror",
  "HTTPRouteRequestTimeout",
  "HTTPRouteResponseHeaderModification",
  "HTTPRouteRetryCodes",
  "HTTPRouteRetryConnectionError",
  "HTTPRouteSchemeRedirect",
  "ListenerSet",
  "ReferenceGrant",
  "TCPRoute",
  "TLSRoute",
  "TLSRouteModeMixed",
  "TLSRouteModeTerminate",
  "UDPRoute",
].map((name) => ({ name }));

/** Features of fields that the standard channel does not have. */
const experimental: ReadonlySet<string> = new Set([
  "ClusterTrustBundle",
  "GatewayAddressRoutability",
  "GatewayAddressRoutabilityCluster",
  "GatewayListenerFilters",
  "HTTPRouteDestinationPortMatching",
]);

const standard = all.filter(({ name }) => !experimental.has(name));

/**
 * Those that the definitions of a cluster have the fields for, for GatewayClass.status.supportedFeatures.
 *
 * @param isUnserved whether the API server lacks a kind, by `Kind.group`
 */
export function supportedFeatures(
  definitions: readonly DefinitionVersion[] | undefined,
  isUnserved: (kind: string) => boolean,
): readonly { readonly name: string }[] {
  const features = isStandardChannel(definitions) ? standard : all;
  // GEP-5075: "MUST be advertised only when the API is present".
  return isUnserved(clusterTrustBundle) ? features.filter(({ name }) => name !== "ClusterTrustBundle") : features;
}

const clusterTrustBundle = kindKey({ group: "certificates.k8s.io", kind: "ClusterTrustBundle" });
