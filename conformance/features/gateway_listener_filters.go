package features

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/conformance/utils/http"
	"sigs.k8s.io/gateway-api/conformance/utils/kubernetes"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/gateway-api/pkg/features"
)

// GatewayListenerFilters proves, of Listener.filters and ListenerFilters.requests:
//
//   - "pre-routing filter lists that run on every request accepted on this Listener, before route matching is performed".
//   - "Implementations MUST execute the filters in the exact order they appear here and MUST NOT reorder them."
//   - "Implementations MUST evaluate route matching exactly once after the last ListenerFilter has run."
//   - "with the explicit exception of the Host and :authority headers. If a ListenerFilter attempts to modify either header,
//     implementations MUST NOT allow that modification to take effect."
//
// and of GEP-5224: "A filter that produces a response to the client directly […] MUST prevent subsequent pre-routing filters
// from running for that request and MUST prevent route matching from running. The response returned to the client is the one
// produced by the short-circuiting filter."
//
// The filters are ExternalAuth whose service is the suite's echo server: it answers with the headers that the request's
// X-Echo-Set-Header names. The client has it set X-Echo-Set-Header itself, and only the second filter then gets what to set of
// the header that rules match on: in another order nobody does.
var GatewayListenerFilters = suite.ConformanceTest{
	ShortName:   "GatewayListenerFilters",
	Description: "The filters of a listener run in their order before a route is chosen",
	Features:    []features.FeatureName{features.SupportGateway, features.SupportHTTPRoute, features.SupportGatewayListenerFilters},
	Manifests:   []string{"manifests/gateway-listener-filters.yaml"},
	Test: func(t *testing.T, s *suite.ConformanceTestSuite) {
		gateway := inInfrastructure("listener-filters")
		address := addressOf(t, s, kubernetes.NewGatewayRef(gateway, "ordered", "reversed", "host", "denied"), inInfrastructure("listener-filters"))
		kubernetes.GatewayListenersMustHaveConditions(t, s.Client, s.TimeoutConfig, gateway, []metav1.Condition{listenerAccepted, listenerResolved})

		chained := map[string]string{"x-echo-set-header": "x-tenant:blue"}
		for _, test := range []struct {
			name     string
			expected http.ExpectedResponse
		}{
			{"what the filters add decides on the route", http.ExpectedResponse{
				Request:                   http.Request{Host: "ordered.example.com", Path: "/"},
				BackendSetResponseHeaders: chained,
				ExpectedRequest: &http.ExpectedRequest{Request: http.Request{
					Host: "ordered.example.com", Path: "/", Headers: map[string]string{"X-Tenant": "blue"},
				}},
				Backend: suite.InfraBackendServiceNameV2,
			}},
			{"the route of the request as it came is not chosen", http.ExpectedResponse{
				Request:                   http.Request{Host: "ordered.example.com", Path: "/", Headers: map[string]string{"X-Tenant": "red"}},
				BackendSetResponseHeaders: chained,
				ExpectedRequest: &http.ExpectedRequest{Request: http.Request{
					Host: "ordered.example.com", Path: "/", Headers: map[string]string{"X-Tenant": "blue"},
				}},
				Backend: suite.InfraBackendServiceNameV2,
			}},
			{"reversed filters do something else", http.ExpectedResponse{
				Request:                   http.Request{Host: "reversed.example.com", Path: "/"},
				BackendSetResponseHeaders: chained,
				Backend:                   suite.InfraBackendServiceNameV1,
			}},
			{"the host is nobody's to change", http.ExpectedResponse{
				Request:                   http.Request{Host: "host.example.com", Path: "/"},
				BackendSetResponseHeaders: map[string]string{"host": "ordered.example.com"},
				Backend:                   suite.InfraBackendServiceNameV1,
			}},
			{"what a filter denies is answered by it", http.ExpectedResponse{
				Request:  http.Request{Host: "denied.example.com", Path: "/418"},
				Response: http.Response{StatusCodes: []int{418}},
			}},
		} {
			t.Run(test.name, func(t *testing.T) {
				expectResponse(t, s, address, test.expected)
			})
		}
	},
}

// GatewayListenerFiltersInvalid proves, of GEP-5224:
//
//   - "A listener listing a filter variant the implementation does not support MUST be rejected with Accepted=False,
//     Reason=UnsupportedValue, and the message MUST name the offending filter."
//   - "A listener whose filters.requests contains an ExternalAuth.backendRef […] that does not exist MUST have ResolvedRefs=False,
//     Reason=InvalidListenerFilterRef, and the message MUST identify which filter's reference failed to resolve."
//   - "A cross-namespace ExternalAuth.backendRef without a matching ReferenceGrant MUST have ResolvedRefs=False,
//     Reason=RefNotPermitted."
//   - "A listener with Protocol set to a value other than HTTP or HTTPS (for example, TCP) whose filters field is set MUST be
//     rejected at admission by the CEL validation on the Listener struct."
//
// and that no request gets past a filter that can't run ("Implementations MUST NOT skip an entry").
var GatewayListenerFiltersInvalid = suite.ConformanceTest{
	ShortName:   "GatewayListenerFiltersInvalid",
	Description: "A listener with a filter that can't be run says so, and lets nobody in",
	Features:    []features.FeatureName{features.SupportGateway, features.SupportHTTPRoute, features.SupportGatewayListenerFilters},
	Manifests:   []string{"manifests/gateway-listener-filters-invalid.yaml"},
	Test: func(t *testing.T, s *suite.ConformanceTestSuite) {
		gateway := inInfrastructure("listener-filters-invalid")
		accepted, resolved := gatewayv1.ListenerConditionAccepted, gatewayv1.ListenerConditionResolvedRefs
		for _, test := range []struct {
			listener string
			expected metav1.Condition
			message  string
		}{
			{"unsupported", condition(accepted, metav1.ConditionFalse, gatewayv1.ListenerReasonUnsupportedValue), "ExtensionRef"},
			{"missing", condition(resolved, metav1.ConditionFalse, "InvalidListenerFilterRef"), "filters.requests[1]"},
			{"not-granted", condition(resolved, metav1.ConditionFalse, gatewayv1.ListenerReasonRefNotPermitted), "filters.requests[0]"},
		} {
			t.Run(test.listener, func(t *testing.T) {
				listenerMustHave(t, s, gateway, test.listener, test.expected)
				for _, status := range mustGet(t, s, gateway).Status.Listeners {
					for _, found := range status.Conditions {
						if string(status.Name) == test.listener && found.Type == test.expected.Type {
							assert.Contains(t, found.Message, test.message)
						}
					}
				}
			})
		}

		t.Run("no request gets past them", func(t *testing.T) {
			address, err := kubernetes.WaitForGatewayAddress(t, s.Client, s.TimeoutConfig, kubernetes.NewGatewayRef(gateway, "valid"))
			require.NoError(t, err)
			for host, statusCode := range map[string]int{
				"valid.example.com": 200, "unsupported.example.com": 500, "missing.example.com": 500, "not-granted.example.com": 500,
			} {
				expectResponse(t, s, address, http.ExpectedResponse{
					Request:  http.Request{Host: host, Path: "/"},
					Response: http.Response{StatusCodes: []int{statusCode}},
				})
			}
		})

		t.Run("a listener of another protocol has none", func(t *testing.T) {
			tcp := &gatewayv1.Gateway{
				Spec: gatewayv1.GatewaySpec{
					GatewayClassName: gatewayv1.ObjectName(s.GatewayClassName),
					Listeners: []gatewayv1.Listener{{
						Name: "tcp", Port: 80, Protocol: gatewayv1.TCPProtocolType,
						Filters: &gatewayv1.ListenerFilters{Requests: []gatewayv1.ListenerFilter{{
							Type:         gatewayv1.ListenerFilterExtensionRef,
							ExtensionRef: &gatewayv1.LocalObjectReference{Group: "example.com", Kind: "Filter", Name: "any"},
						}}},
					}},
				},
			}
			tcp.Namespace = suite.InfrastructureNamespace
			tcp.Name = "listener-filters-tcp"
			err := s.Client.Create(t.Context(), tcp)
			require.Truef(t, apierrors.IsInvalid(err), "the API server has to refuse it: %v", err)
		})
	},
}
