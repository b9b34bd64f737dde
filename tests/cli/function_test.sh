# What layer/function.sh packs, and what it refuses: `zip` and `unzip` only list what they are given.
. tests/cli/check.sh

mkdir -p "$WORK/bin" "$WORK/photos/web"
printf '#!/bin/sh\ncat >"$5"\n' >"$WORK/bin/zip"
printf '#!/bin/sh\ncat "$2"\n' >"$WORK/bin/unzip"
chmod +x "$WORK/bin/zip" "$WORK/bin/unzip"

# pack ARGUMENT...: leaves $status, what the zip holds in $out, and what is complained of in $err
pack() {
    rm -f "$WORK/f.zip"
    err=$(PATH="$WORK/bin:$PATH" LUNETTE="${checker-$LUNETTE}" \
        sh layer/function.sh "$WORK/f.zip" "$@" 2>&1 >/dev/null)
    status=$?
    out=$(cat "$WORK/f.zip" 2>/dev/null)
}

# slip WHAT WANTED TEXT [ARGUMENT...]: a handler that is not packed, for one line
slip() {
    local what=$1 wanted=$2
    printf '%s\n' "$3" >"$WORK/photos/rules.lua"
    shift 3
    pack "$WORK/photos/rules.lua" "$@"
    expect "$what" "1, , $WORK/photos/$wanted" "$status, $out, $err"
}

store_before=$(ls -d lunette-store 2>/dev/null) # of somebody who works here
for handler in scripts/handler.lua scripts/recipes/*.lua; do
    pack "$handler"
    expect "$handler" "0, handler.lua, " "$status, $out, $err"
done
expect "nothing is made where it was looked at" "$store_before" "$(ls -d lunette-store 2>/dev/null)"

slip "a syntax error" "rules.lua:2: unexpected symbol near '='" 'local a = 1
= 2'
slip "a slip" "rules.lua:1: undeclared global 'enw' was read (a typing error, or 'local' is missing)" \
    'return enw.get "A"'
slip "no handler" "rules.lua returned nothing; it must return a function (event, context), or a table \
with one named 'main'" 'local a = 1'

echo 'return { a = 1 }' >"$WORK/photos/sizes.lua"
echo 'return {' >"$WORK/photos/web/page.lua"
good='local sizes = require "sizes"
return { main = function() return sizes end, other = print }'
slip "a module that is not in the zip" "rules.lua:1: module 'sizes' not found" "$good"
slip "a module with a slip, which nobody requires yet" "web/page.lua:2: unexpected symbol near <eof>" \
    "$good" "$WORK/photos/sizes.lua" "$WORK/photos/web"
echo 'return {}' >"$WORK/photos/web/page.lua"
pack "$WORK/photos/rules.lua:other" "$WORK/photos/sizes.lua" "$WORK/photos/web"
expect "all is well" "0, handler.lua sizes.lua web/page.lua, " "$status, $(echo $out), $err"
pack "$WORK/photos/rules.lua:third" "$WORK/photos/sizes.lua"
contains "the function that Lambda is to call" \
    "1, , $WORK/photos/rules.lua returned a table in which 'third' is missing" "$status, $out, $err"

echo 'return require("env").require "NOWHERE"' >"$WORK/photos/rules.lua"
pack "$WORK/photos/rules.lua"
contains "what it needs as it is loaded" "environment variable NOWHERE is not set" "$err"
checker='' pack "$WORK/photos/rules.lua"
expect "without a look it is packed" "0, handler.lua, " "$status, $out, $err"

run check --handler scripts/handler.lua
expect "check says nothing of what is well" "0, , " "$status, $out, $err"
tally
