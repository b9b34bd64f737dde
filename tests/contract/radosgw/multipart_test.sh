# Puts in parts, and that those which were stopped have left none.
. tests/cli/check.sh

# In parts of 5 MiB, the smallest that S3 takes.
LUNETTE_S3_MULTIPART_BYTES=5242880 timeout 120 "$LUNETTE" run --aws tests/lua/harness.lua \
    tests/contract/radosgw/multipart.lua >"$WORK/lua" 2>&1 </dev/null
sed '$d' "$WORK/lua"
numbers=($(tail -n 1 "$WORK/lua" | grep -oE '[0-9]+'))
passed=$((passed + ${numbers[0]:-0})) failed=$((failed + ${numbers[1]:-1}))

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
expect "uploads that are left" 0 "$(uploads)"

# At the deadline, too: parts over a slow line would go on for longer than the function may.
cat >"$WORK/handler.lua" <<'LUA'
return function()
  local body = ("x"):rep(200 * 1024 * 1024)
  for i = 1, 100 do require "s3".put { bucket = "uploads", key = "deadline", body = body } end
end
LUA
run invoke --aws --timeout 2 --memory 2048 --handler "$WORK/handler.lua" <<<'{}'
expect "the time is too short" 1 "$status"
contains "and that is said" deadline "$out$err"
expect "uploads that are left at the deadline" 0 "$(uploads)"
tally
