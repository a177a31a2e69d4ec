package features

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/conformance/utils/http"
	"sigs.k8s.io/gateway-api/conformance/utils/kubernetes"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/gateway-api/pkg/features"
)

const (
	anyReach = gatewayv1.GatewayAddressRoutabilityDefault
	cluster  = gatewayv1.GatewayAddressRoutabilityCluster
	sentinel = gatewayv1.GatewayAddressRoutabilityType("testing.x-k8s.io/sentinel")
	unknown  = gatewayv1.GatewayAddressRoutabilityType("testing.x-k8s.io/other")
)

var (
	assigned          = condition(gatewayv1.GatewayConditionAddressesAssigned, metav1.ConditionTrue, gatewayv1.GatewayReasonAddressesAssigned)
	partiallyAssigned = condition(gatewayv1.GatewayConditionAddressesAssigned, metav1.ConditionFalse, gatewayv1.GatewayReasonAddressesPartiallyAssigned)
	notAssigned       = condition(gatewayv1.GatewayConditionAddressesAssigned, metav1.ConditionFalse, gatewayv1.GatewayReasonAddressesNotAssigned)
	programmed        = condition(gatewayv1.GatewayConditionProgrammed, metav1.ConditionTrue, gatewayv1.GatewayReasonProgrammed)
	notProgrammed     = condition(gatewayv1.GatewayConditionProgrammed, metav1.ConditionFalse, gatewayv1.GatewayReasonAddressNotAssigned)
)

// GatewayAddressRoutability proves, of GEP-5093:
//
//   - "Implementations claiming GatewayAddressRoutability MUST populate routability for every status address."
//   - "testing.x-k8s.io/sentinel is reserved for conformance. […] Implementations claiming GatewayAddressRoutability MUST support
//     and report it for the conformance request. Other values using the testing.x-k8s.io prefix are reserved and MUST be treated
//     as unsupported."
//   - "When spec.addresses is nonempty, status.addresses MUST contain exactly one distinct matching address for every satisfied
//     spec entry."
//   - "If some, but not all, entries can be satisfied, […] MUST set AddressesAssigned=False with reason PartiallyAssigned, with a
//     message enumerating the unsatisfied entries." "SHOULD program the Gateway using the addresses it can satisfy."
//   - "If no entries can be satisfied, […] MUST set Programmed=False with reason AddressNotAssigned […]. MUST set
//     AddressesAssigned=False with reason NotAssigned."
//
// The reason of AddressesAssigned=True is AddressesAssigned, as the API's constant has it; the proposal's text says Assigned.
var GatewayAddressRoutability = suite.ConformanceTest{
	ShortName:   "GatewayAddressRoutability",
	Description: "Every address of a Gateway tells who reaches it, and a Gateway tells which of those that it asks for are there",
	Features:    []features.FeatureName{features.SupportGateway, features.SupportGatewayAddressRoutability},
	Test: func(t *testing.T, s *suite.ConformanceTestSuite) {
		for _, test := range []struct {
			name       string
			addresses  []gatewayv1.GatewaySpecAddress
			conditions []metav1.Condition
			reported   []gatewayv1.GatewayAddressRoutabilityType
		}{
			{"none", nil, []metav1.Condition{assigned, programmed}, []gatewayv1.GatewayAddressRoutabilityType{anyReach}},
			{"empty", ask(anyReach), []metav1.Condition{assigned, programmed}, []gatewayv1.GatewayAddressRoutabilityType{anyReach}},
			{"sentinel", ask(sentinel), []metav1.Condition{assigned, programmed}, []gatewayv1.GatewayAddressRoutabilityType{sentinel}},
			{"unknown", ask(unknown), []metav1.Condition{notAssigned, notProgrammed}, nil},
			{"partial", ask(unknown, anyReach), []metav1.Condition{partiallyAssigned, programmed}, []gatewayv1.GatewayAddressRoutabilityType{anyReach}},
		} {
			t.Run(test.name, func(t *testing.T) {
				gateway := mustCreateGateway(t, s, "routability-"+test.name, test.addresses)
				gatewayMustHave(t, s, gateway, test.conditions...)
				found := mustGet(t, s, gateway)
				assert.Equal(t, test.reported, reported(found))
				if test.name == "partial" {
					assert.Contains(t, messageOf(found, gatewayv1.GatewayConditionAddressesAssigned), unknown)
				}
			})
		}
	},
}

// GatewayAddressRoutabilityCluster proves, of GEP-5093:
//
//   - "Cluster: For IPAddress addresses, the reported address MUST be a ClusterIP in Kubernetes Service terms: it MUST be in the
//     cluster's ServiceCIDR and MUST be reachable from within the cluster."
//   - "A GatewayClass claiming GatewayAddressRoutabilityCluster with one empty and one Cluster request reports exactly one matching
//     status address for each".
//   - "A Cluster IPAddress request with a static value in the ServiceCIDR reports that exact value with routability: Cluster."
//   - "A Cluster IPAddress request with a static value outside the ServiceCIDR is unsatisfied. […] On its own, the unsatisfied
//     request reports Programmed=False with reason AddressNotAssigned and AddressesAssigned=False with reason NotAssigned."
//
// It sends requests to addresses of the cluster's own, so it has to run in the cluster's network.
var GatewayAddressRoutabilityCluster = suite.ConformanceTest{
	ShortName:   "GatewayAddressRoutabilityCluster",
	Description: "A Gateway has an address of the cluster's own if it asks for one, beside others",
	Features: []features.FeatureName{
		features.SupportGateway,
		features.SupportHTTPRoute,
		features.SupportGatewayStaticAddresses,
		features.SupportGatewayAddressRoutability,
		features.SupportGatewayAddressRoutabilityCluster,
	},
	Manifests: []string{"manifests/gateway-address-routability-cluster.yaml"},
	Test: func(t *testing.T, s *suite.ConformanceTestSuite) {
		expectServed := func(t *testing.T, address string) {
			t.Helper()
			expectResponse(t, s, address, http.ExpectedResponse{
				Request:  http.Request{Path: "/"},
				Response: http.Response{StatusCodes: []int{200}},
				Backend:  suite.InfraBackendServiceNameV1,
			})
		}

		t.Run("beside one of any kind", func(t *testing.T) {
			gateway := mustCreateGateway(t, s, "routability-both", ask(anyReach, cluster))
			gatewayMustHave(t, s, gateway, assigned, programmed)
			found := mustGet(t, s, gateway)
			assert.ElementsMatch(t, []gatewayv1.GatewayAddressRoutabilityType{anyReach, cluster}, reported(found))
			for _, address := range found.Status.Addresses {
				assert.Equal(t, *address.Routability == cluster, inServiceRange(t, s, address.Value), address.Value)
				expectServed(t, address.Value+":80")
			}
		})

		t.Run("a static one", func(t *testing.T) {
			value := freeClusterAddress(t, s)
			addresses := ask(cluster)
			addresses[0].Value = value
			gateway := mustCreateGateway(t, s, "routability-static", addresses)
			gatewayMustHave(t, s, gateway, assigned, programmed)
			found := mustGet(t, s, gateway)
			require.Len(t, found.Status.Addresses, 1)
			assert.Equal(t, value, found.Status.Addresses[0].Value)
			assert.Equal(t, []gatewayv1.GatewayAddressRoutabilityType{cluster}, reported(found))
			expectServed(t, value+":80")
		})

		t.Run("a static one that is not the cluster's", func(t *testing.T) {
			addresses := ask(cluster)
			addresses[0].Value = "198.51.100.7"
			gateway := mustCreateGateway(t, s, "routability-outside", addresses)
			gatewayMustHave(t, s, gateway, notAssigned, notProgrammed)
			assert.Empty(t, mustGet(t, s, gateway).Status.Addresses)
		})
	},
}

// ask is for one IP address of each reach. The suite leaves no addresses in manifests as they are.
func ask(routabilities ...gatewayv1.GatewayAddressRoutabilityType) []gatewayv1.GatewaySpecAddress {
	addresses := make([]gatewayv1.GatewaySpecAddress, 0, len(routabilities))
	for _, routability := range routabilities {
		kind := gatewayv1.IPAddressType
		addresses = append(addresses, gatewayv1.GatewaySpecAddress{Type: &kind, Routability: routability})
	}
	return addresses
}

func mustCreateGateway(t *testing.T, s *suite.ConformanceTestSuite, name string, addresses []gatewayv1.GatewaySpecAddress) types.NamespacedName {
	t.Helper()
	gateway := &gatewayv1.Gateway{
		Spec: gatewayv1.GatewaySpec{
			GatewayClassName: gatewayv1.ObjectName(s.GatewayClassName),
			Addresses:        addresses,
			Listeners:        []gatewayv1.Listener{{Name: "http", Port: 80, Protocol: gatewayv1.HTTPProtocolType}},
		},
	}
	gateway.Namespace = suite.InfrastructureNamespace
	gateway.Name = name
	s.Applier.MustApplyObjectsWithCleanup(t, s.Client, s.TimeoutConfig, []client.Object{gateway}, true)
	key := client.ObjectKeyFromObject(gateway)
	kubernetes.GatewayMustHaveLatestConditions(t, s.Client, s.TimeoutConfig, key)
	return key
}

func mustGet(t *testing.T, s *suite.ConformanceTestSuite, name types.NamespacedName) *gatewayv1.Gateway {
	t.Helper()
	gateway := &gatewayv1.Gateway{}
	require.NoError(t, s.Client.Get(t.Context(), name, gateway))
	return gateway
}

// reported is the reach of each address; one that has none stands out as "unset".
func reported(gateway *gatewayv1.Gateway) []gatewayv1.GatewayAddressRoutabilityType {
	var found []gatewayv1.GatewayAddressRoutabilityType
	for _, address := range gateway.Status.Addresses {
		if address.Routability == nil {
			found = append(found, "unset")
		} else {
			found = append(found, *address.Routability)
		}
	}
	return found
}

func messageOf(gateway *gatewayv1.Gateway, conditionType gatewayv1.GatewayConditionType) string {
	var messages []string
	for _, found := range gateway.Status.Conditions {
		if found.Type == string(conditionType) {
			messages = append(messages, found.Message)
		}
	}
	return strings.Join(messages, " ")
}

func inServiceRange(t *testing.T, s *suite.ConformanceTestSuite, address string) bool {
	t.Helper()
	ranges := &networkingv1.ServiceCIDRList{}
	require.NoError(t, s.Client.List(t.Context(), ranges))
	parsed, err := netip.ParseAddr(address)
	require.NoError(t, err)
	for _, item := range ranges.Items {
		for _, text := range item.Spec.CIDRs {
			if netip.MustParsePrefix(text).Contains(parsed) {
				return true
			}
		}
	}
	return false
}

// freeClusterAddress is one that a Service had, and has no more.
func freeClusterAddress(t *testing.T, s *suite.ConformanceTestSuite) string {
	t.Helper()
	service := &corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}
	service.Namespace = suite.InfrastructureNamespace
	service.GenerateName = "free-address-"
	require.NoError(t, s.Client.Create(t.Context(), service))
	require.NoError(t, s.Client.Delete(context.Background(), service))
	return service.Spec.ClusterIP
}
