#!/usr/bin/env bash
# `lunette test`: the cases of the handler that is shipped, and what a case that fails says.
. tests/cli/check.sh
needs_prompt

unset LUNETTE_LOG_LEVEL
run test --handler scripts/handler.lua scripts/handler_test.lua
expect "the handler that is shipped passes" "0 6 passed, 0 failed" "$status $out"
expect "nothing is logged" "" "$err"

cd "$WORK" || exit 1
printf 'a file' >file.txt
cat >handler.lua <<'LUA'
local dynamodb, env, s3 = require "dynamodb", require "env", require "s3"
return function(event)
  if event.fail then error(event.fail) end
  if event.Records then return event.Records[1].s3.object.key end
  if event.rawPath then return { statusCode = 200, body = event.rawPath } end
  s3.put { bucket = "images", key = "out/1", body = "made", content_type = "text/plain" }
  dynamodb.put { table = "things", item = { id = "a", n = 1, list = { 1, 2 } } }
  return { word = env.get "WORD" or "none", more = { 1, 2 } }
end
LUA

# one_case BODY: a file with this one case
one_case() {
    printf 'test("it", function()\n%s\nend)\n' "$1" >one_test.lua
    run test one_test.lua
}
# passes BODY, fails BODY TEXT
passes() {
    one_case "$1"
    expect "$1" "0 1 passed, 0 failed" "$status $out"
}
fails() {
    one_case "$1"
    expect "status of: $1" 1 "$status"
    contains "$1" "$2" "$out"
}

begin='given.table { name = "things" } when.json {}'
passes "$begin expect.success() expect.writes(2)"
passes "$begin expect.result { more = { 1 } }"
passes "$begin expect.object { bucket = 'images', key = 'out/1', body = 'made', content_type = 'text/plain' }"
passes "$begin expect.object { bucket = 'images', pattern = '^out', max_bytes = 4 }"
passes "$begin expect.item { table = 'things', key = { id = 'a' }, item = { n = 1, list = { 1, 2 } } }"
passes "$begin expect.call { operation = 's3.put', place = 'images', key = 'out/1', times = 1 }"
passes "$begin expect.call { operation = 's3.get', times = 0 }"
passes "$begin expect.missing { bucket = 'images', key = 'out/2' }"
passes 'given.table { name = "things", keys = "id" } given.environment { WORD = "x" } when.json {} expect.result { word = "x" }'
passes 'given.object { bucket = "uploads", key = "a b.txt", file = "file.txt" } when.upload { key = "a b.txt" } expect.result "a+b.txt"'
passes 'given.object { bucket = "uploads", key = "k", body = "x" } when.deletion { key = "k" } expect.missing { bucket = "uploads", key = "k" }'
passes 'given.table { name = "things" } given.item { table = "things", item = { id = "b" } } expect.item { table = "things", key = { id = "b" } }'
passes 'when.request { path = "/x", method = "POST" } expect.result { body = "/x" }'
passes 'when.event("s3-put", { key = "k" }) expect.result "k"'
passes 'when.json { fail = "why" } expect.failure { message = "why" }'

fails "$begin expect.result { more = { 2 } }" 'one_test.lua:2: result.more[1]
  expected 2
  got      1'
fails "$begin expect.writes(3)" 'one_test.lua:2: writes
  expected 3
  got      2'
fails "$begin expect.object { bucket = 'images', key = 'none' }" "object images/none
  expected that it is there
  got      nothing"
fails "$begin expect.object { bucket = 'images', key = 'out/1', format = 'jpeg' }" "expected a picture"
fails "$begin expect.object { bucket = 'images', pattern = 'none' }" "got      nothing: out/1"
fails "$begin expect.object { bucket = 'images', key = 'out/1', max_bytes = 3 }" "expected at most 3 bytes"
fails "$begin expect.missing { bucket = 'images', key = 'out/1' }" "got      it is"
fails "$begin expect.item { table = 'things', key = { id = 'a' }, item = { n = 2 } }" "item of things.n"
fails "$begin expect.call { operation = 's3.delete' }" "got      0 of s3.put images/out/1"
fails "$begin expect.failure {}" "expected a failure"
fails 'when.json { fail = "why" } expect.success()' "handler.lua:3: why"
fails 'when.json { fail = "why" } expect.object { bucket = "images", key = "out/1" }' \
    "the handler failed: handler.lua:3: why"
fails 'when.json { fail = "why" } expect.failure { code = "other" }' "expected other"
fails 'when.json { fail = "why" } expect.failure { message = "other" }' "expected other"
fails 'expect.success()' "one_test.lua:2: nothing has run yet"
fails 'given.object { bucket = "uploads", key = "k" }' "given.object: a file, or a body"
fails 'given.object { bucket = "uploads", key = "k", file = "none.txt" }' "none.txt: No such file"
fails 'when.upload { key = "k" }' "when.upload: no object uploads/k was given"
fails 'when.uplod { key = "k" }' "one_test.lua:2:"
fails 'expect.object { bukket = "b" }' "did you mean 'bucket'?"

# Nothing of one case is there in the next; what fails ends its case only.
cat >two_test.lua <<'LUA'
test("one", function()
  given.table { name = "things" }
  given.environment { WORD = "x" }
  when.json {}
  error "stop"
end)
test("two", function()
  given.table { name = "things" }
  expect.missing { bucket = "images", key = "out/1" }
  expect.item { table = "things", key = { id = "a" } }
end)
test("three", function()
  given.table { name = "things" }
  when.json {}
  expect.result { word = "none" }
end)
LUA
run test two_test.lua one_test.lua
contains "a case's own error" "FAILED: two_test.lua: one
two_test.lua:5: stop" "$out"
contains "an item of another case is not there" "FAILED: two_test.lua: two
two_test.lua:10: item of things" "$out"
expect "all files are run" "1 passed, 3 failed" "$(tail -n 1 "$WORK/out")"
for _ in $(seq 300); do # somebody else's goes away by itself
    left=$(find . /tmp -maxdepth 1 \( -name lunette-store -o -name 'lunette-??????' \) \
        -user "$(id -u)" -newer handler.lua)
    [ -n "$left" ] || break
    sleep 0.1
done
expect "no store is left" "" "$left"

echo 'local x = 1' >none_test.lua
run test none_test.lua
expect "a file without a case is no success" "1 0 passed, 0 failed" "$status $out"
echo 'test(' >slip_test.lua
run test slip_test.lua
contains "a slip in a file is named" "slip_test.lua:" "$err"
refuses "none.lua: No such file" test none.lua
refuses "FILE_test.lua... is missing" test

tally
