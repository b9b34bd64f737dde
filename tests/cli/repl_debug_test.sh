#!/usr/bin/env bash
# As Lambda would, and what stopped it: .memory, .timeout, .env, .break, .step, .explain, .policy.
# No terminal.
. tests/cli/check.sh
needs_prompt

unset LUNETTE_LOG_LEVEL
ROOT=$PWD
cd "$WORK" || exit 1
mkdir rules
# repl [ARGUMENT...]: the program; the script is the caller's standard input
repl() { run repl --store store --table things=id "$@"; }
cp "$SAMPLES/broken.jpg" "$SAMPLES/moon.png" .

# ---- the debugger -------------------------------------------------------------------------------

cat >handler.lua <<'LUA'
local factor = 3
local deeper = require "deeper"

local function double(value)
  local result = value * 2
  return result * factor
end

return function(event, context)
  local before_ms = context.remaining_ms()
  local answer = double(event.n)
  if event.deep then deeper.fail(answer) end
  return { answer = answer }
end
LUA
cat >deeper.lua <<'LUA'
local task = require "task"
return {
  fail = function(answer)
    task.map({ 1 }, function(item)
      local text = "item " .. item
      error(text .. answer)
    end)
  end,
}
LUA
repl <<'LUA'
event = { n = 4 }
.break handler.lua:6
.break
.run
.locals
.up
event.n
.down
result = 100
result + factor, value
.step
.continue
.break off
.run
.locals
LUA
expect "the handler is stopped and goes on" 'stops at handler.lua:6; .run, then .locals, .step, .continue
1  handler.lua:6
stopped at handler.lua:6 in '"'double'"'
     4  local function double(value)
     5    local result = value * 2
>    6    return result * factor
     7  end
     8
value = 4
result = 8
factor = 3
stopped at handler.lua:11
     9  return function(event, context)
    10    local before_ms = context.remaining_ms()
>   11    local answer = double(event.n)
    12    if event.deep then deeper.fail(answer) end
    13    return { answer = answer }
4
stopped at handler.lua:6 in '"'double'"'
     4  local function double(value)
     5    local result = value * 2
>    6    return result * factor
     7  end
     8
103
4
stopped at handler.lua:12
    10    local before_ms = context.remaining_ms()
    11    local answer = double(event.n)
>   12    if event.deep then deeper.fail(answer) end
    13    return { answer = answer }
    14  end
{ answer = 300 }
no breakpoint is left
{ answer = 24 }' "$(grep -v '^ok ' "$WORK/out")"
expect "where nothing is stopped there is nothing to see" \
    "the handler is not stopped; .break FILE:LINE and .run, or .step" "$err"

repl <<<'.break handler.lua:400'
contains "a line that isn't there is no place to stop" "handler.lua has the lines 1 to 1" "$err"

repl <<'LUA'
event = { n = 1, deep = true }
.break deeper.lua:6
.step
.continue
.locals
text = "another "
.continue
LUA
contains "a step begins at the first line" "stopped at handler.lua:10" "$out"
contains "a module's line, in a task, stops it" "stopped at ./deeper.lua:6" "$out"
contains "with the variables there" 'text = "item 1"' "$out"
contains "which can be set" "another 6" "$err"

repl <<'LUA'
event = { n = 1 }
.break 6
.run
nothing.there
LUA
expect "a mistake there ends a script" 1 "$status"
contains "and is told" "undeclared global 'nothing' was read" "$err"

# Time that a person takes is not the function's.
repl <<'LUA'
event = { n = 1 }
.timeout 2
.break 6
.run
string.rep("x", 10, ("y"):rep(3)); done = os.execute("sleep 3")
.continue
LUA
contains "the deadline waits" "{ answer = 6 }" "$out"

# ---- limits -------------------------------------------------------------------------------------

cat >limits.lua <<'LUA'
local env, image, s3 = require "env", require "image", require "s3"
return function(event, context)
  while event.endless do end
  if event.fill then return #string.rep("x", event.fill) end
  return { memory = context.memory_mb, word = env.get "WORD" or "none" }
end
LUA
repl --handler limits.lua <<'LUA'
event = {}
.run
.memory 256
.env WORD=hello "OTHER=two words"
.env
.run
.env WORD=
.run
event = { fill = 100000000 }
.memory 512
.run
.memory 128
.run
LUA
contains "memory and environment are the function's" '{ memory = 512, word = "none" }
' "$out"
contains "as they are set" '{ memory = 256, word = "hello" }' "$out"
contains "and taken out" '{ memory = 256, word = "none" }' "$out"
contains "what has been set is listed" "OTHER=two words
WORD=hello" "$out"
contains "what fits, fits" "
100000000
" "$out"
contains "what does not is an error" "memory: the script needed more than the 64 MB" "$err"
for wrong in '.memory 64' '.memory much' '.timeout 0' '.timeout 901' '.env word' '.break here' '.up'; do
    repl <<<"$wrong"
    expect "$wrong is refused" "1 1" "$status $(wc -l <"$WORK/err")"
done
repl --handler limits.lua <<'LUA'
event = { endless = true }
.timeout 0.2
.run
LUA
contains "the timeout is enforced" "deadline: the script was still running when its time was up" "$err"

# ---- tables, slips ------------------------------------------------------------------------------

cp "$ROOT/scripts/recipes/compress.lua" "$ROOT/scripts/handler.lua" "$WORK/rules/"
METADATA_TABLE=sizes repl --handler rules/compress.lua <<'LUA'
.drop moon.png
.env METADATA_TABLE=others
.run
#dynamodb.scan({ table = "others" }).items
LUA
expect "a table has the key that the rules give it, also one that .env names" "0 1" \
    "$status $(tail -n 1 <<<"$out")"
repl --handler rules/handler.lua <<'LUA'
.env METADATA_TABLE=photos
.drop moon.png
dynamodb.scan({ table = "photos" }).items[1].id
LUA
expect "without rules for it, that of the handler" '0 "uploads/moon.png"' \
    "$status $(tail -n 1 <<<"$out")"

cat >rules/slip.lua <<'LUA'
local function insist(is_right, message)
  if not is_right then error(message, 0) end
end
insist(false, "the sizes make no sense")
LUA
repl --handler rules/slip.lua <<'LUA'
.event s3-put moon.png
.run
LUA
contains "a slip names the file" "rules/slip.lua: the sizes make no sense" "$err"
expect "without the lines of what found it" "" "$(grep '^>' <<<"$err")"

# ---- explain, policy ----------------------------------------------------------------------------

cat >pictures.lua <<'LUA'
local dynamodb, events, image, s3 = require "dynamodb", require "events", require "image", require "s3"
return events.handler {
  created = function(upload)
    local object = s3.get { bucket = upload.bucket, key = upload.key }
    local photo <close> = image.open { bytes = object.body, limits = { side = 900 } }
    s3.put { bucket = "images", key = upload.key, body = photo:render { width = 9 }.bytes }
    dynamodb.put { table = "things", item = { id = upload.key } }
  end,
}
LUA
repl --handler pictures.lua <<'LUA'
for _, name in ipairs { "broken.jpg", "moon.png" } do
  local file <close> = io.open(name, "rb")
  s3.put { bucket = "uploads", key = name, body = file:read("a") }
end
.explain uploads/moon.png
s3.find { bucket = "images", key = "moon.png" }
.explain uploads/broken.jpg
LUA
contains "an object that is well" "pixels   all of them can be decoded
handler  done" "$out"
expect "is not written" 0 "$(grep -c etag "$WORK/out")"
contains "a limit is named" "handler  STOPPED: rejected: limit: " "$out"
contains "and what the file is" "pixels   STOPPED: bad_image: truncated or damaged jpeg" "$out"
expect "what is stopped is a failure" 1 "$status"
repl <<<'.explain uploads/nothing.jpg'
contains "an object that is not there" "STOPPED: there is no nothing.jpg in the bucket uploads" "$out"

repl --handler pictures.lua <<'LUA'
.drop moon.png
.policy
LUA
expect "the policy of what was called" '{"Statement":[
{"Action":["dynamodb:PutItem"],"Effect":"Allow","Resource":["arn:aws:dynamodb:*:*:table/things"]},
{"Action":["s3:AbortMultipartUpload","s3:PutObject"],"Effect":"Allow","Resource":["arn:aws:s3:::images/*"]},
{"Action":["s3:ListBucket"],"Effect":"Allow","Resource":["arn:aws:s3:::uploads"]},
{"Action":["s3:GetObject"],"Effect":"Allow","Resource":["arn:aws:s3:::uploads/*"]}],
"Version":"2012-10-17"}' "$(sed -n '/^{$/,/^}$/p' "$WORK/out" |
    python3 -c 'import json, sys
text = json.dumps(json.load(sys.stdin), separators=(",", ":"))
print(text.replace("{\"Action", "\n{\"Action").replace("],\"Version", "],\n\"Version"))')"

tally
