# What the tests of the command line share: `. tests/cli/check.sh`, checks, then `tally`.
#
# LUNETTE is the program, WORK an empty folder; both come from tests/run.
set -u
passed=0 failed=0

# run ARGUMENT...: the program; leaves $status, $out and $err. Standard input is the caller's.
run() {
    "$LUNETTE" "$@" >"$WORK/out" 2>"$WORK/err"
    status=$?
    out=$(cat "$WORK/out") err=$(cat "$WORK/err")
}

# expect WHAT WANTED GOT
expect() {
    if [ "$3" = "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n  expected %s\n  got      %s\n' "$1" "$2" "$3"
    fi
}

# contains WHAT WANTED TEXT: plain text somewhere in the text
contains() {
    if [[ "$3" == *"$2"* ]]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n  expected to find %s\n  in %s\n' "$1" "$2" "$3"
    fi
}

# refuses WANTED ARGUMENT...: exit status 2, nothing on standard output, one line with that text
refuses() {
    local wanted=$1
    shift
    run "$@" </dev/null
    expect "exit status of: $*" 2 "$status"
    expect "output of: $*" "" "$out"
    expect "lines of: $*" 1 "$(wc -l <"$WORK/err" | tr -d ' ')"
    contains "complaint of: $*" "$wanted" "$err"
}

# soon WHAT MILLISECONDS COMMAND...: a check that it ends within them. What a busy machine takes is
# not the program's, so one run of five has to; $try numbers them.
soon() {
    local what=$1 most_ms=$2 took_ms began
    shift 2
    for try in 1 2 3 4 5; do
        began=$(date +%s%N)
        "$@"
        took_ms=$((($(date +%s%N) - began) / 1000000))
        [ "$took_ms" -gt "$most_ms" ] || break
    done
    expect "$what" yes "$([ "$took_ms" -le "$most_ms" ] && echo yes || echo "after $took_ms ms")"
}

# wait_for_file FILE: until it is there; ends the test when that takes far too long
wait_for_file() {
    local i
    for ((i = 0; i < 1200; i++)); do
        [ ! -e "$1" ] || return 0
        sleep 0.1
    done
    echo "FAILED: nobody has made $1"
    echo "$passed passed, $((failed + 1)) failed"
    exit 1
}

# needs_prompt: ends the test, as skipped, where the program is built without `repl` and `test`
needs_prompt() {
    if [[ "$("$LUNETTE" repl --help 2>&1 </dev/null)" == *"there is no command"* ]]; then
        echo "skipped: the prompt, without which this program is built"
        echo "0 passed, 0 failed, 1 skipped"
        exit 0
    fi
}

# needs_terminal: ends the test, as skipped, on a machine that gives nobody a terminal
needs_terminal() {
    local why
    if ! why=$(python3 -c 'import pty; pty.openpty()' 2>&1); then
        echo "skipped: what a terminal shows: no pseudo-terminal is to be had here (${why##*$'\n'})"
        echo "0 passed, 0 failed, 1 skipped"
        exit 0
    fi
}

tally() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
