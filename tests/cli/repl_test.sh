#!/usr/bin/env bash
# `lunette repl` without a terminal: Lua, events, runs, reloading, failures. What needs a terminal is
# in repl_terminal_test.sh.
. tests/cli/check.sh
needs_prompt

unset LUNETTE_LOG_LEVEL
mkdir "$WORK/rules"
cd "$WORK/rules" || exit 1

# repl [ARGUMENT...]: the program; the script is the caller's standard input
repl() { run repl --store "$WORK/store" "$@"; }

# ---- Lua ----------------------------------------------------------------------------------------

repl <<'LUA'
1 + 1
x = 20
x * 2 + _

for i = 1, 2 do
  print(i)
end
-- a comment
{ a = 1, b = { 1, 2 }, c = "x\ny" }
_1.b[2], _2
s3.put { bucket = "uploads", key = "a.txt", body = "hello" }.etag
s3.get { bucket = "uploads", key = "a.txt" }.body
hash.sha256("a"):sub(1, 8)
local y = 1
LUA
expect "Lua runs" 0 "$status"
expect "what it shows" '2
42
1
2
{ a = 1, b = { 1, 2 }, c = "x\ny" }
2
42
"\"5d41402abc4b2a76b9719d911017c592\""
"hello"
"ca978112"' "$out"
expect "nothing is complained of" "" "$err"
expect "no escape is written" 0 "$(grep -c $'\033' "$WORK/out")"

repl <<'LUA'
nothing.there
print "not reached"
LUA
expect "the first error ends it" 1 "$status"
expect "what follows is not run" "" "$out"
contains "it says what is wrong" "undeclared global 'nothing' was read" "$err"
expect "the prompt's own lines are left out" 0 "$(grep -c "lunette/repl" "$WORK/err")"

repl <<<'for i = 1, 2 do'
expect "an incomplete chunk is an error" 1 "$status"
contains "and says so" "'end' expected near <eof>" "$err"
repl <<<'.evnt s3-put'
expect "an unknown command is an error" 1 "$status"
expect "of one line" "there is no command .evnt, did you mean .event?; .help lists them" "$err"
repl <<<'.event edti'
contains "so is an unknown word after .event" "unknown event 'edti', did you mean 'edit'?" "$err"
repl <<<'help'
expect "who asks for help without a dot gets it" 0 "$status"
contains "all of it" ".drop FILE [KEY]" "$out"
repl <<<'help drop'
expect "or of one command" 1 "$(wc -l <"$WORK/out" | tr -d ' ')"
repl <<'LUA'
help = 7
help
help = help + 1
exit
print "not reached"
LUA
expect "a name that is assigned is Lua" 7 "$out"
expect "exit leaves" 0 "$status"
repl <<<'.run'
expect "without an event nothing runs" 1 "$status"
contains "and it says how to get one" ".event s3-put KEY makes one" "$err"
echo 'print("from a file")' >script
repl script </dev/null
expect "a script may be named" "from a file" "$out"
refuses "No such file" repl --store "$WORK/store" missing

# ---- events -------------------------------------------------------------------------------------

cat >handler.lua <<'LUA'
local rule = require "rule"
return function(event, context)
  if event.fail then error("no luck with " .. event.fail) end
  return rule.answer(event, context)
end
LUA
cat >rule.lua <<'LUA'
local events = require "events"
local s3 = require "s3"
local rule = {}
function rule.answer(event, context)
  if event.rawPath then return { statusCode = 200, body = event.requestContext.http.method } end
  local upload = events.uploads(event)[1]
  if not upload then return "no upload" end
  local object = s3.get { bucket = upload.bucket, key = upload.key }
  s3.put { bucket = "images", key = upload.key, body = object.body }
  return { key = upload.key, size = upload.size, cold = context.cold_start }
end
return rule
LUA

# without_figures: what is measured, taken out of the output
without_figures() { sed -E 's/[0-9.]+ ms/N ms/g; s/ \([^()]*\)//; s/peak [^,]*/peak N/; s/\$0[0-9.]+/$N/'; }

printf 'not really a photo' >cat.txt
repl <<'LUA'
.drop cat.txt in/cat.jpg
.event s3-put uploads/in/cat.jpg
.run
event.Records[1].s3.object.size
.event s3-sqs in/cat.jpg group=g
#event.Records
.event save mine
event = nil
.event load mine
.http post /images '{"a":1}'
event.body
.http post /images {"a": "it's", "b":[ 1 ]}
event.body
LUA
expect "events run" 0 "$status"
expect "what they show" 'event: s3-put of uploads/in/cat.jpg, 18 B
{ cold = true, key = "in/cat.jpg", size = 18 }
ok N ms, peak N, 1 write, est. $N at 512 MB
event: s3-put of uploads/in/cat.jpg
{ cold = false, key = "in/cat.jpg", size = 18 }
ok N ms, peak N, 1 write, est. $N at 512 MB
18
event: s3-sqs of uploads/in/cat.jpg
1
saved in events/mine.json
event: events/mine.json
event: http-api POST /images
{ body = "POST", statusCode = 200 }
ok N ms, peak N, 0 writes, est. $N at 512 MB
"{\"a\":1}"
event: http-api POST /images
{ body = "POST", statusCode = 200 }
ok N ms, peak N, 0 writes, est. $N at 512 MB
"{\"a\": \"it'"'"'s\", \"b\":[ 1 ]}"' "$(without_figures <"$WORK/out")"
contains "the parts of a run are told" "(S3 get " "$out"

repl <<<'.event list'
contains "samples are listed" "eventbridge-sqs  S3 through EventBridge and an SQS queue" "$out"
repl <<<'.event s3-put a bukket=x'
contains "a wrong field is named" "unknown field 'bukket', did you mean 'bucket'?" "$err"
repl <<<'.drop nowhere.jpg'
expect "a missing file is said" "nowhere.jpg: No such file or directory" "$err"
expect "and ends it" 1 "$status"

cat >gone.lua <<'LUA'
local events = require "events"
return function(event) return events.uploads(event)[1].kind end
LUA
"$LUNETTE" run --store "$WORK/store" <(echo 'require("s3").put { bucket = "uploads",
    key = "in/gone.jpg", body = "x" }')
repl --handler gone.lua <<'LUA'
.remove in/gone.jpg
s3.find { bucket = "uploads", key = "in/gone.jpg" }
event.Records[1].eventName
.remove uploads/in/gone.jpg
LUA
expect "an upload is deleted, and the handler told" 'event: s3-delete of uploads/in/gone.jpg
"deleted"
ok N ms, peak N, 0 writes, est. $N at 512 MB
"ObjectRemoved:Delete"' "$(without_figures <"$WORK/out")"
expect "one that is not there is said" "there is no 'in/gone.jpg' in the bucket uploads" "$err"

# ---- what was copied from elsewhere -------------------------------------------------------------

"$LUNETTE" event s3-sqs bucket=uploads key=in/cat.jpg >queue.json
python3 - <<'PYTHON'
import json
record = json.load(open("queue.json"))["Records"][0]
json.dump({"Messages": [{"MessageId": "1", "ReceiptHandle": "r", "Body": record["body"]}]},
          open("received.json", "w"))
event = json.loads(record["body"])
open("function.log", "w").write(
    "[ERROR]\t2026-11-20T21:11:00.123Z\t[12] failed event=%s\n" % json.dumps(event))
json.dump(event["Records"][0], open("record.json", "w"))
PYTHON
"$LUNETTE" event destination bucket=uploads key=in/cat.jpg >destination.json
for file in queue.json received.json function.log record.json destination.json; do
    repl <<<".replay $file"
    contains "$file is replayed" '{ cold = true, key = "in/cat.jpg"' "$out"
done
repl <<<'.replay cat.txt'
expect "what holds no event" "cat.txt: there is no event in it, as JSON" "$err"

mkdir folder
repl <<<'.batch folder'
expect "an empty folder" "there is no picture in folder" "$err"
printf 'to do' >folder/notes.txt
: >folder/empty.jpg
repl <<<'.batch folder'
expect "a folder without pictures" "there is no picture in folder, only 2 other files" "$err"
printf '\377\330\377\340' >folder/a.jpg
printf '\211PNG\r\n\032\nx' >folder/b
mkfifo folder/pipe
repl <<<'.batch folder'
expect "a folder is dropped, damaged pictures too, and nothing else" 'a.jpg 4 B N 1 ok
b 9 B N 1 ok
2 files, 0 failed, 2 writes, 3 skipped that are no pictures' "$(sed -n '2,4p' "$WORK/out" |
    sed -E 's/ +/ /g; s/ B [0-9]+ 1 ok/ B N 1 ok/; s/;.*//')"

# ---- runs ---------------------------------------------------------------------------------------

repl <<'LUA'
event = { fail = "this" }
.run
print "not reached"
LUA
expect "a function that fails ends it" 1 "$status"
contains "the summary still comes" "failed " "$out"
expect "the error, its lines and the way to it" "handler.lua:3: no luck with this
     1  local rule = require \"rule\"
     2  return function(event, context)
>    3    if event.fail then error(\"no luck with \" .. event.fail) end
     4    return rule.answer(event, context)
     5  end
	[C]: in function 'error'
	handler.lua:3: in function 'handler.lua:2'
	[C]: in ?" "$(sed "s/<handler.lua:2>/'handler.lua:2'/" "$WORK/err")"

repl <<'LUA'
.event s3-test
.run 20
.cold
LUA
contains "repeated runs" "20 runs, warm: p50 " "$out"
contains "a fresh process" "start " "$out"
expect "which has the same result" 2 "$(grep -c '^"no upload"$' "$WORK/out")"

# A changed file is a new state; what has not changed stays warm.
repl <<'LUA'
.event s3-test
.run
moved = os.rename("rule.lua", "rule.before")
file = io.open("rule.lua", "w"); file:write("return { answer = function(_, c) return c.cold_start end }"); file:close()
.run
.run
file = io.open("rule.lua", "w"); file:write("return {"); file:close()
.run
LUA
expect "a module is loaded anew when it has changed" 'event: s3-test
"no upload"
reloaded handler.lua
true
false' "$(grep -v ' ms' "$WORK/out")"
contains "a mistake in it is shown" "rule.lua:1: unexpected symbol near <eof>" "$err"
mv rule.before rule.lua

# ---- what is not shipped ------------------------------------------------------------------------

cd "$OLDPWD" || exit 1
commands=$(make -n -B REPL=0 BUILD="$WORK/layer" "$WORK/layer/lunette")
contains "the layer's program is built" "host/main.c" "$commands"
expect "with nothing of the prompt" 0 "$(grep -cE 'host/repl|commands/repl|-ledit' <<<"$commands")"

tally
