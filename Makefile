# Every target does its own set-up. `make help` lists them.

# Read by Package.swift for `tailwart version`; it rebuilds one small C file when it changes.
export TAILWART_COMMIT := $(or $(shell git describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null),unknown)

.DEFAULT_GOAL := help
.PHONY: help build static portable portable-arm64 try test check verify check-deploy bench deb release image format docs
# Two programs share .build-static.
.NOTPARALLEL:

SWIFT_FILES := Package.swift Sources Tests
# A release has arm64 where this was made.
SDK := .build/swift-sdks/tailwart-arm64.artifactbundle
ARM64 := $(if $(wildcard $(SDK)),.build-arm64/portable/tailwart)
TRY_TIME := about 4 minutes on two cores, later seconds
BUILD := swift build -c release --product tailwart

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

build: ## build the program: .build/release/tailwart; to give away: .build/stripped/tailwart
	@scripts/setup.sh build
	$(BUILD)
	@scripts/strip-program.sh .build/release/tailwart .build/stripped

static: ## build with the Swift runtime in it: .build-static/stripped/tailwart
	@scripts/setup.sh build
	$(BUILD) --static-swift-stdlib --scratch-path .build-static
	@scripts/strip-program.sh .build-static/release/tailwart .build-static/stripped

portable: ## build one file that runs on any Linux: .build-static/portable/tailwart
	@scripts/setup.sh portable
	TAILWART_PORTABLE="$$(pkg-config --static --libs-only-l openssl libcares yaml-0.1)" \
		$(BUILD) --static-swift-stdlib --disable-local-rpath --scratch-path .build-static
	@scripts/strip-program.sh .build-static/release/tailwart .build-static/portable

portable-arm64: ## cross-compile the one file for arm64 on amd64, with Debian's packages (530 MB): .build-arm64/portable/tailwart
	@scripts/make-sdk.sh
	@scripts/setup.sh arm64
	export PKG_CONFIG_PATH=$(CURDIR)/$(SDK)/root/usr/lib/aarch64-linux-gnu/pkgconfig PKG_CONFIG_SYSROOT_DIR=$(CURDIR)/$(SDK)/root; \
		TAILWART_PORTABLE="$$(pkg-config --static --libs-only-l openssl libcares yaml-0.1)" \
		$(BUILD) --swift-sdks-path $(dir $(SDK)) --swift-sdk tailwart-arm64 --static-swift-stdlib --disable-local-rpath --scratch-path .build-arm64
	@scripts/strip-program.sh .build-arm64/release/tailwart .build-arm64/portable

# Without the optimizer, which takes most of the time of 'make build' and is not needed for a look; what is built already is used.
try: ## build quickly and run the edge in front of a sandbox mailbox; ARGS=--selftest checks it and ends
	@echo "try: 1 of 3: the Debian packages that the build needs (the first time 80 MB, about a minute)"
	@scripts/setup.sh build
	@echo "try: 2 of 3: swift-argument-parser and swift-nio (the first time 60 MB from GitHub), and compiling ($(TRY_TIME))"
	@if [ -x .build/release/tailwart ]; then $(BUILD); else swift build --product tailwart; fi
	@echo "try: 3 of 3: starting"
	@if [ -x .build/release/tailwart ]; then exec .build/release/tailwart try $(ARGS); else exec .build/debug/tailwart try $(ARGS); fi

test: ## run all tests, also those with real mail servers, which it installs
	@scripts/setup.sh test
	@scripts/test.sh

check: ## check the format of the code, the scripts and the links in the documentation
	swift format lint --strict --parallel --recursive $(SWIFT_FILES)
	@scripts/check-scripts.sh
	@scripts/check-docs.sh
	@scripts/check-deploy.sh files

verify: ## check the model of the handover with SPIN; half a minute
	@scripts/setup.sh verify
	@Verify/run

check-deploy: portable static $(if $(ARM64),portable-arm64) ## prove deploy/ in chroots, containers and on an engine, as root; about 11 minutes after the build
	@scripts/setup.sh deploy
	scripts/check-deploy.sh files
	scripts/check-deploy.sh portable .build-static/portable/tailwart
	$(if $(ARM64),scripts/check-deploy.sh arm64 $(ARM64))
	scripts/check-deploy.sh release .build-static/stripped/tailwart
	for part in package service image; do scripts/check-deploy.sh $$part .build-static/stripped/tailwart .build-static/portable/tailwart || exit 1; done
	scripts/check-deploy.sh engine .build-static/portable/tailwart

deb: static ## make the Debian package: .build/tailwart_*.deb
	@scripts/setup.sh deb
	scripts/make-deb.sh .build-static/stripped/tailwart

release: static portable $(if $(ARM64),portable-arm64) ## make all that a release gives away; KEY=FINGERPRINT signs it, see scripts/make-release.sh
	@scripts/setup.sh release
	scripts/make-release.sh .build-static/stripped/tailwart .build-static/portable/tailwart $(ARM64)

image: ## build the container image with docker, podman or buildah; BINARY=PATH takes a compiled program
	scripts/make-image.sh $(BINARY)

bench: ## measure Tailwart beside other proxies
	@scripts/setup.sh bench
	$(BUILD)
	Benchmarks/run

format: ## format the code
	swift format format --in-place --parallel --recursive $(SWIFT_FILES)

docs: ## check that every link in the documentation leads somewhere
	@scripts/check-docs.sh
