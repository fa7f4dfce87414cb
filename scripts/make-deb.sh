#!/bin/sh
# Makes the Debian package of a program that was built with --static-swift-stdlib ('make deb' does both), or of the one file of
# 'make portable':
#
#     scripts/make-deb.sh PROGRAM [FOLDER]
#
# Leaves FOLDER/tailwart_VERSION_ARCHITECTURE.deb, in .build by default, and prints its path as the last line. Beside it lies the same with
# .debug: the symbols, for /usr/lib/debug/usr/bin/tailwart.debug. The same input makes the same package, byte for byte. DEB_VERSION overrules the
# version, for instance 0.1.0-1~rc1; DEBFULLNAME and DEBEMAIL say who made it.
set -eu
here=$PWD
cd "$(dirname "$0")/.."

say() { echo "deb: $*" >&2; }
fail() { say "$*" && exit 1; }
absolute() { case $1 in /*) echo "$1" ;; *) echo "$here/$1" ;; esac; }

if [ $# -lt 1 ]; then
    echo "usage: scripts/make-deb.sh PROGRAM [FOLDER]" >&2
    exit 2
fi
program=$(absolute "$1")
output=$(absolute "${2:-$PWD/.build}")

[ -x "$program" ] || fail "there is no program '$program'; 'make deb' builds it"
for tool in dpkg-deb dpkg-shlibdeps ldd objcopy gzip python3; do
    command -v "$tool" >/dev/null || fail "'$tool' is missing; apt-get install dpkg-dev binutils gzip python3"
done

# Of the sources, and the program must say the same: an old build must not travel under a new number.
version=$(sed -n 's/^ *version: "\([0-9][0-9.]*\)".*/\1/p' Sources/TailwartControl/Version.swift)
[ -n "$version" ] || fail "no version in Sources/TailwartControl/Version.swift"
built=$("$program" version | sed -n '1s/^tailwart \([^ ]*\) .*/\1/p')
[ "$built" = "$version" ] || fail "'$program' is version '$built', the sources are $version; build it anew"
if ldd "$program" | grep -q 'libswift\|libFoundation'; then
    fail "'$program' needs the Swift runtime, which Debian does not have; build it with --static-swift-stdlib"
fi

# Nothing, if it is the one file of 'make portable'.
needs=$(readelf --dynamic --wide "$program" | grep NEEDED || true)

# The time that everything in the package bears.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
deb_version=${DEB_VERSION:-$version-1}
architecture=$(dpkg --print-architecture)
maintainer="${DEBFULLNAME:-The Tailwart project} <${DEBEMAIL:-tailwart@localhost}>"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' HUP INT TERM
root=$folder/root
umask 022

# put MODE SOURCE TARGET: a folder at the end of TARGET is made.
put() { install -D -m "$1" "$2" "$root$3"; }
# compressed TARGET: standard input, as Debian keeps its documents.
compressed() {
    mkdir -p "$root$(dirname "$1")"
    gzip -9 -n >"$root$1"
    chmod 644 "$root$1"
}

scripts/strip-program.sh "$program" "$folder/stripped"
put 755 "$folder/stripped/tailwart" /usr/bin/tailwart
put 644 deploy/debian/default /etc/default/tailwart
mkdir -p "$root/etc/tailwart"
put 644 deploy/systemd/tailwart.service /usr/lib/systemd/system/tailwart.service
put 644 deploy/systemd/sysusers.conf /usr/lib/sysusers.d/tailwart.conf
put 644 deploy/systemd/tmpfiles.conf /usr/lib/tmpfiles.d/tailwart.conf
put 644 deploy/systemd/sysctl.conf /usr/lib/sysctl.d/50-tailwart.conf
for file in action.d/tailwart.conf filter.d/tailwart.conf filter.d/tailwart-postfix.conf; do
    put 644 "deploy/fail2ban/$file" "/etc/fail2ban/$file"
done

documents=/usr/share/doc/tailwart
# What the program knows of itself: 'tailwart install' writes the same.
made=$folder/made/usr/local/share
mkdir "$folder/made"
"$program" install --root "$folder/made" >"$folder/install.log" || fail "the program does not write its manual pages"
for page in tailwart.1 tailwart.yaml.5; do
    compressed "/usr/share/man/man${page##*.}/$page.gz" <"$made/man/man${page##*.}/$page"
done
# The whole documentation as it lies here, so that its links lead somewhere; for that reason it is not compressed. Of a clone, what git has: an .env
# with secrets may lie beside it.
files=$(git ls-files --cached -- docs examples deploy 2>/dev/null || find docs examples deploy -type f ! -name .env)
for file in README.md CONTRIBUTING.md SECURITY.md NOTICE tailwart.schema.json $files; do
    case $file in deploy/debian/* | deploy/man/*) continue ;; esac
    put 644 "$file" "$documents/$file"
done
scripts/make-notice.py "$([ -n "$needs" ] && echo debian || echo portable)" >"$folder/copyright"
put 644 "$folder/copyright" $documents/copyright
compressed $documents/changelog.gz <CHANGELOG.md
{
    echo "tailwart ($deb_version) unstable; urgency=medium"
    echo
    echo "  * Built from $("$program" version | head -n 1)."
    echo
    echo " -- $maintainer  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | compressed $documents/changelog.Debian.gz

put 644 "$made/bash-completion/completions/tailwart" /usr/share/bash-completion/completions/tailwart
put 644 "$made/zsh/site-functions/_tailwart" /usr/share/zsh/vendor-completions/_tailwart
put 644 "$made/fish/vendor_completions.d/tailwart.fish" /usr/share/fish/vendor_completions.d/tailwart.fish

put 644 deploy/debian/lintian-overrides /usr/share/lintian/overrides/tailwart
if [ -z "$needs" ]; then
    printf '%s\n' "# The program of 'make portable' has all libraries in it." 'tailwart: embedded-library *' 'tailwart: shared-library-lacks-prerequisites *' \
        >>"$root/usr/share/lintian/overrides/tailwart"
fi

# dpkg-shlibdeps knows which packages, from which version on, have what the program asks for. It wants a source package around it.
mkdir -p "$folder/debian" "$root/DEBIAN"
printf 'Source: tailwart\n\nPackage: tailwart\nArchitecture: any\n' >"$folder/debian/control"
depends=
if [ -n "$needs" ]; then
    depends=$(cd "$folder" && dpkg-shlibdeps -O "$root/usr/bin/tailwart" | sed -n 's/^shlibs:Depends=//p')
    [ -n "$depends" ] || fail "dpkg-shlibdeps found no libraries"
    depends="$depends, "
fi
depends="${depends}systemd-standalone-sysusers | systemd-sysusers | systemd"

size=$(du -k -s --apparent-size --exclude=DEBIAN "$root" | cut -f 1)
sed -e "s/@VERSION@/$deb_version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$size/" -e "s/@DEPENDS@/$depends/" -e "s/@MAINTAINER@/$maintainer/" \
    deploy/debian/control.in >"$root/DEBIAN/control"
cp deploy/debian/conffiles "$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do install -m 755 "deploy/debian/$script" "$root/DEBIAN/$script"; done
(cd "$root" && find usr -type f -exec md5sum {} + | sort -k 2) >"$root/DEBIAN/md5sums"

# Everything with one time: what was made a second later must not make another package.
find "$root" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$output"
package=$output/tailwart_${deb_version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$package" >&2
cp "$folder/stripped/tailwart.debug" "${package%.deb}.debug"
say "$(du -k "$package" | cut -f 1) kB; installed $size kB; depends on $depends"
echo "$package"
