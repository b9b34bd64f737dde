# What a script logs arrives on standard error, one line each, in the format and from the level that
# the environment asks for.
set -u
passed=0 failed=0

# expect WHAT WANTED GOT, timestamps left out
expect() {
    local got
    got=$(sed -E 's/[0-9-]{10}T[0-9:.]{12}Z/TIME/' <<<"$3")
    if [ "$got" = "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n  expected %s\n  got      %s\n' "$1" "$2" "$got"
    fi
}

cat >"$WORK/script.lua" <<'LUA'
local log = require "log"
log.debug("hidden")
log.info("resized", { key = "a b.jpg", ms = 12, sizes = { 1, 2 }, api_token = "hush",
  nested = { password = "hush" }, odd = 0 / 0 > 0 })
log.append { tenant = "acme" }
log.warn("line\nbreak")
LUA

run() { env -u AWS_LAMBDA_RUNTIME_API "$@" "$LUNETTE" run "$WORK/script.lua" 2>&1; }

expect "text" \
    $'[INFO]\tTIME\tresized api_token=*** key="a b.jpg" ms=12 nested={"password":"***"} odd=false sizes=[1,2]
[WARN]\tTIME\tline\\nbreak tenant=acme' \
    "$(run LUNETTE_LOG_LEVEL=info AWS_LAMBDA_LOG_FORMAT=Text)"
expect "JSON" \
    '{"timestamp":"TIME","level":"WARN","message":"line\nbreak","tenant":"acme"}' \
    "$(run LUNETTE_LOG_LEVEL=warn AWS_LAMBDA_LOG_FORMAT=JSON)"
expect "off" '' "$(run LUNETTE_LOG_LEVEL=off)"
expect "a level that does not exist is named" 1 \
    "$(run LUNETTE_LOG_LEVEL=loud | grep -c "environment variable LUNETTE_LOG_LEVEL is 'loud'")"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
