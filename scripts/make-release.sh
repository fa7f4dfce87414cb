#!/bin/sh
# Makes what a release gives away, of programs that are built ('make release' builds them):
#
#     scripts/make-release.sh PROGRAM [ONE-FILE [ONE-FILE-FOR-ARM64]]
#
# PROGRAM was built with --static-swift-stdlib ('make static'), ONE-FILE by 'make portable', that for arm64 by 'make portable-arm64'. Where Debian 12
# cannot run PROGRAM, package and image have ONE-FILE in them. Leaves in .build/releases/VERSION, or in FOLDER:
#
#     tailwart-VERSION-linux-ARCHITECTURE[.debug]            the one file, stripped, and its debug symbols
#     tailwart-VERSION-linux-ARCHITECTURE.tar.xz             the same with documents, licences, manual pages, completions, unit
#     tailwart_VERSION-1_ARCHITECTURE.deb, .debug            the Debian package, and the symbols of the program in it
#     tailwart-VERSION-image-ARCHITECTURE.tar.gz             the container image, if there is something here that builds one
#     *.cdx.json                                             the SBOM of each program, CycloneDX
#     SHA256SUMS, SHA256SUMS.asc                             check sums of all, and the signature on them
#     apt                                                    an apt repository, for any host that serves files
#
# KEY is the fingerprint of a key that gpg has, of whoever releases; without one nothing is signed, which is a rehearsal and no release. A release
# wants a clean tree, a version in CHANGELOG.md, and DEBEMAIL (and DEBFULLNAME), the address that the package bears. APT names a copy of the
# repository so far, to which this version is added. The version is that of Sources/TailwartControl/Version.swift and of nowhere else.
set -eu
here=$PWD
cd "$(dirname "$0")/.."

say() { echo "release: $*" >&2; }
fail() { say "$*" && exit 1; }
absolute() { case $1 in /*) echo "$1" ;; *) echo "$here/$1" ;; esac; }

if [ $# -lt 1 ] || [ $# -gt 3 ]; then
    echo "usage: scripts/make-release.sh PROGRAM [ONE-FILE [ONE-FILE-FOR-ARM64]]" >&2
    exit 2
fi
program=$(absolute "$1")
portable=${2:+$(absolute "$2")}
foreign=${3:+$(absolute "$3")}
for tool in dpkg-deb dpkg-scanpackages apt-ftparchive gzip xz tar sha256sum python3 ${KEY:+gpg}; do
    command -v "$tool" >/dev/null || fail "'$tool' is missing; scripts/setup.sh release installs what this needs"
done
for file in "$program" ${portable:+"$portable"} ${foreign:+"$foreign"}; do [ -x "$file" ] || fail "there is no program '$file'; 'make static portable' builds both, 'make portable-arm64' that for arm64"; done

version=$(sed -n 's/^ *version: "\([0-9][0-9.]*\)".*/\1/p' Sources/TailwartControl/Version.swift)
[ -n "$version" ] || fail "no version in Sources/TailwartControl/Version.swift"
architecture=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

if [ -n "${KEY:-}" ]; then
    gpg --batch --list-secret-keys "$KEY" >/dev/null 2>&1 || fail "gpg has no secret key '$KEY'"
    [ -n "${DEBEMAIL:-}" ] || fail "DEBEMAIL is not set: the address of whoever releases, which the package bears"
    # REHEARSAL: the check of deploy/ signs with a key that nobody trusts.
    if [ -z "${REHEARSAL:-}" ]; then
        grep -q "^## \[$version\] - [0-9]*-[0-9]*-[0-9]*$" CHANGELOG.md || fail "CHANGELOG.md has no '## [$version] - DATE'; move there what is below Unreleased"
        [ -z "$(git status --porcelain)" ] || fail "the tree is not clean: git status"
    fi
else
    say "a rehearsal: nothing is signed, as no KEY is given"
fi
for file in "$program" ${portable:+"$portable"} ${foreign:+"$foreign"}; do
    built=$(scripts/program.sh run "$file" version | sed -n '1s/^tailwart \([^ ]*\) .*/\1/p')
    [ "$built" = "$version" ] || fail "'$file' is version '$built', the sources are $version; build it anew"
done

folder=$(absolute "${FOLDER:-$PWD/.build/releases/$version}")
rm -rf "$folder"
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
umask 022
# signed OPTIONS...: by the releaser's key.
signed() { gpg --batch --yes --local-user "$KEY" --armor "$@"; }

# make_package PROGRAM: makes the Debian package, and prints its path.
make_package() {
    made=$(scripts/make-deb.sh "$1" "$folder")
    scripts/make-sbom.py "$1" >"${made%.deb}.cdx.json"
    echo "$made"
}

# one_file PROGRAM PACKAGE: the one file, and the same with what the package has besides its program, in folders of their own.
one_file() {
    name=tailwart-$version-linux-$(scripts/program.sh architecture "$1")
    tree=$work/$name
    scripts/strip-program.sh "$1" "$work/stripped"
    dpkg-deb --extract "$2" "$work/$name.package"
    shared=$work/$name.package/usr/share
    mkdir -p "$tree/man" "$tree/completions"
    cp -R "$shared/doc/tailwart/." LICENSE LICENSES CHANGELOG.md "$tree"
    rm "$tree/copyright" "$tree/changelog.gz" "$tree/changelog.Debian.gz"
    for page in tailwart.1 tailwart.yaml.5; do gzip --decompress --stdout "$shared/man/man${page##*.}/$page.gz" >"$tree/man/$page"; done
    find "$shared" \( -path '*completion*/tailwart' -o -name _tailwart -o -name tailwart.fish \) -exec cp {} "$tree/completions" \;
    install "$work/stripped/tailwart" "$tree/tailwart"
    tar --create --sort=name --mtime "@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --directory "$work" "$name" | xz -6 >"$folder/$name.tar.xz"
    install "$work/stripped/tailwart" "$folder/$name"
    install -m 644 "$work/stripped/tailwart.debug" "$folder/$name.debug"
    scripts/make-sbom.py "$1" >"$folder/$name.cdx.json"
}

# ---- the Debian package and the one file
# Package and image are for Debian 12, too.
if [ -n "$portable" ] && ! newest=$(scripts/runs-in-debian.sh "$program"); then
    say "- package and image: with the one file in them. '$program' needs a newer C library than Debian 12 has ($newest)"
    program=$portable
fi
package=$(make_package "$program")
if [ -n "$portable" ]; then one_file "$portable" "$package"; else say "- no one file: none was given"; fi

# ---- the same for arm64
foreign_package=
if [ -n "$foreign" ]; then
    # Of the one file: the C libraries that it was linked with may be newer than those of the hosts that the package is for.
    foreign_package=$(make_package "$foreign")
    one_file "$foreign" "$foreign_package"
elif [ "$architecture" = amd64 ]; then
    say "- arm64: not made, no program for it was given; after 'make portable-arm64' here, 'make release' has it too"
fi

# ---- the image
image=$folder/tailwart-$version-image-$architecture.tar
if SAVE=$image scripts/make-image.sh "$program" >"$work/image.log" 2>&1; then
    gzip -n "$image"
    chmod 644 "$image.gz"
else
    rm -f "$image"
    say "- no image: $(tail -n 1 "$work/image.log")"
fi

# ---- the apt repository
apt=$folder/apt
if [ -n "${APT:-}" ]; then cp -R "$(absolute "$APT")" "$apt"; fi
mkdir -p "$apt/pool/main/t/tailwart"
cp "$package" ${foreign_package:+"$foreign_package"} "$apt/pool/main/t/tailwart/"
(
    cd "$apt"
    rm -rf dists
    architectures=$(find pool -name '*.deb' | sed 's/.*_\([a-z0-9]*\)\.deb$/\1/' | sort -u | tr '\n' ' ')
    for each in $architectures; do
        mkdir -p "dists/stable/main/binary-$each"
        dpkg-scanpackages --multiversion --arch "$each" pool 2>/dev/null >"dists/stable/main/binary-$each/Packages"
        gzip -9 -n --keep "dists/stable/main/binary-$each/Packages"
    done
    # Its date is when it was made: apt takes no older one in the place of a newer.
    apt-ftparchive -o APT::FTPArchive::Release::Origin=Tailwart -o APT::FTPArchive::Release::Label=Tailwart \
        -o APT::FTPArchive::Release::Suite=stable -o APT::FTPArchive::Release::Codename=stable \
        -o APT::FTPArchive::Release::Components=main -o "APT::FTPArchive::Release::Architectures=${architectures% }" \
        -o APT::FTPArchive::Release::Description="Tailwart, a mail edge" release dists/stable >"$work/Release"
    mv "$work/Release" dists/stable/Release
    if [ -n "${KEY:-}" ]; then
        signed --output dists/stable/InRelease --clear-sign dists/stable/Release
        signed --output dists/stable/Release.gpg --detach-sign dists/stable/Release
        gpg --batch --armor --export "$KEY" >tailwart.asc
    fi
)
chmod -R u=rwX,go=rX "$apt"

# ---- check sums and signature
(
    cd "$folder"
    find . -maxdepth 1 -type f ! -name 'SHA256SUMS*' | sed 's|^\./||' | sort | xargs sha256sum >"$work/SHA256SUMS"
    mv "$work/SHA256SUMS" SHA256SUMS
    if [ -n "${KEY:-}" ]; then signed --output SHA256SUMS.asc --detach-sign SHA256SUMS; fi
)
say "$(wc -l <"$folder/SHA256SUMS") files${KEY:+, signed by $KEY}, in:"
echo "$folder"
