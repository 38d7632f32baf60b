# `make` alone prints the targets. CI calls the same ones: see .ci/run.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo build test race purego avx512 lint generate fuzz bench venv clean
.PHONY: spark-protos fmt tidy vet staticcheck cross test-go test-peers
.NOTPARALLEL:

# No native library on any node: everything but the race detector builds without C.
export CGO_ENABLED := 0

PEERS := .cache/venv/bin/python
COUNT := go run ./internal/testcount -o .cache/tests
TOOL := go tool -modfile=tools/go.mod
FUZZTIME ?= 10s
BENCH ?= .

# What the kernels' variants can change.
KERNEL_PACKAGES := ./internal/kernel/... ./tensor/... ./op/... ./engine/... ./nn/... ./train/...

# What starts goroutines or shares memory between them.
RACE_PACKAGES = $(shell git ls-files -co --exclude-standard '*.go' | \
	xargs grep -lE '^\s+go [a-z]|"sync(/atomic)?"|/internal/parallel"' | xargs -n1 dirname | sort -u | \
	grep -vE '(^|/)(_|testdata)|^(tools|bench)(/|$$)' | sed 's,^,./,')

help: ## print this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

demo: build ## train LeNet on MNIST, save it, predict ten test images: about a minute
	./ember train lenet --data mnist --epochs 1 --out .cache/demo/lenet.onnx
	./ember predict .cache/demo/lenet.onnx --data mnist --limit 10 --draw

build: ## build the binary ./ember
	go build -trimpath -o ember ./cmd/ember

test: fmt vet staticcheck test-go test-peers ## all tests, cheapest tier first; stops at the first that fails
	@go run ./internal/testcount -sum .cache/tests/{go,peers}.json

test-go:
	$(COUNT)/go.json -tags invariants ./...

test-peers: venv
	EMBER_PYTHON=$(CURDIR)/$(PEERS) $(COUNT)/peers.json -tag peers -tags peers,invariants -timeout 8m

race: ## tests of the packages with goroutines, under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(COUNT)/race.json -race $(RACE_PACKAGES)

purego: ## tests on every narrower kernel variant: plain Go by build tag and by force, AVX2
	$(COUNT)/purego.json -tags purego,invariants $(KERNEL_PACKAGES)
	EMBER_KERNEL=go $(COUNT)/kernel-go.json -tags invariants $(KERNEL_PACKAGES)
	EMBER_KERNEL=avx2 $(COUNT)/kernel-avx2.json -tags invariants $(KERNEL_PACKAGES)

avx512: ## tests of the AVX-512 kernels on a processor without it: emulated, in minutes (Debian 12)
	scripts/avx512-emulated.sh

lint: fmt tidy vet staticcheck cross ## gofumpt, go mod tidy, vet, staticcheck, vet for other systems; internal/lint runs as a test

fmt:
	@unformatted=$$($(TOOL) gofumpt -l .); \
	if [[ -n $$unformatted ]]; then \
		printf '%s\n' "not gofumpt-clean; run $(TOOL) gofumpt -w .:" $$unformatted >&2; exit 1; \
	fi

tidy:
	go mod tidy -diff
	go -C tools mod tidy -diff

vet:
	go vet ./...
	go vet -tags peers,invariants ./...
	go vet -tags purego ./...

staticcheck:
	$(TOOL) staticcheck -tags peers,invariants ./...

cross:
	GOOS=linux GOARCH=arm64 go vet ./...
	GOOS=darwin GOARCH=arm64 go vet ./...
	GOOS=windows GOARCH=amd64 go vet ./...

generate: ## rewrite all generated files; fails if that changes what is committed
	go generate ./...
	git diff --exit-code

spark-protos: ## write the code of Spark Connect's protocol anew; fails if that changes what is committed
	scripts/spark.sh
	scripts/spark-protos.sh
	git diff --exit-code spark/connect/internal/sparkpb

fuzz: ## run every fuzz target for FUZZTIME (default 10s)
	scripts/fuzz.sh $(FUZZTIME)

bench: ## Go benchmarks; BENCH=regexp picks
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

venv: ## the Python peers that tests compare with, in .cache/venv (1.8 GB)
	scripts/venv.sh

clean: ## remove what the other targets made
	rm -rf ember .cache
