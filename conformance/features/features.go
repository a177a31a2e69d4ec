// Package features tests what the upstream suite has names of features for, and no tests. Each test quotes the sentences that
// it proves: of the API's Go sources, or of the enhancement proposal (GEP) that they come from. The tests run as those of the
// suite do, after them and on what the suite has set up, and are no part of its report.
package features

import (
	"embed"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/conformance/utils/http"
	"sigs.k8s.io/gateway-api/conformance/utils/kubernetes"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
)

// Manifests are what the tests apply.
//
//go:embed manifests
var Manifests embed.FS

// Tests in the order in which they run.
var Tests = []suite.ConformanceTest{
	ClusterTrustBundleBackendTLSPolicy,
	ClusterTrustBundleFrontendValidation,
	GatewayAddressRoutability,
	GatewayAddressRoutabilityCluster,
	GatewayListenerFilters,
	GatewayListenerFiltersInvalid,
}

func inInfrastructure(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: suite.InfrastructureNamespace, Name: name}
}

func condition[Type, Reason ~string](conditionType Type, status metav1.ConditionStatus, reason Reason) metav1.Condition {
	return metav1.Condition{Type: string(conditionType), Status: status, Reason: string(reason)}
}

// expectResponse is of the address, in the end and from then on.
func expectResponse(t *testing.T, s *suite.ConformanceTestSuite, address string, expected http.ExpectedResponse) {
	t.Helper()
	expected.Namespace = suite.InfrastructureNamespace
	http.MakeRequestAndExpectEventuallyConsistentResponse(t, s.RoundTripper, s.TimeoutConfig, address, expected)
}

// addressOf is a Gateway's whose routes are accepted; with the port of its first listener.
func addressOf(t *testing.T, s *suite.ConformanceTestSuite, gateway kubernetes.GatewayRef, routes ...types.NamespacedName) string {
	t.Helper()
	return kubernetes.GatewayAndRoutesMustBeAccepted(t, s.Client, s.TimeoutConfig, s.ControllerName, gateway, &gatewayv1.HTTPRoute{}, true, routes...)
}

func gatewayMustHave(t *testing.T, s *suite.ConformanceTestSuite, gateway types.NamespacedName, conditions ...metav1.Condition) {
	t.Helper()
	for _, expected := range conditions {
		kubernetes.GatewayMustHaveCondition(t, s.Client, s.TimeoutConfig, gateway, expected)
	}
}

func listenerMustHave(t *testing.T, s *suite.ConformanceTestSuite, gateway types.NamespacedName, listener string, conditions ...metav1.Condition) {
	t.Helper()
	kubernetes.GatewayListenerMustHaveConditions(t, s.Client, s.TimeoutConfig, gateway, listener, conditions)
}

var (
	listenerAccepted = condition(gatewayv1.ListenerConditionAccepted, metav1.ConditionTrue, gatewayv1.ListenerReasonAccepted)
	listenerResolved = condition(gatewayv1.ListenerConditionResolvedRefs, metav1.ConditionTrue, gatewayv1.ListenerReasonResolvedRefs)
)
