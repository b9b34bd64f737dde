#!/usr/bin/env bash
# Pictures in a terminal: the bytes that reach it, for each of the three ways that there are, and
# which way is taken. The terminal is Python's, for one that shows text keeps nothing of them.
. tests/cli/check.sh
needs_prompt
needs_terminal

python3 -B tests/cli/repl_pictures.py "$LUNETTE" "$SAMPLES" "$WORK"
