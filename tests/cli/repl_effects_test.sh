#!/usr/bin/env bash
# What a run did, at the prompt: .effects, .diff, .undo, .dry, .trace. No terminal.
. tests/cli/check.sh
needs_prompt

unset LUNETTE_LOG_LEVEL
root=$PWD
cd "$WORK" || exit 1
# repl [ARGUMENT...]: the program; the script is the caller's standard input
repl() { run repl --store store --table things=id --table lines=id:S,at:N "$@"; }

# ---- effects, diff, undo, trace -----------------------------------------------------------------

cat >handler.lua <<'LUA'
local dynamodb, s3 = require "dynamodb", require "s3"
return function(event)
  local before = s3.find { bucket = "images", key = "counter" }
  local count = (before and tonumber(before.body) or 0) + event.by
  s3.put { bucket = "images", key = "counter", body = tostring(count), content_type = "text/plain" }
  dynamodb.put { table = "things", item = { id = "counter", count = count } }
  if event.delete then s3.delete { bucket = "images", key = event.delete } end
  return { count = count }
end
LUA
# ok_lines: the output without summaries; what was measured, taken out
shown() { grep -vE '^(ok|failed) ' "$WORK/out" | sed -E 's/ +[0-9]+\.[0-9]( ms)?/ N/; s/bytes +ms/bytes ms/'; }

repl <<'LUA'
event = { by = 1 }
.run
.run
.diff
.effects
.undo
.run
.undo
s3.find { bucket = "images", key = "counter" }.body
dynamodb.get { table = "things", key = { id = "counter" } }
.trace on
.run
LUA
expect "a run is shown, compared and taken back" 0 "$status"
expect "in these words" '{ count = 1 }
{ count = 2 }
~ result.count: 1 -> 2
call          what            bytes ms  status
s3.find       images/counter    1 B N  200
s3.put        images/counter    1 B N  200
dynamodb.put  things           70 B N  200
2 things are as before
{ count = 2 }
2 things are as before
"1"
{ count = 1, id = "counter" }
calls are told as they happen
  s3.find images/counter 200 1 B N
  s3.put images/counter 200 1 B N
  dynamodb.put things 200 70 B N
{ count = 2 }' "$(shown)"

repl <<'LUA'
event = { by = 1, delete = "gone" }
done = s3.put { bucket = "images", key = "gone", body = "here", content_type = "a/b", metadata = { x = "1" } }
.run 3
.undo
object = s3.find { bucket = "images", key = "gone" }
object.body, object.content_type, object.metadata
s3.find { bucket = "images", key = "counter" }.body
.diff
LUA
contains "all of several runs are taken back" '4 things' "$(shown | sed 's/^3 things/4 things/')"
contains "what was deleted is there again" '"here"
"a/b"
{ x = "1" }
"2"' "$out"
expect "one run can't be compared" "there was only one run so far" "$err"

repl <<'LUA'
event = { by = 1 }
.run
.trace on
.memory 256
.undo
.dry on
.run
.dry off
.undo
LUA
contains "what changes the next run leaves the last one's undo" "2 things are as before" "$out"
expect "a run that was dry and forgotten has none" \
    "the handler was loaded anew since its last run: .undo knows no more of that" "$err"

repl <<<'.undo'
expect "without a run nothing is taken back" "nothing has run yet; .run does that" "$err"

# A picture is told as such.
cp "$root/build/samples/moon.png" . 2>/dev/null || cp "$SAMPLES/moon.png" .
cat >picture.lua <<'LUA'
local image, s3 = require "image", require "s3"
return function()
  local photo <close> = image.open(s3.get { bucket = "uploads", key = "moon.png" }.body)
  local small = photo:render { width = 40, format = "jpeg" }
  s3.put { bucket = "images", key = "small.jpg", body = small.bytes }
end
LUA
repl --handler picture.lua <<'LUA'
.drop moon.png
.effects
LUA
contains "a picture that was written" "200, JPEG 40x40 sRGB" "$out"
contains "and one that was read" "200, PNG 800x800 sRGB" "$out"

# ---- dry ----------------------------------------------------------------------------------------

# The same calls give the same answers, dry or not; dry, they leave the store as it was.
cat >calls.lua <<'LUA'
local dynamodb, json, s3 = require "dynamodb", require "json", require "s3"
local b = "images"
local function names(page)
  local list = {}
  for i, object in ipairs(page.objects) do list[i] = object.key end
  for _, prefix in ipairs(page.prefixes) do list[#list + 1] = prefix end
  return table.concat(list, " ") .. (page.next_token and " ..." or "")
end
local calls = {
  function() return s3.get { bucket = b, key = "old" }.body end,
  function() return s3.put { bucket = b, key = "old", body = "x", if_none_match = "*" } end,
  function() return s3.put { bucket = b, key = "old", body = "x", if_match = '"0"' } end,
  function() return s3.put { bucket = b, key = "none", body = "x", if_match = '"0"' } end,
  function()
    local etag = s3.head { bucket = b, key = "old" }.etag
    return s3.put { bucket = b, key = "old", body = "newer", if_match = etag }.etag
  end,
  function() return s3.get { bucket = b, key = "old" }.body end,
  function() return s3.put { bucket = b, key = "old", body = "x", if_none_match = "*" } end,
  function() return s3.put { bucket = b, key = "a/new", body = "new", metadata = { k = "v" } }.etag end,
  function() return s3.find { bucket = b, key = "a/new" }.metadata.k end,
  function() return s3.copy { bucket = b, key = "copied", source_key = "other" }.etag end,
  function() return s3.head { bucket = b, key = "copied" }.content_type end,
  function() return s3.delete { bucket = b, key = "other" } end,
  function() return s3.find { bucket = b, key = "other" } end,
  function() return s3.get { bucket = b, key = "other" } end,
  function() return names(s3.list { bucket = b }) end,
  function() return names(s3.list { bucket = b, delimiter = "/" }) end,
  function()
    local page = s3.list { bucket = b, max_keys = 2 }
    return names(page) .. "; " .. names(s3.list { bucket = b, max_keys = 2, token = page.next_token })
  end,
  function() return s3.delete_all { bucket = b, keys = { "copied", "a/new" } } end,
  function() return names(s3.list { bucket = b }) end,
  function() return s3.put { bucket = "no-such-bucket", key = "k", body = "" } end,
  function() return dynamodb.get { table = "things", key = { id = "old" } } end,
  function() return dynamodb.update { table = "things", key = { id = "old" }, add = { n = 1 }, returns = "new" } end,
  function() return dynamodb.get { table = "things", key = { id = "old" } } end,
  function() return dynamodb.put { table = "things", item = { id = "old", n = 9 }, condition = "attribute_not_exists(id)" } end,
  function() return dynamodb.put { table = "things", item = { id = "new", n = 9 }, condition = "attribute_not_exists(id)" } end,
  function() return dynamodb.delete { table = "things", key = { id = "gone" }, return_old = true } end,
  function() return dynamodb.scan { table = "things" }.count end,
  function() return dynamodb.batch_get { table = "things", keys = { { id = "new" }, { id = "gone" } } } end,
  function() return dynamodb.batch_write { table = "lines", puts = { { id = "a", at = 2 }, { id = "a", at = 3 } }, deletes = { { id = "a", at = 1 } } } end,
  function() return dynamodb.query { table = "lines", hash = { id = "a" }, descending = true }.items end,
  function() return dynamodb.query { table = "lines", hash = { id = "a" }, limit = 1 }.items end,
  function() return dynamodb.transact { { put = { table = "things", item = { id = "t" } } }, { check = { table = "things", key = { id = "gone" }, condition = "attribute_exists(id)" } } } end,
  function() return dynamodb.get { table = "things", key = { id = "t" } } end,
  function() return dynamodb.put { table = "nowhere", item = { id = "t" } } end,
}
return function()
  local answers = {}
  for i, call in ipairs(calls) do
    local results = table.pack(pcall(call))
    for n = 2, results.n do
      local value = results[n]
      if not results[1] and n == 2 then value = value.code or tostring(value) end
      results[n] = json.encode(value)
    end
    answers[i] = tostring(results[1]) .. " " .. table.concat(results, " ", 2, results.n)
  end
  return answers
end
LUA
cat >fill.lua <<'LUA'
for _, key in ipairs { "old", "other", "b/1" } do
  done = s3.put { bucket = "images", key = key, body = "body of " .. key, content_type = "a/b" }
end
done = dynamodb.put { table = "things", item = { id = "old", n = 1 } }
done = dynamodb.put { table = "things", item = { id = "gone", n = 1 } }
done = dynamodb.put { table = "lines", item = { id = "a", at = 1 } }
event = {}
LUA
cat >look.lua <<'LUA'
for _, object in ipairs(s3.list { bucket = "images" }.objects) do print(object.key, object.etag, object.last_modified) end
for _, name in ipairs { "things", "lines" } do print(json.encode(dynamodb.scan { table = name }.items)) end
LUA
tables="--table things=id --table lines=id:S,at:N"
{ cat fill.lua look.lua && echo .dry on && echo .run && cat look.lua; } >dry.lua
{ cat fill.lua look.lua && echo .run && cat look.lua; } >real.lua
"$LUNETTE" repl --store dry $tables --handler calls.lua dry.lua >dry.out 2>dry.err
expect "a dry run succeeds" "0 " "$? $(cat dry.err)"
"$LUNETTE" repl --store real $tables --handler calls.lua real.lua >real.out 2>real.err
answers() { sed -n '/^{$/,/^}$/p' "$1"; }
expect "a dry run is told the same as a real one" "$(answers real.out)" "$(answers dry.out)"
expect "which is all of it" "$(grep -cE '^  function\(\)' calls.lua)" \
    "$(answers dry.out | grep -oE '(^  |, )"(true|false) ' | wc -l)"
contains "writes are counted" ", 12 writes," "$(grep '^ok ' dry.out | sed 's/1[0-9] writes/12 writes/')"
expect "and leaves all as it was" "$(grep -vE '^(dry|ok|[ {}])' dry.out | head -5)" \
    "$(grep -vE '^(dry|ok|[ {}])' dry.out | tail -5)"
[ "$(head -6 real.out)" != "$(tail -6 real.out)" ]
expect "which the real one did not" 0 $?

repl <<'LUA'
event = { by = 1 }
.dry on
.run
.run
.undo
LUA
contains "later dry runs see what earlier ones wrote" "{ count = 4 }" "$out"
expect "what is dry needs no undoing" "a dry run wrote nothing; .dry off forgets it" "$err"
expect "nothing of it is left" "" "$(find /tmp -maxdepth 1 -name 'lunette-??????' -user "$(id -u)" -newer handler.lua)"

tally
