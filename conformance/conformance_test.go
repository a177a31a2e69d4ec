// Package conformance runs the upstream Gateway API conformance suite, at the version that go.mod pins, against the
// cluster of KUBECONFIG. Flags are the suite's own; see README.md.
package conformance

import (
	"testing"

	"sigs.k8s.io/gateway-api/conformance"
)

func TestConformance(t *testing.T) {
	conformance.RunConformance(t)
}
