#!/bin/sh
# Checks that every relative link in README.md, docs/ and the other Markdown files leads to a file that is there.
set -eu
cd "$(dirname "$0")/.."

status=0
checked=0
for page in $(git ls-files --cached --others --exclude-standard -- '*.md' 2>/dev/null || find . -name '*.md' -not -path '*/.build*/*'); do
    [ -f "$page" ] || continue
    # [text](target "title") and [text](target#heading); code blocks are not links.
    links=$(awk '/^ *```/ { code = !code } !code' "$page" | sed 's/`[^`]*`//g' |
        grep -oE '\]\([^) ]+' | sed -e 's/^](//' -e 's/#.*//' || true)
    for link in $links; do
        case $link in
        *://* | mailto:*) continue ;;
        /*) target=.$link ;;
        *) target=$(dirname "$page")/$link ;;
        esac
        checked=$((checked + 1))
        if [ ! -e "$target" ]; then
            echo "$page: the link to '$link' leads nowhere" >&2
            status=1
        fi
    done
done
[ $status = 0 ] && echo "check: $checked links in the documentation lead somewhere"
exit $status
