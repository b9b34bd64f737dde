# `lunette invoke`: the result on standard output, a failure on standard error with exit status 1.
. tests/cli/check.sh

cat >"$WORK/rules.lua" <<'LUA'
local function deeper(event) error(event.fail) end
return {
  main = function(event)
    if event.fail then deeper(event) end
    return { got = event }
  end,
  other = function() return "other" end,
}
LUA
invoke() { run invoke --store "$WORK/store" --handler "$@"; }

echo '{"a":[1,2.5,[]]}' >"$WORK/event.json"
invoke "$WORK/rules.lua" "$WORK/event.json"
expect "a file's result" '0 {"got":{"a":[1,2.5,[]]}}' "$status $out"
invoke "$WORK/rules.lua" - <"$WORK/event.json"
expect "standard input, said so" '0 {"got":{"a":[1,2.5,[]]}}' "$status $out"
invoke "$WORK/rules.lua" <"$WORK/event.json"
expect "standard input, not said" '0 {"got":{"a":[1,2.5,[]]}}' "$status $out"
invoke "$WORK/rules.lua:other" <"$WORK/event.json"
expect "another function of the table" '0 "other"' "$status $out"

invoke "$WORK/rules.lua" - <<<'{"fail":"no luck"}'
expect "a function error" "1 " "$status $out"
contains "says what" "no luck" "$err"
contains "says where" "rules.lua:1: in" "$err"
invoke "$WORK/rules.lua" - <<<'{"fail":'
expect "an event that is no JSON" "1 " "$status $out"
expect "is named in one line, and where it ends" "standard input:2:1: the event can't be read: \
expected a value, found the end of the text" "$err"
printf '{"a": 1,\n "b": }' >"$WORK/broken.json"
invoke "$WORK/rules.lua" "$WORK/broken.json"
expect "a file that is none, with line and column" "1 $WORK/broken.json:2:7: the event can't be \
read: expected a value, found '}'" "$status $err"
invoke "$WORK/rules.lua" - <<<'{"a":12345678901234567890}'
expect "a number that does not fit" "1 standard input:1:6: the event can't be read: the number \
12345678901234567890 does not fit a 64-bit integer" "$status $err"

echo 'return {' >"$WORK/syntax.lua"
invoke "$WORK/syntax.lua" "$WORK/event.json"
expect "a syntax error" "1 " "$status $out"
expect "is one line, with file and line" "$WORK/syntax.lua:2: unexpected symbol near <eof>" "$err"
printf 'local s3 = require "s3"\nlocal x = nil + 1\n' >"$WORK/slip.lua"
invoke "$WORK/slip.lua" "$WORK/event.json"
expect "a mistake of the rules as they are loaded, too" \
    "1 $WORK/slip.lua:2: attempt to perform arithmetic on a nil value" "$status $err"
LUNETTE_LOG_LEVEL=debug invoke "$WORK/slip.lua" "$WORK/event.json"
contains "the way there is in the log" "slip.lua:2: in main chunk" "$err"
echo 'return 7' >"$WORK/seven.lua"
invoke "$WORK/seven.lua" "$WORK/event.json"
expect "a handler that is no function" "1 $WORK/seven.lua returned number; it must return a \
function (event, context), or a table with one named 'main'" "$status$out $err"
echo 'return function() return 1 end' >"$WORK/plain.lua"
invoke "$WORK/plain.lua:thumbnails" "$WORK/event.json"
expect "a name for what has none" "1 $WORK/plain.lua returned a function, and no table in which \
'thumbnails' could be: name it without :thumbnails" "$status$out $err"
invoke "$WORK/none.lua" "$WORK/event.json"
expect "no handler" "2 " "$status $out"
expect "is named, in one line" \
    "lunette invoke: --handler is '$WORK/none.lua': No such file or directory; \
see lunette invoke --help" "$err"

mkdir "$WORK/beside"
for name in check event_samples manifest_text dynamodb_expression; do
    echo 'error "not me"' >"$WORK/beside/$name.lua"
done
cat >"$WORK/beside/rules.lua" <<'LUA'
for _, name in ipairs { "manifest", "dynamodb", "metrics" } do require(name) end
return require("events").uploads
LUA
invoke "$WORK/beside/rules.lua" - <<<'{"bucket":"b","key":"k"}'
expect "a file beside the handler does not become part of a module" 0 "$status"
echo 'return { uploads = function() return "mine" end }' >"$WORK/beside/events.lua"
invoke "$WORK/beside/rules.lua" - <<<'{}'
expect "but it may replace one" '0 "mine"' "$status $out"

refuses "No such file" invoke --store "$WORK/store" "$WORK/nothing.json"
refuses "Is a directory" invoke --store "$WORK/store" "$WORK"
refuses "larger than 6291456 bytes" invoke --store "$WORK/store" /dev/zero
refuses "--handlr" invoke --handlr x

# ---- a handler that would start itself ----------------------------------------------------------

echo 'return function() return require "s3".put { bucket = "uploads", key = "a/x", body = "" } end' \
    >"$WORK/loop.lua"
"$LUNETTE" event s3-put bucket=uploads key=a/cat.jpg >"$WORK/started.json"
run invoke --store "$WORK/store" --bucket uploads --handler "$WORK/loop.lua" "$WORK/started.json"
expect "a write where the event came from fails" 1 "$status"
contains "and says how to allow it" "allow_recursion = true" "$err"
run invoke --store "$WORK/store" --bucket uploads --handler "$WORK/loop.lua" <<<'{}'
expect "without such an event it is a write" 0 "$status"

# ---- whose mistake it was -----------------------------------------------------------------------

cat >"$WORK/slip.lua" <<'LUA'
require("s3").get { kee = 1 }
LUA
run run --store "$WORK/store" "$WORK/slip.lua" </dev/null
expect "a script's mistake is no wrong command line" 1 "$status"
contains "it names its line" "slip.lua:1: bad argument #1 to 'get' (unknown field 'kee'" "$err"

echo 'return function() error { code = "mine", message = "hello" } end' >"$WORK/own.lua"
run invoke --store "$WORK/store" --handler "$WORK/own.lua" <<<'{}'
contains "a script's own error table is read" "mine: hello" "$err"

echo 'while true do end' >"$WORK/spin.lua"
run invoke --store "$WORK/store" --handler "$WORK/spin.lua" <<<'{}'
contains "loading is bounded" "was not loaded within 10 s" "$err"

echo 'error("the sizes make no sense", 0)' >"$WORK/rules.lua"
run invoke --store "$WORK/store" --handler "$WORK/rules.lua" <<<'{}'
expect "what is raised without a place names the file" \
    "$WORK/rules.lua: the sizes make no sense" "$err"
echo 'return require("events").handler { create = print }' >"$WORK/rules.lua"
run invoke --store "$WORK/store" --handler "$WORK/rules.lua" <<<'{}'
contains "so does a slip in what the file returns" \
    "rules.lua: bad argument #1 to 'handler' (unknown field 'create'" "$err"

cat >"$WORK/counts.lua" <<'LUA'
local metrics = require "metrics"
return function() metrics.count "photos"; metrics.flush() end
LUA
for switch in "" yes; do
    out=$(AWS_LAMBDA_FUNCTION_NAME=photos LUNETTE_METRICS=$switch "$LUNETTE" invoke \
        --store "$WORK/store" --handler "$WORK/counts.lua" <<<'{}' 2>&1)
    contains "a function writes its metrics (LUNETTE_METRICS=$switch)" '"photos":1' "$out"
done
out=$(AWS_LAMBDA_FUNCTION_NAME=photos LUNETTE_METRICS=no "$LUNETTE" invoke \
    --store "$WORK/store" --handler "$WORK/counts.lua" <<<'{}' 2>&1)
expect "unless it is told not to" null "$out"

"$LUNETTE" event s3-test >/dev/full 2>"$WORK/err"
expect "a full disk is no success" 1 "$?"
contains "and is said" "No space left on device" "$(cat "$WORK/err")"

tally
