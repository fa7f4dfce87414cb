#!/bin/sh
# Builds the container image of the edge with what this host has: docker, podman or buildah.
#
#     scripts/make-image.sh              compiles in the image; several minutes, about 2 GB of memory
#     scripts/make-image.sh PROGRAM      takes a program that was built with --static-swift-stdlib ('make static')
#
# The program in it is stripped. Of a PROGRAM the debug symbols are left in .build/tailwart-image.debug; of one that is compiled in the image
# they are the target 'debug' of the Dockerfile.
#
# TAG names the image, 'tailwart:VERSION' and 'tailwart:latest' by default. TOOL says which program builds it. SAVE names a file for it, which
# 'docker load' reads.
set -eu
here=$PWD
cd "$(dirname "$0")/.."

fail() {
    echo "image: $*" >&2
    exit 1
}

tool=${TOOL:-}
if [ -z "$tool" ]; then
    for tool in docker podman buildah none; do
        # A docker without its engine builds nothing.
        case $tool in
        docker) docker info >/dev/null 2>&1 && break ;;
        none) fail "there is no docker with a running engine, no podman and no buildah" ;;
        *) command -v $tool >/dev/null && break ;;
        esac
    done
fi

version=$(sed -n 's/^ *version: "\([0-9][0-9.]*\)".*/\1/p' Sources/TailwartControl/Version.swift)
tags="--tag ${TAG:-tailwart:$version}"
[ -n "${TAG:-}" ] || tags="$tags --tag tailwart:latest"

# podman and buildah write OCI images by default, which have no health check. Docker before 23, as in Debian 12, builds without BuildKit unless it is
# told to, and then does not know 'RUN --mount'.
case $(basename "$tool") in
docker) build="env DOCKER_BUILDKIT=1 $tool build" ;;
*) build="$tool build --format docker" ;;
esac

if [ $# = 0 ]; then
    set -- --file deploy/edge/Dockerfile --build-arg "TAILWART_COMMIT=${TAILWART_COMMIT:-unknown}"
    # docker finds the file by its name.
    [ "$(basename "$tool")" = docker ] || set -- "$@" --ignorefile deploy/edge/Dockerfile.dockerignore
    context=.
else
    case $1 in /*) program=$1 ;; *) program=$here/$1 ;; esac
    [ -x "$program" ] || fail "there is no program '$program'; 'make static' builds one"
    ! ldd "$program" | grep -q libswift || fail "'$program' needs the Swift runtime; build it with --static-swift-stdlib"
    context=$(mktemp -d)
    trap 'rm -rf "$context"' EXIT
    trap 'exit 130' HUP INT TERM
    scripts/strip-program.sh "$program" "$context"
    mkdir -p .build && mv "$context/tailwart.debug" .build/tailwart-image.debug
    set -- --file deploy/edge/Dockerfile.prebuilt
fi

# What the Dockerfiles cannot know.
created=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%Y-%m-%dT%H:%M:%SZ)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
for label in "version=$version" "revision=$revision" "created=$created"; do set -- "$@" --label "org.opencontainers.image.$label"; done

echo "image: $tool builds ${TAG:-tailwart:$version}"
$build "$@" $tags "$context"

if [ -n "${SAVE:-}" ]; then
    case $(basename "$tool") in
    buildah) "$tool" push --quiet "${TAG:-tailwart:$version}" "docker-archive:$SAVE:${TAG:-tailwart:$version}" >/dev/null ;;
    *) "$tool" save --output "$SAVE" "${TAG:-tailwart:$version}" ;;
    esac
fi
