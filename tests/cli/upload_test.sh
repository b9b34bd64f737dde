# Puts in parts against a server that misbehaves: what is there is completed, or removed.
. tests/cli/check.sh

unset AWS_SESSION_TOKEN AWS_PROFILE AWS_MAX_ATTEMPTS AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_DYNAMODB
export HOME="$WORK" AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=AKID AWS_SECRET_ACCESS_KEY=secret

python3 tests/fault/server.py "$WORK/port" 2>"$WORK/server.log" &
server=$!
trap 'kill $server' EXIT
wait_for_file "$WORK/port"
AWS_ENDPOINT_URL="http://127.0.0.1:$(cat "$WORK/port")"
export AWS_ENDPOINT_URL LUNETTE_S3_MULTIPART_BYTES=5242880 LUNETTE_LOG_LEVEL=warn

run run --aws tests/lua/harness.lua tests/fault/uploads.lua </dev/null
sed '$d' <<<"$out"
numbers=($(tail -n 1 <<<"$out" | grep -oE '[0-9]+'))
passed=$((passed + ${numbers[0]:-0})) failed=$((failed + ${numbers[1]:-1}))

# log SCENARIO: the methods that the server saw
log() {
    python3 - "$1" <<'PY'
import os
import sys
import urllib.request
lines = urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/log/" + sys.argv[1]).read()
print(" ".join(sorted({line.split()[0] for line in lines.decode().splitlines()})))
PY
}

# upload SCENARIO [SECONDS]: a function that has one second for it, or so many
upload() {
    cat >"$WORK/handler.lua" <<LUA
return function()
  require "s3".put { bucket = "faults", key = "$1", body = ("x"):rep(6 * 1024 * 1024) }
end
LUA
    run invoke --aws --timeout "${2:-1}" --handler "$WORK/handler.lua" <<<'{}'
}

# A busy machine may need more than a second until the parts are on their way, and more than there is
# left at the end to remove them.
for seconds in 1 5 20; do
    upload up-hang-deadline-$seconds $seconds
    [ "$(log up-hang-deadline-$seconds)" != "DELETE POST PUT" ] || break
done
expect "a function whose time is up fails" 1 "$status"
contains "and says why" deadline "$out$err"
expect "the parts are removed all the same" "DELETE POST PUT" "$(log up-hang-deadline-$seconds)"

for seconds in 1 5 20; do
    upload up-hang-stuck-$seconds $seconds
    [[ $err != *"U/1+2"* ]] || break
done
contains "what can't be removed is in the log" "may be left in S3" "$err"
contains "with its name" "U/1+2" "$err"

upload_to_mute() { upload "up-hang-mute-$try"; }
# It has the function's second; with one of its own for the abort it would take two.
soon "a server that does not answer is not waited for" 1700 upload_to_mute
contains "and that is said" "may be left in S3" "$err"

LUNETTE_S3_MULTIPART_BYTES=5242879 refuses LUNETTE_S3_MULTIPART_BYTES run --aws "$WORK/none.lua"
tally
