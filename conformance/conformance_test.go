// Package conformance runs the upstream Gateway API conformance suite, at the version that go.mod pins, against the
// cluster of KUBECONFIG, and then our own tests of features that it has none for. Flags are the suite's own; see README.md.
package conformance

import (
	"io/fs"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/gateway-api/conformance"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"

	"gatewright.dev/conformance/features"
)

func TestConformance(t *testing.T) {
	options := conformance.DefaultOptions(t)
	if isOurs(options.RunTest) {
		t.Skip("a test of ours is asked for")
	}
	conformance.RunConformanceWithOptions(t, options)
}

// TestFeatures uses what TestConformance has set up, and sets up what is missing. It adds nothing to the suite's report.
func TestFeatures(t *testing.T) {
	options := conformance.DefaultOptions(t)
	if options.RunTest != "" && !isOurs(options.RunTest) {
		t.Skip("a test of the suite is asked for")
	}
	options.ManifestFS = []fs.FS{&conformance.Manifests, &features.Manifests}
	ours, err := suite.NewConformanceTestSuite(options)
	require.NoError(t, err)
	ours.Setup(t, features.Tests)
	require.NoError(t, ours.Run(t, features.Tests))
}

func isOurs(name string) bool {
	return slices.ContainsFunc(features.Tests, func(test suite.ConformanceTest) bool { return test.ShortName == name })
}
