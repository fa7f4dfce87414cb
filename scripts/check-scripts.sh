#!/bin/sh
# Checks the syntax of every shell and Python script in the repository, without running it.
set -eu
cd "$(dirname "$0")/.."

status=0
checked=0
for file in $(git ls-files --cached --others --exclude-standard 2>/dev/null || find . -type f -not -path '*/.build*/*'); do
    [ -f "$file" ] || continue
    case $file in
    *.swift | *.md | *.yaml) continue ;;
    esac
    first=$(head -c 100 "$file" | tr -d '\0' | head -n 1)
    case $file:$first in
    *'#!'*bash*) bash -n "$file" || status=1 ;;
    *'#!'*/sh*) sh -n "$file" || status=1 ;;
    *.py:* | *'#!'*python3*)
        command -v python3 >/dev/null || continue
        python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$file" || status=1
        ;;
    *) continue ;;
    esac
    checked=$((checked + 1))
done
[ $status = 0 ] && echo "check: the syntax of $checked scripts is right"
exit $status
