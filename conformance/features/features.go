// Package features tests what the upstream suite has names of features for, and no tests. Each test quotes the sentences that
// it proves: of the API's Go sources, or of the enhancement proposal (GEP) that they come from. The tests run as those of the
// suite do, after them and on what the suite has set up, and are no part of its report.
package features

import (
	"embed"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
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

var (
	listenerAccepted = condition(gatewayv1.ListenerConditionAccepted, metav1.ConditionTrue, gatewayv1.ListenerReasonAccepted)
	listenerResolved = condition(gatewayv1.ListenerConditionResolvedRefs, metav1.ConditionTrue, gatewayv1.ListenerReasonResolvedRefs)
)
