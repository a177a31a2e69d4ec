# The front door. `make` lists what it can do.
# Needs git, Node >= 20 with npm, and Python 3 with pip (Envoy comes as a Python wheel). Everything else is installed here.

# npm installs Node 24 as a development dependency; everything runs with that one.
node := node_modules/.bin/node
installed := node_modules/.installed

.PHONY: help run test unit e2e lint types format fuzz bench bench-smoke generate manifests clean cluster-up cluster-down cluster-test conformance image

help: ## this list
	@echo "make TARGET, where TARGET is one of"
	@grep -E '^[a-z0-9-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  \1\t\2/' | expand -t 16

run: $(installed) ## serve examples/quickstart with demo backends, and say which URLs to try
	@$(node) scripts/demo.ts examples/quickstart

test: $(installed) ## install what is missing; lint, types, and all tests
	@scripts/install-test-programs.sh
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory types
	@$(node) scripts/test.ts

unit: $(installed) ## tests beside the sources only
	@$(node) scripts/test.ts unit

e2e: $(installed) ## end-to-end tests only: the examples, driven by real clients
	@scripts/install-test-programs.sh
	@$(node) scripts/test.ts e2e

conformance: $(installed) ## the upstream conformance suite in a test cluster; CHANNEL=standard for the other channel
	@scripts/install-test-programs.sh
	@$(node) conformance/run.ts --channel $(or $(CHANNEL),experimental) $(if $(REPORT),--report)

lint: $(installed) ## oxlint (type-aware) and Biome
	@npm run --silent lint

types: $(installed) ## check the types
	@npm run --silent types

format: $(installed) ## format with Biome, and mend what can be mended
	@npm run --silent format

fuzz: $(installed) ## look for resources that break a rule; SECONDS=600, SEED=N for the same again
	@$(node) test/fuzz/main.ts $(or $(SECONDS),600) $(SEED)

bench: $(installed) ## from a file's rename to the first request served, at 10, 1,000 and 10,000 hosts
	@$(node) bench/standalone/propagation.ts

bench-smoke: $(installed) ## what one change of each kind costs at 10, 1,000 and 10,000 routes: counts, which do not vary
	@$(node) bench/standalone/change-cost.ts

generate: $(installed) ## rewrite generated code from pinned sources (needs Go and grpcurl)
	@npm run --silent generate

manifests: $(installed) ## rewrite manifests/gatewright.yaml from charts/gatewright
	@scripts/install-test-programs.sh
	@$(node) scripts/manifests.ts

cluster-up: $(installed) ## start a Kubernetes cluster on this machine (root; ten minutes the first time); CLUSTER=NAME for several; RUNTIME=containerd
	@scripts/install-test-programs.sh
	@$(node) test/cluster/main.ts up $(CHANNEL)

cluster-down: $(installed) ## stop it
	@$(node) test/cluster/main.ts down

cluster-test: $(installed) ## tests in clusters of their own
	@scripts/install-test-programs.sh
	@$(node) test/cluster/main.ts build
	@$(node) scripts/test.ts cluster

image: $(installed) ## the image as an OCI archive, without a container engine; PLATFORM=linux/amd64,linux/arm64
	@$(node) scripts/build-image.ts $(if $(PLATFORM),--platform $(PLATFORM)) $(if $(VERSION),--version $(VERSION))

clean: ## remove what was built, installed and cached
	rm -rf node_modules dist .cache

$(installed): package.json package-lock.json .npmrc
	@command -v npm >/dev/null || { echo "npm not found: install Node 20 or newer, with npm" >&2; exit 1; }
	npm ci --prefer-offline --loglevel=error
	@touch $@
