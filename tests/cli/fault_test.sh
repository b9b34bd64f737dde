# Against a server that misbehaves on demand: attempts, errors, and what is never done twice. And how
# --aws is chosen.
. tests/cli/check.sh

unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_MAX_ATTEMPTS \
    AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_DYNAMODB AWS_DEFAULT_REGION
export HOME="$WORK" AWS_REGION=eu-west-1

refuses "--aws and --store exclude each other" run --aws --store "$WORK/store" x.lua
refuses "--aws and --bucket exclude each other" run --aws --bucket b x.lua
echo 'return 0' >"$WORK/empty.lua"
run run --aws "$WORK/empty.lua" </dev/null
expect "without credentials it fails" 1 "$status"
contains "and says what to set" "AWS_ACCESS_KEY_ID" "$err"

python3 tests/fault/server.py "$WORK/port" 2>"$WORK/server.log" &
server=$!
trap 'kill $server' EXIT
wait_for_file "$WORK/port"

export AWS_ACCESS_KEY_ID=AKID AWS_SECRET_ACCESS_KEY=secret
AWS_ENDPOINT_URL="http://127.0.0.1:$(cat "$WORK/port")"
export AWS_ENDPOINT_URL
# What Lambda sets, for the trace id.
_X_AMZN_TRACE_ID='Root=1-a;Parent=b c;Sampled=1;Lineage=a:1|b' AWS_LAMBDA_FUNCTION_NAME=f \
    run run --aws tests/lua/harness.lua tests/fault/faults.lua </dev/null
sed '$d' <<<"$out"
numbers=($(tail -n 1 <<<"$out" | grep -oE '[0-9]+'))
passed=$((passed + ${numbers[0]:-0})) failed=$((failed + ${numbers[1]:-1}))

# Every fault with much time and with little, side by side.
for ms in 10000 1000; do
    FAULT_MS=$ms "$LUNETTE" run --aws tests/lua/harness.lua tests/fault/table.lua \
        >"$WORK/table.$ms" 2>&1 </dev/null &
    tables+=($!)
done
wait "${tables[@]}"
for ms in 10000 1000; do
    sed '$d' "$WORK/table.$ms"
    numbers=($(tail -n 1 "$WORK/table.$ms" | grep -oE '[0-9]+'))
    passed=$((passed + ${numbers[0]:-0})) failed=$((failed + ${numbers[1]:-1}))
done
tally
