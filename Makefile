# Everything here needs Go, git, make and a C compiler, and nothing else. What it builds is kept in .cache, which git
# ignores and `make clean` removes.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

STACK ?= dev
JSON  ?=
POLICY_REPORT ?=

STACKS  := dev stg prod
OFFLINE := .cache/bin/offline
PREPARE := .cache/bin/prepare
LINTER  := .cache/bin/golangci-lint

# JSON=- and JSON=1 print the machine form on standard output; anything else is the name of a file.
json = $(if $(JSON),--json "$(if $(filter 1,$(JSON)),-,$(JSON))")
policy = $(if $(POLICY_REPORT),--policy-report "$(POLICY_REPORT)")

.PHONY: help
help: ## List the commands
	@echo "usage: make COMMAND [STACK=dev|stg|prod] [JSON=FILE|-] [POLICY_REPORT=FILE.sarif|.xml|.json|.txt]"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "preview, up, refresh and destroy run the real Pulumi engine against a simulated cloud: no AWS account is contacted."
	@echo "The first one builds the pinned Pulumi command line (about 5 minutes on two cores) unless a suitable pulumi is on the PATH,"
	@echo "and the program with the AWS SDK (about 4 minutes); later ones take seconds."

.PHONY: preview up refresh destroy
preview: offline ## Show what an environment would be: Pulumi's resource tree, the posture and what the policy says
	@$(OFFLINE) preview --stack "$(STACK)" $(json) $(policy)
up: offline ## Deploy an environment to the simulated cloud
	@$(OFFLINE) up --stack "$(STACK)" $(json) $(policy)
refresh: offline ## Compare the simulated cloud with the state and report drift
	@$(OFFLINE) refresh --stack "$(STACK)" $(json)
destroy: offline ## Remove an environment from the simulated cloud
	@$(OFFLINE) destroy --stack "$(STACK)" $(json)

.PHONY: sim
sim: stack $(PREPARE) ## Print exports for an ordinary pulumi on the simulated cloud: eval "$(make -s sim)"
	@$(PREPARE) >&2
	@$(OFFLINE) env --stack "$(STACK)"

.PHONY: offline stack
offline: stack $(PREPARE)
	@$(PREPARE)
stack:
	@case " $(STACKS) " in *" $(STACK) "*) ;; *) \
	  echo "STACK=$(STACK): want one of $(STACKS)" >&2; exit 1;; esac

# The program that builds the rest, itself built in a second.
$(PREPARE): go.mod $(wildcard tests/offline/prepare/*.go tests/offline/toolchain/*.go)
	@go build -o $@ ./tests/offline/prepare

.PHONY: check
check: lint offline ## The fast loop: format, vet, lint, and the tests that start no environment
	go vet -p 2 ./...
	HOLDFAST_PULUMI="$$($(OFFLINE) cli)" go test -p 2 $$(go list ./... | grep -v /tests/engine)

# The engine's tests come last and alone: they are timed, and they print what the fault sweep has counted.
.PHONY: test
test: offline ## Everything: pure, mock, conformance, consumer, stack and engine tests; nothing is skipped
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	cd tests/consumer && go vet ./... && go test -count=1 ./...
	HOLDFAST_PULUMI="$$($(OFFLINE) cli)" go test -count=1 -p 2 -timeout 30m $$(go list ./... | grep -v /tests/engine)
	go test -count=1 -v -timeout 30m ./tests/engine/...

.PHONY: lint
lint: $(LINTER) ## Format and lint
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	$(LINTER) run ./...

# The linter is pinned by tools/lint and built again only when that changes.
$(LINTER): tools/lint/go.mod
	@echo "Building golangci-lint, once: about 2 minutes on two cores. It is kept in .cache/bin."
	@go build -C tools/lint -ldflags "-s -w" -o ../../$@.new github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@mv $@.new $@

.PHONY: bench
bench: offline ## Print the benchmarks: overhead, makespan, growth, shares
	go run ./tests/engine/bench
	go test -run '^$$' -bench . -benchtime 3x ./tests/policies

.PHONY: clean
clean: ## Remove everything that was built, and the simulated environments
	rm -rf .cache
