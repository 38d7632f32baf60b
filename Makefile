# `make` alone prints the targets. CI calls the same ones: see .ci/run.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo build test race purego avx512 lint generate fuzz bench bench-quick bench-go bench-spark feed venv clean
.PHONY: spark-protos fmt tidy vet staticcheck cross size test-go test-peers test-services test-spark
.NOTPARALLEL:

# How the program is built for users. gRPC's pages for debugging would bring templates, and with them all methods that
# a template could name; what speaks HTTP/2 is gRPC, which has its own, and stores and downloads do with HTTP/1.1; Arrow
# need not bring a JSON encoder beside the standard library's.
RELEASE := -trimpath -tags=grpcnotrace,nethttpomithttp2,arrow_json_stdlib

# No native library on any node: everything but the race detector builds without C.
export CGO_ENABLED := 0

PEERS := .cache/venv/bin/python
COUNT := go run ./internal/testcount -o .cache/tests
TOOL := go tool -modfile=tools/go.mod
TAGS := peers,services,spark,invariants
FUZZTIME ?= 10s
BENCH ?= .
GB ?= 1

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
	go build $(RELEASE) -o ember ./cmd/ember

test: fmt vet staticcheck test-go test-peers test-services test-spark ## all tests, cheapest tier first; stops at the first that fails
	@go run ./internal/testcount -sum .cache/tests/{go,peers,services,spark}.json

test-go:
	$(COUNT)/go.json -tags invariants ./...

test-peers: venv
	EMBER_PYTHON=$(CURDIR)/$(PEERS) $(COUNT)/peers.json -tag peers -tags peers,invariants -timeout 8m

test-services: ## tests against HDFS and an S3 server, which run here
	scripts/services.sh
	$(COUNT)/services.json -tag services -tags services,invariants -timeout 5m

# Two packages at a time, as each starts clusters of its own. SPARK_FLAGS=-short leaves out the longest, as CI does.
test-spark: ## tests on real Spark, 4.3 and 3.5, which run here
	scripts/spark.sh
	$(COUNT)/spark.json -tag spark -tags spark,invariants -p 2 -timeout 15m $(SPARK_FLAGS)

race: ## tests of the packages with goroutines, under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(COUNT)/race.json -race $(RACE_PACKAGES)

purego: ## tests on every narrower kernel variant: plain Go by build tag and by force, AVX2
	$(COUNT)/purego.json -tags purego,invariants $(KERNEL_PACKAGES)
	EMBER_KERNEL=go $(COUNT)/kernel-go.json -tags invariants $(KERNEL_PACKAGES)
	EMBER_KERNEL=avx2 $(COUNT)/kernel-avx2.json -tags invariants $(KERNEL_PACKAGES)

avx512: ## tests of the AVX-512 kernels on a processor without it: emulated, in minutes (Debian 12)
	scripts/avx512-emulated.sh

lint: fmt tidy vet staticcheck cross size ## gofumpt, go mod tidy, vet, staticcheck, builds for other systems, size; internal/lint runs as a test

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
	go vet -tags $(TAGS) ./...
	go vet -tags purego ./...

staticcheck:
	$(TOOL) staticcheck -tags $(TAGS) ./...

# Drivers run where the executors do not.
cross:
	@for system in {linux,darwin}/arm64 {darwin,windows}/amd64; do \
		export GOOS=$${system%/*} GOARCH=$${system#*/}; \
		echo "go build and vet for $$system"; \
		go build -o /dev/null ./cmd/ember; \
		go vet ./...; \
	done

# The binary ships itself to every executor: its budget is 40 MB.
size:
	GOOS=linux GOARCH=amd64 go build $(RELEASE) -ldflags='-s -w' -o .cache/size/ember ./cmd/ember
	@bytes=$$(wc -c <.cache/size/ember); echo "ember for linux/amd64: $$bytes bytes, stripped"; \
	if ((bytes > 40000000)); then echo "over the budget of 40000000" >&2; exit 1; fi

generate: ## rewrite all generated files; fails if that changes what is committed
	go generate ./...
	git diff --exit-code

spark-protos: ## write the code of Spark Connect's protocol anew; fails if that changes what is committed
	scripts/spark.sh
	scripts/spark-protos.sh
	git diff --exit-code spark/connect/internal/sparkpb

fuzz: ## run every fuzz target for FUZZTIME (default 10s)
	scripts/fuzz.sh $(FUZZTIME)

# BENCH_FLAGS='-rows gemm,train-small -threads 1' picks; -avx2 forces AVX2 on all; see go run ./bench/engine -h.
bench: ## Ember against PyTorch, TensorFlow, ONNX Runtime and NumPy: ratios, in docs/performance.md (25 minutes)
	bench/engine/setup.sh
	go build -o .cache/bench/engine/engine ./bench/engine
	.cache/bench/engine/engine -results bench/results -doc docs/performance.md $(BENCH_FLAGS)

bench-quick: ## the working tree's speed against that of the commit before; fails if it is slower (3 minutes)
	bench/engine/quick.sh

bench-go: ## Go benchmarks; BENCH=regexp picks
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

bench-spark: size ## Ember and its peers on a Spark of two executors (bench/spark/README.md)
	bench/spark/setup.sh
	.cache/size/ember data mnist >/dev/null
	$(PEERS) bench/spark/compare.py --json .cache/bench/spark.json

feed: size ## feed a table of GB (default 1) gigabytes through Spark workers of 1 GiB each (needs root)
	scripts/spark.sh
	bench/feed/feed.sh $(GB)

venv: ## the Python peers that tests compare with, in .cache/venv (1.8 GB)
	scripts/venv.sh

clean: ## remove what the other targets made
	rm -rf ember .cache
