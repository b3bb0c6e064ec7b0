# Jisr's build. `make demo` and `make test` are all a newcomer needs: each does what it depends on, once, and again
# only when what it was made from has changed. Needed beforehand: Go 1.26 and Node 20 with npm, on Debian 12.
#
#   make demo         two governments on this machine, ready to use; Ctrl-C ends both
#   make test         every test: Go, then the browser tests of e2e/ on two real nodes
#   make check        format, vet, lint, generated files, modules, vulnerabilities, the tree's own rules
#   make build        bin/jisr
#   make bench        the figures of the design beside a baseline of the same run
#   make fuzz         each fuzz target for FUZZTIME (5s)
#   make screenshots  every page, both languages, desktop, phone and dark, into e2e/shots/
#   make fmt          writes Go and templ files in their standard form
#   make clean        removes everything this file made

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
.SUFFIXES:
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules
.PHONY: build test check demo bench fuzz screenshots fmt clean test-go test-e2e generate go node FORCE \
	check-format check-vet check-lint check-generated check-tree check-modules check-vulnerabilities

export GOTOOLCHAIN := local
# The same bytes wherever it is built; for tests too, so that nothing is compiled twice.
export GOFLAGS := $(GOFLAGS) -trimpath

FUZZTIME   ?= 5s
TESTFLAGS  ?=
DEMOFLAGS  ?=
BENCHFLAGS ?=

STAMP := .make
TEMPL := $(shell find . -name node_modules -prune -o -name '*.templ' -print | LC_ALL=C sort)
WEB   := $(wildcard portal/package.json portal/package-lock.json portal/build.mjs) \
	$(shell find portal/web -type f 2>/dev/null | LC_ALL=C sort)
FONTS := $(wildcard paper/package.json paper/package-lock.json paper/.npmrc paper/build.mjs)

# ---- tools that must be here before us: say which is missing, not which line of a script failed

go:
	@command -v go >/dev/null || { echo "jisr: couldn't find Go; install Go 1.26 and put it on PATH" >&2; exit 1; }
	@v=$$(go env GOVERSION); m=$${v#go1.}; m=$${m%%[!0-9]*}; [[ $$v == go1.* && $${m:-0} -ge 26 ]] || { \
		echo "jisr: this is $$v; Go 1.26 or later is needed" >&2; exit 1; }

node:
	@command -v node >/dev/null && command -v npm >/dev/null || { \
		echo "jisr: couldn't find node and npm; install Node 20" >&2; exit 1; }
	@v=$$(node -p 'process.versions.node.split(".")[0]'); [[ $$v -ge 20 ]] || { \
		echo "jisr: this is Node $$v; Node 20 or later is needed" >&2; exit 1; }

# ---- stamps: a list changes when a file comes or goes, a stamp when its step was done

$(STAMP)/%.list: FORCE
	@mkdir -p $(STAMP)
	@printf '%s\n' $($*) | cmp -s - $@ || printf '%s\n' $($*) >$@

# templ removes the output of a template that is gone; otherwise the package would not compile.
$(STAMP)/templ: $(TEMPL) $(STAMP)/TEMPL.list go.mod | go
	@echo "jisr: generating pages from templates"
	@find . -name node_modules -prune -o -name '*_templ.go' -print0 | xargs -0 -r rm -f
	@$(if $(TEMPL),.ci/pages,echo "jisr: no *.templ in this tree yet")
	@touch $@

$(STAMP)/portal-npm: $(wildcard portal/package.json portal/package-lock.json portal/.npmrc) | node
	@[[ -f portal/package-lock.json ]] || { \
		echo "jisr: portal/package-lock.json is missing; the portal's assets can't be built without it" >&2; exit 1; }
	@echo "jisr: fetching what the portal's assets are built with"
	@cd portal && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@mkdir -p $(STAMP) && touch $@

# Go embeds portal/dist. A build that fails half-way leaves no stamp, so the next one starts over.
$(STAMP)/portal-dist: $(STAMP)/portal-npm $(WEB) $(STAMP)/WEB.list
	@[[ -f portal/build.mjs ]] || { echo "jisr: portal/build.mjs is missing" >&2; exit 1; }
	@echo "jisr: bundling the portal's styles, script, fonts and icons"
	@cd portal && node build.mjs
	@[[ -n $$(ls -A portal/dist 2>/dev/null) ]] || { echo "jisr: portal/build.mjs left portal/dist empty" >&2; exit 1; }
	@touch $@

# Go embeds paper/dist: the fonts of the printed page, and their licences.
$(STAMP)/paper-dist: $(FONTS) | node
	@echo "jisr: fetching the fonts of the printed page"
	@cd paper && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && node build.mjs
	@mkdir -p $(STAMP) && touch $@

$(STAMP)/e2e-npm: e2e/package.json e2e/package-lock.json e2e/.npmrc | node
	@echo "jisr: fetching what the browser tests are driven with"
	@cd e2e && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@mkdir -p $(STAMP) && touch $@

# Somebody may have removed what a stamp speaks of; then the stamp goes too.
ifeq ($(wildcard portal/dist/*),)
$(shell rm -f $(STAMP)/portal-dist)
endif
ifeq ($(wildcard paper/dist/*),)
$(shell rm -f $(STAMP)/paper-dist)
endif
ifeq ($(wildcard portal/node_modules/.package-lock.json),)
$(shell rm -f $(STAMP)/portal-npm)
endif
ifeq ($(wildcard e2e/node_modules/.package-lock.json),)
$(shell rm -f $(STAMP)/e2e-npm)
endif
ifneq ($(words $(TEMPL)),$(words $(wildcard $(TEMPL:.templ=_templ.go))))
$(shell rm -f $(STAMP)/templ)
endif

generate: $(STAMP)/templ $(STAMP)/portal-dist $(STAMP)/paper-dist

# ---- build

build: bin/jisr

# Go itself knows best what has changed, so it is always asked; unchanged, that takes a fraction of a second.
bin/jisr: generate FORCE | go
	@[[ -n $$(ls cmd/jisr/*.go 2>/dev/null) ]] || { echo "jisr: cmd/jisr has no Go files yet; nothing to build" >&2; exit 1; }
	@mkdir -p bin
	@go build -o bin/jisr ./cmd/jisr

# ---- test

test: test-go test-e2e

# jisr bench and its like never run here: no unit test is timed.
test-go: generate | go
	@bash paper/system.sh
	@echo "jisr: go test"
	go test -vet=all -shuffle=on -timeout 20m $(TESTFLAGS) $$(go list ./... | grep -v /e2e$$)
	@echo "jisr: go test of whole processes: kill -9, cut and slow roads, alone on the machine"
	go test -vet=all -shuffle=on -timeout 20m $(TESTFLAGS) ./e2e

# One file after the other: each starts two nodes and a browser, and two cores carry no more at a time.
test-e2e: bin/jisr $(STAMP)/e2e-npm | node
	@bash e2e/system.sh
	@echo "jisr: browser tests"
	cd e2e && node --test --test-reporter=spec --test-concurrency=1 --test-timeout=300000 *.test.mjs

# ---- check

check: check-format check-generated check-vet check-lint check-tree check-modules check-vulnerabilities
	@echo "jisr: check passed"

check-format: | go
	@echo "jisr: format"
	@bad=$$(find . -name node_modules -prune -o -name '*.go' ! -name '*_templ.go' -print0 | xargs -0 -r gofmt -l -s); \
	[[ -z $$bad ]] || { printf 'jisr: not in gofmt -s form (make fmt):\n%s\n' "$$bad" >&2; exit 1; }

# Generating must change no file under version control, and none of what is generated may be under it.
check-generated: generate
	@echo "jisr: generated files"
	@bash .ci/generated

check-vet: generate
	@echo "jisr: vet"
	@go vet ./...

check-lint: generate
	@echo "jisr: staticcheck"
	@go tool staticcheck ./...

check-tree: generate
	@echo "jisr: the tree's rules and the words"
	@go test -run '^TestTree|^TestDoc' .
	@if [[ -n $$(ls words/*.go 2>/dev/null) ]]; then go test ./words; else echo "jisr: words has no Go files yet"; fi

check-modules: generate
	@echo "jisr: modules"
	@go mod verify
	@go mod tidy -diff || { echo "jisr: go.mod or go.sum is not as 'go mod tidy' leaves it (above)" >&2; exit 1; }

check-vulnerabilities: generate
	@echo "jisr: known vulnerabilities"
	@bash .ci/vulnerabilities

# ---- the rest

demo: bin/jisr
	@exec bin/jisr demo $(DEMOFLAGS)

bench: bin/jisr
	@exec bin/jisr bench $(BENCHFLAGS)

fuzz: generate
	@bash .ci/fuzz $(FUZZTIME)

screenshots: bin/jisr $(STAMP)/e2e-npm
	@bash e2e/system.sh
	@cd e2e && node screenshots.mjs

fmt: | go
	@find . -name node_modules -prune -o -name '*.go' ! -name '*_templ.go' -print0 | xargs -0 -r gofmt -w -s
	@$(if $(TEMPL),go tool templ fmt -log-level warn $(TEMPL),true)

clean:
	rm -rf bin $(STAMP) portal/dist portal/node_modules paper/dist paper/node_modules e2e/node_modules e2e/shots
	find . -name node_modules -prune -o -name '*_templ.go' -print0 | xargs -0 -r rm -f
