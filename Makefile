# Everything a person types. `make` alone shows it. Only Go is needed unless a
# line says otherwise.

GO       ?= go
VERSION  ?= 0.1.0
FUZZTIME ?= 10s
# How many faults `make chaos` makes (0: each of them once), and how long one lasts.
ROUNDS   ?= 0
FAULT    ?= 4s

# Linter and scanner are built with the same Go as the program, into bin/.
GOLANGCI_VERSION := v2.15.0
GOLANGCI         := bin/golangci-lint-$(GOLANGCI_VERSION)
GOVULN_VERSION   := v1.1.4
GOVULNCHECK      := bin/govulncheck-$(GOVULN_VERSION)

SOURCES := $(shell find . -name '*.go' -not -name '*_test.go' -not -path './.dev/*' -not -path '*/node_modules/*') \
	$(shell find store/migrations -name '*.sql') $(shell find dashboard/dist -type f)

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build and start the whole program on the embedded default
	@bin/tributary serve

.PHONY: demo
demo: build ## play every channel against simulated providers
	@bin/tributary demo

.PHONY: build
build: bin/tributary ## build bin/tributary

# Static: no cgo anywhere, so that the binary runs in an empty container.
bin/tributary: $(SOURCES) go.mod go.sum Makefile
	@mkdir -p bin
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-X tributary/app.release=$(VERSION)' -o $@ ./cmd/tributary

.PHONY: test
test: test-dashboard ## run the tests; with the URLs of `make services` on PostgreSQL and Redis too
	$(GO) test -timeout 40m ./...

# Only Go is needed: without Node, or where its packages cannot be had, this says so.
.PHONY: test-dashboard
test-dashboard:
	@if ! command -v npm >/dev/null; then \
		echo "the dashboard's unit and component tests are skipped: there is no Node (npm) on this machine"; \
	elif [ ! -d dashboard/node_modules ] && ! (cd dashboard && npm ci --no-audit --no-fund --loglevel=error); then \
		echo "the dashboard's unit and component tests are skipped: npm ci failed, its packages are not there"; \
	else cd dashboard && npm test; fi

.PHONY: dashboard
dashboard: build ## check and build the dashboard into dashboard/dist (Node 20.19 or newer)
	cd dashboard && npm ci --no-audit --no-fund && npm run check

.PHONY: browser
browser: build bin/stand ## play the dashboard's story in a browser (Node, Chromium; after `make dashboard`)
	cd dashboard && npm run browser

# The simulated providers as a process of their own, for tests that are not Go.
bin/stand: $(SOURCES) go.mod go.sum Makefile
	@mkdir -p bin
	CGO_ENABLED=0 $(GO) build -trimpath -o $@ ./e2e/stand

.PHONY: actioncable
actioncable: build ## try the live wire with the public ActionCable client (Node)
	cd e2e/actioncable && npm ci --no-audit --no-fund && npm test

.PHONY: race
race: ## run the tests under the race detector (needs a C compiler)
	$(GO) test -race -gcflags=modernc.org/sqlite/lib=-race=false -timeout 60m ./...

.PHONY: services
services: ## start PostgreSQL and Redis on loopback and print the two TEST_ URLs (Debian)
	@deploy/dev/services.sh start

.PHONY: services-stop
services-stop: ## stop what `make services` started
	@deploy/dev/services.sh stop

.PHONY: bench
bench: ## measure the table of PERFORMANCE.md; it, JSON and profiles go to bin/bench (PostgreSQL and Redis through `make services`)
	$(GO) run ./bench -out bin/bench

.PHONY: chaos
chaos: ## break PostgreSQL, Redis, provider, disk, clock and processes under load, and count losses (ROUNDS=, FAULT=4s)
	$(GO) run ./chaos -rounds $(ROUNDS) -for $(FAULT)

.PHONY: validate
validate: build ## check compose, Kubernetes and the systemd unit (systemd-analyze)
	cd deploy/validate && $(GO) mod tidy -diff && $(GO) vet ./... && $(GO) test -count 1 ./...
	deploy/systemd/verify.sh

.PHONY: scratch
scratch: ## play the container image without an engine: read-only, without rights (root, curl)
	@deploy/scratch.sh

.PHONY: monitoring
monitoring: build ## try the alerts with promtool, and ask a real Prometheus all they and the dashboards ask (Debian)
	@deploy/prometheus/check.sh

.PHONY: vulnerabilities
vulnerabilities: $(GOVULNCHECK) ## look for known vulnerabilities in what is called (reads vuln.go.dev)
	@deploy/dev/vulnerabilities.sh $(GOVULNCHECK)

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (10s each)
	@deploy/dev/fuzz.sh $(FUZZTIME)

.PHONY: lint
lint: $(GOLANGCI) ## run the linters of .golangci.yml
	$(GOLANGCI) run

.PHONY: fmt
fmt: $(GOLANGCI) ## format all Go files
	$(GOLANGCI) fmt

$(GOLANGCI):
	@mkdir -p bin/.golangci
	GOBIN=$(CURDIR)/bin/.golangci $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv bin/.golangci/golangci-lint $@ && rmdir bin/.golangci

$(GOVULNCHECK):
	@mkdir -p bin/.govulncheck
	GOBIN=$(CURDIR)/bin/.govulncheck $(GO) install golang.org/x/vuln/cmd/govulncheck@$(GOVULN_VERSION)
	@mv bin/.govulncheck/govulncheck $@ && rmdir bin/.govulncheck

.PHONY: check
check: lint test ## what to run before every commit

.PHONY: verify
verify: ## check go.mod and go.sum, run go vet
	$(GO) mod verify
	$(GO) mod tidy -diff
	$(GO) vet ./...

.PHONY: picture
picture: build ## draw docs/demo.svg again from what the demo prints
	CLICOLOR_FORCE=1 bin/tributary demo >bin/demo.txt
	$(GO) run ./docs/picture <bin/demo.txt >docs/demo.svg.new
	mv docs/demo.svg.new docs/demo.svg

.PHONY: clean
clean: ## remove what was built; data stay
	rm -rf bin coverage.out
