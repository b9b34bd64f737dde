# Pictures are handed out on a machine with one processor, too: nobody there waits for a thread that
# is not to be had.
. tests/cli/check.sh

first=$(taskset -cp $$ | sed -E 's/.*: ([0-9]+).*/\1/')
out=$(taskset -c "$first" timeout 1200 "$LUNETTE" run --store "$WORK/store" \
    tests/lua/harness.lua tests/lua/image_deliver_test.lua 2>&1)
contains "on one processor" ", 0 failed, 0 skipped" "$out"
tally
