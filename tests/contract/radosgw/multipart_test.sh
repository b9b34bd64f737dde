# Puts in parts, and that those which were stopped have left none.
. tests/cli/check.sh

uploads() {
    python3 - <<'PY'
import os
import sys
sys.path.insert(0, "tests/contract")
import signed
keys = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
answer = signed.send("GET", os.environ["AWS_ENDPOINT_URL"] + "/uploads?uploads=", "s3", keys)
assert b"<ListMultipartUploadsResult" in answer
print(answer.count(b"<Upload>"))
PY
}

# leaves_none COMMAND SECONDS...: the command, with one time after the other until it leaves nothing
# behind: a busy server may not answer an abort in the second, or the part of one, that it has.
leaves_none() {
    local command=$1 before left
    shift
    for seconds in "$@"; do
        before=$(uploads)
        "$command" "$seconds"
        left=$(($(uploads) - before))
        [ "$left" != 0 ] || break
    done
    expect "uploads that are left by $command" 0 "$left"
}

# In parts of 5 MiB, the smallest that S3 takes.
cancelled() {
    LUNETTE_S3_MULTIPART_BYTES=5242880 timeout "$1" "$LUNETTE" run --aws tests/lua/harness.lua \
        tests/contract/radosgw/multipart.lua >"$WORK/lua" 2>&1 </dev/null
}
leaves_none cancelled 600 600 600
sed '$d' "$WORK/lua"
numbers=($(tail -n 1 "$WORK/lua" | grep -oE '[0-9]+'))
passed=$((passed + ${numbers[0]:-0})) failed=$((failed + ${numbers[1]:-1}))

# At the deadline, too: parts over a slow line would go on for longer than the function may.
cat >"$WORK/handler.lua" <<'LUA'
return function()
  local body = ("x"):rep(200 * 1024 * 1024)
  for i = 1, 100 do require "s3".put { bucket = "uploads", key = "deadline", body = body } end
end
LUA
at_the_deadline() {
    run invoke --aws --timeout "$1" --memory 2048 --handler "$WORK/handler.lua" <<<'{}'
}
leaves_none at_the_deadline 2 4 8
expect "the time is too short" 1 "$status"
contains "and that is said" deadline "$out$err"
tally
