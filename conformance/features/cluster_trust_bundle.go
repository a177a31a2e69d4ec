package features

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/conformance/utils/http"
	"sigs.k8s.io/gateway-api/conformance/utils/kubernetes"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/gateway-api/conformance/utils/tls"
	"sigs.k8s.io/gateway-api/pkg/features"
)

// ClusterTrustBundleBackendTLSPolicy proves, of GEP-5075, "An implementation that supports this feature MUST":
//
//   - "Read ClusterTrustBundle.spec.trustBundle from the object named in caCertificateRefs […] and use its PEM-encoded
//     certificates as trust anchors for the relevant backend or frontend TLS validation."
//   - "Set ResolvedRefs=False with reason InvalidCACertificateRef for an unresolved or malformed bundle" and "Additionally set
//     Accepted=False with reason NoValidCACertificate when no valid trust source remains".
//   - "Fail the data plane for an invalid trust configuration […]: for BackendTLSPolicy the connection to the backend MUST fail
//     and the client MUST receive an HTTP 5xx error response".
//   - "Reconcile updates to the referenced ClusterTrustBundle, including changes to spec.trustBundle, deletion of the referenced
//     object, and replacement or recreation of an object with the same name."
//   - "Not require a ReferenceGrant for a valid ClusterTrustBundle reference in caCertificateRefs."
//
// A bundle that is empty or can't be parsed does not get past the API server's own validation.
var ClusterTrustBundleBackendTLSPolicy = suite.ConformanceTest{
	ShortName:   "ClusterTrustBundleBackendTLSPolicy",
	Description: "A BackendTLSPolicy trusts the certificates of a ClusterTrustBundle, as long as there is one",
	Features: []features.FeatureName{
		features.SupportGateway,
		features.SupportHTTPRoute,
		features.SupportBackendTLSPolicy,
		features.SupportClusterTrustBundle,
	},
	Manifests: []string{"manifests/cluster-trust-bundle-backend.yaml"},
	Test: func(t *testing.T, s *suite.ConformanceTestSuite) {
		const bundle = "gateway-conformance-backend"
		gateway := inInfrastructure("same-namespace")
		route := inInfrastructure("cluster-trust-bundle")
		policy := inInfrastructure("cluster-trust-bundle")
		address := addressOf(t, s, kubernetes.NewGatewayRef(gateway), route)

		expect := func(t *testing.T, statusCodes ...int) {
			t.Helper()
			expectResponse(t, s, address, http.ExpectedResponse{
				Request:  http.Request{Host: "abc.example.com", Path: "/cluster-trust-bundle"},
				Response: http.Response{StatusCodes: statusCodes},
			})
		}
		expectFailure := func(t *testing.T) {
			t.Helper()
			expect(t, 500, 502, 503)
		}
		mustHave := func(t *testing.T, conditions ...metav1.Condition) {
			t.Helper()
			for _, expected := range conditions {
				kubernetes.BackendTLSPolicyMustHaveCondition(t, s.Client, s.TimeoutConfig, policy, gateway, expected)
			}
		}
		valid := []metav1.Condition{
			condition(gatewayv1.PolicyConditionAccepted, metav1.ConditionTrue, gatewayv1.PolicyReasonAccepted),
			condition(gatewayv1.BackendTLSPolicyConditionResolvedRefs, metav1.ConditionTrue, gatewayv1.BackendTLSPolicyReasonResolvedRefs),
		}
		invalid := []metav1.Condition{
			condition(gatewayv1.PolicyConditionAccepted, metav1.ConditionFalse, gatewayv1.BackendTLSPolicyReasonNoValidCACertificate),
			condition(gatewayv1.BackendTLSPolicyConditionResolvedRefs, metav1.ConditionFalse, gatewayv1.BackendTLSPolicyReasonInvalidCACertificateRef),
		}
		trusted := mustReadBundle(t, s, "tls-checks-ca-certificate")

		t.Run("a bundle that does not exist", func(t *testing.T) {
			mustHave(t, invalid...)
			expectFailure(t)
		})
		// "Previously established TLS sessions MAY continue", so the other authority comes before there are any.
		mustCreateBundle(t, s, bundle, mustReadBundle(t, s, "mismatch-ca-certificate"))
		t.Run("a bundle with another authority", func(t *testing.T) {
			mustHave(t, valid...)
			expectFailure(t)
		})
		t.Run("a bundle that has the backend's authority now", func(t *testing.T) {
			mustReplaceBundle(t, s, bundle, trusted)
			expect(t, 200)
		})
		t.Run("a bundle that was deleted", func(t *testing.T) {
			deleteBundle(t, s, bundle)
			mustHave(t, invalid...)
			expectFailure(t)
		})
		t.Run("a bundle that is there again", func(t *testing.T) {
			mustCreateBundle(t, s, bundle, trusted)
			mustHave(t, valid...)
			expect(t, 200)
		})
	},
}

// ClusterTrustBundleFrontendValidation proves, of GEP-5075:
//
//   - "ClusterTrustBundle + GatewayFrontendClientCertificateValidation — MUST support ClusterTrustBundle references in
//     FrontendTLSValidation.caCertificateRefs."
//   - "All targeted HTTPS listeners MUST have ResolvedRefs=True. Frontend mTLS MUST succeed with a certificate signed by the
//     bundle's CA."
//   - "for Gateway frontend TLS the client connection MUST be rejected during the TLS handshake", of an invalid trust
//     configuration.
//
// and of FrontendTLSValidation.caCertificateRefs: "If ALL CACertificateRefs are invalid, the implementation MUST also ensure the
// Accepted condition on the listener is set to status: False, with the Reason NoValidCACertificate."
var ClusterTrustBundleFrontendValidation = suite.ConformanceTest{
	ShortName:   "ClusterTrustBundleFrontendValidation",
	Description: "A Gateway takes clients whose certificates are of an authority in a ClusterTrustBundle, and no others",
	Features: []features.FeatureName{
		features.SupportGateway,
		features.SupportHTTPRoute,
		features.SupportGatewayFrontendClientCertificateValidation,
		features.SupportClusterTrustBundle,
	},
	Manifests: []string{"manifests/cluster-trust-bundle-frontend.yaml"},
	Test: func(t *testing.T, s *suite.ConformanceTestSuite) {
		const bundle = "gateway-conformance-frontend"
		gateway := inInfrastructure("cluster-trust-bundle")
		certificateOf := func(secret string) ([]byte, []byte) {
			certificate, key, err := kubernetes.GetTLSSecret(s.Client, inInfrastructure(secret))
			require.NoError(t, err)
			return certificate, key
		}
		server, _ := certificateOf("tls-validity-checks-certificate")
		known, knownKey := certificateOf("tls-validity-checks-client-certificate")
		stranger, strangerKey := certificateOf("tls-validity-checks-per-port-client-certificate")
		expected := http.ExpectedResponse{
			Request:   http.Request{Host: "example.org", Path: "/"},
			Response:  http.Response{StatusCodes: []int{200}},
			Backend:   suite.InfraBackendServiceNameV1,
			Namespace: suite.InfrastructureNamespace,
		}

		listenerMustHave(t, s, gateway, "https",
			condition(gatewayv1.ListenerConditionAccepted, metav1.ConditionFalse, gatewayv1.ListenerReasonNoValidCACertificate),
			condition(gatewayv1.ListenerConditionResolvedRefs, metav1.ConditionFalse, gatewayv1.ListenerReasonInvalidCACertificateRef))

		mustCreateBundle(t, s, bundle, mustReadBundle(t, s, "tls-validity-checks-ca-certificate"))
		listenerMustHave(t, s, gateway, "https", listenerAccepted, listenerResolved)
		address := addressOf(t, s, kubernetes.NewGatewayRef(gateway), inInfrastructure("cluster-trust-bundle-frontend"))
		accepts := func(certificate, key []byte) {
			t.Helper()
			tls.MakeTLSRequestAndExpectEventuallyConsistentResponse(t, s.RoundTripper, s.TimeoutConfig, address, server, certificate, key, "example.org", expected)
		}
		refuses := func(certificate, key []byte) {
			t.Helper()
			tls.MakeTLSRequestAndExpectEventuallyConsistentFailureResponse(t, s.RoundTripper, s.TimeoutConfig, address, server, certificate, key, "example.org", expected)
		}
		accepts(known, knownKey)
		refuses(stranger, strangerKey)

		mustReplaceBundle(t, s, bundle, mustReadBundle(t, s, "tls-validity-checks-per-port-ca-certificate"))
		accepts(stranger, strangerKey)
		refuses(known, knownKey)

		deleteBundle(t, s, bundle)
		refuses(nil, nil)
	},
}

// mustReadBundle reads the certificates of an authority that the suite has made.
func mustReadBundle(t *testing.T, s *suite.ConformanceTestSuite, configMap string) string {
	t.Helper()
	data, err := kubernetes.GetConfigMapData(s.Client, s.TimeoutConfig, inInfrastructure(configMap))
	require.NoError(t, err)
	return data["ca.crt"]
}

// trustBundle is a ClusterTrustBundle of the version that the cluster prefers.
func trustBundle(t *testing.T, s *suite.ConformanceTestSuite, name string) *unstructured.Unstructured {
	t.Helper()
	kind := schema.GroupKind{Group: "certificates.k8s.io", Kind: "ClusterTrustBundle"}
	mapping, err := s.Client.RESTMapper().RESTMapping(kind)
	require.NoError(t, err, "the API server has to serve ClusterTrustBundles")
	bundle := &unstructured.Unstructured{}
	bundle.SetGroupVersionKind(mapping.GroupVersionKind)
	bundle.SetName(name)
	return bundle
}

func mustCreateBundle(t *testing.T, s *suite.ConformanceTestSuite, name, certificates string) {
	t.Helper()
	bundle := trustBundle(t, s, name)
	require.NoError(t, unstructured.SetNestedField(bundle.Object, certificates, "spec", "trustBundle"))
	require.NoError(t, s.Client.Create(t.Context(), bundle))
	t.Cleanup(func() { deleteBundle(t, s, name) })
}

func mustReplaceBundle(t *testing.T, s *suite.ConformanceTestSuite, name, certificates string) {
	t.Helper()
	bundle := trustBundle(t, s, name)
	require.NoError(t, s.Client.Get(t.Context(), types.NamespacedName{Name: name}, bundle))
	require.NoError(t, unstructured.SetNestedField(bundle.Object, certificates, "spec", "trustBundle"))
	require.NoError(t, s.Client.Update(t.Context(), bundle))
}

func deleteBundle(t *testing.T, s *suite.ConformanceTestSuite, name string) {
	t.Helper()
	// A test's own context has ended when its cleanup runs.
	require.NoError(t, client.IgnoreNotFound(s.Client.Delete(context.Background(), trustBundle(t, s, name))))
}
