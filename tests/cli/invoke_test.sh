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
contains "is named" "the event can't be read" "$err"

echo 'return {' >"$WORK/syntax.lua"
invoke "$WORK/syntax.lua" "$WORK/event.json"
expect "a syntax error" "1 " "$status $out"
contains "names file and line" "syntax.lua:2:" "$err"
echo 'return 7' >"$WORK/seven.lua"
invoke "$WORK/seven.lua" "$WORK/event.json"
expect "a handler that is no function" "1 " "$status $out"
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

"$LUNETTE" event s3-test >/dev/full 2>"$WORK/err"
expect "a full disk is no success" 1 "$?"
contains "and is said" "No space left on device" "$(cat "$WORK/err")"

tally
