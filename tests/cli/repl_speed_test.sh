#!/usr/bin/env bash
# How long a person waits at the prompt. Not under a sanitizer, where all is slow.
. tests/cli/check.sh
needs_prompt
needs_terminal

case "$LUNETTE" in
*/asan/* | */tsan/*)
    echo "skipped: the prompt's speed, which is not the program's under a sanitizer"
    echo "0 passed, 0 failed, 1 skipped"
    ;;
*) python3 -B tests/cli/repl_speed.py "$LUNETTE" "$WORK" ;;
esac
