#!/usr/bin/env bash
# The house's own rules, cheap enough for every run of the tests: which part may know which, that a
# library stands behind one file, and that files and functions stay readable. Reads sources only.
#
#   bash tests/house.sh
set -uo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8 # lines are counted in characters, also where no language has been chosen
passed=0 failed=0

# verdict RULE OFFENDERS: one check, with the lines that break it.
verdict() {
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n%s\n' "$1" "$2"
    fi
}

c_files() { find "$@" \( -name '*.c' -o -name '*.h' \) | sort; }

# includes PATTERN FILE...: "file:line:include" of what the files include that matches.
includes() {
    local pattern=$1
    shift
    grep -nHE "^#include [<\"]$pattern" "$@" /dev/null
}

# ---- arrows ----------------------------------------------------------------------------------

# The floors of host/, each may include its own floor and those before it. Tests read this list too.
floors='error utf8 uuid nearest embedded
buffer
env log log_redact
crash
http http_header worker raise invocation
loop loop_internal job task
vm vm_internal vm_invoke vm_stream vm_stream_internal
console options commands
runtime_environment runtime_api runtime_failure
runtime_stream
runtime runtime_workers
main'

floor_of() { awk -v name="$1" '{ for (i = 1; i <= NF; i++) if ($i == name) print NR }' <<<"$floors"; }

arrows_in_host() {
    local file name floor header below
    for file in host/*.c host/*.h; do
        name=$(basename "${file%.*}")
        floor=$(floor_of "$name")
        [ -n "$floor" ] || { echo "$file stands on no floor: add it to tests/house.sh"; continue; }
        sed -nE 's/^#include "host\/([a-z_]+)\.h".*/\1/p' "$file" | while read -r header; do
            below=$(floor_of "$header")
            [ "${below:-99}" -le "$floor" ] || echo "$file includes host/$header.h, which is above it"
        done
    done
}

verdict "arrows in host/ run one way" "$(arrows_in_host)"
verdict "host/ knows no binding, but for main.c" \
    "$(includes 'bindings/' $(c_files host) | grep -v '^host/main\.c:')"
verdict "bindings stand on host/{buffer,env,error,http,invocation,log,loop,nearest,raise,utf8,uuid,worker} only" \
    "$(includes 'host/' $(c_files bindings) |
        grep -vE '"host/(buffer|env|error|http|invocation|log|loop|nearest|raise|utf8|uuid|worker)\.h"')"
verdict "what stands beneath the bindings knows no Lua" \
    "$(includes '(lua|lauxlib|lualib)\.h' $(c_files bindings/aws bindings/local bindings/image))"
verdict "a probe knows nothing but bytes: of the engine only what an image is, and its limits" \
    "$(includes '' $(c_files bindings/image/probe) |
        grep -E '[<"](bindings|magick|.*(jpeg|png|webp|lcms))' |
        grep -vE '"bindings/image/(probe/[a-z_]+|engine|limits)\.h"')"
verdict "a codec knows nothing of what is done with its pixels" \
    "$(includes 'bindings/image/(lane|look|steps)/' $(c_files bindings/image/codec);
       includes 'bindings/image/(plan|render|sized|resize)\.h' $(c_files bindings/image/codec))"
verdict "lane, look and steps of bindings/image do not know each other" \
    "$(includes 'bindings/image/(look|steps)/' $(c_files bindings/image/lane);
       includes 'bindings/image/(lane|look)/' $(c_files bindings/image/steps);
       includes 'bindings/image/(lane|steps)/' $(c_files bindings/image/look))"

# ---- third-party libraries -------------------------------------------------------------------

# only LIBRARY PATTERN WHERE: its headers are included there and nowhere else, tests apart.
only() {
    verdict "$1 is included by $3 only" "$(includes "$2" $(c_files host bindings) | grep -vE "^$3")"
}

only curl 'curl/' 'host/http\.c:'
only OpenSSL 'openssl/' 'bindings/digest\.c:'
only SQLite 'sqlite3' 'bindings/local/database\.c:'
only lua-cjson '.*cjson' 'bindings/json_decode\.c:'
only jansson 'jansson' 'bindings/(document\.[ch]|local/dynamodb/[a-z_]+\.[ch]):'
only GraphicsMagick '(magick|wand)/' 'bindings/image/'
only zlib 'zlib\.h' 'bindings/image/(codec/(png_read|salvage)|look/profile)\.c:'
only stb 'stb/' 'bindings/image/steps/font\.c:'
only libdeflate 'libdeflate\.h' 'bindings/image/codec/png(_chunk)?\.c:'
only libwebp 'webp/' 'bindings/image/codec/webp(_read)?\.c:'
only lcms 'lcms2' 'bindings/image/icc\.c:'
only "an image library" '(webp/|lcms2|png|jpeglib|turbojpeg|tiff|gif_lib|libheif/)' \
    'bindings/image/'

# ---- readability -----------------------------------------------------------------------------

sources=$(git ls-files -co --exclude-standard '*.c' '*.h' '*.lua' '*.sh' '.ci/run' Makefile \
    2>/dev/null || find . -name build -prune -o -type f \( -name '*.[ch]' -o -name '*.lua' \) -print)

long_files() {
    local file
    for file in $sources; do
        [ -e "$file" ] || continue
        awk -v file="$file" 'END { if (NR > 600) print file ": " NR " lines" }' "$file"
    done
}

# A function's body stands between "{" and "}" in the first column.
long_functions() {
    awk 'FNR == 1 { open = 0 }
         /^{/ { open = FNR }
         /^}/ { if (open && FNR - open - 1 > 60) print FILENAME ":" open ": " FNR - open - 1 " lines"
                open = 0 }' $(c_files host bindings)
}

without_purpose() {
    local file
    for file in $(c_files host bindings tests); do
        head -n 2 "$file" | grep -q "^ \* $(basename "$file") - " || echo "$file"
    done
}

verdict "no file is longer than 600 lines" "$(long_files)"
verdict "no function is longer than 60 lines" "$(long_functions)"
verdict "every C file begins by saying what it is for (' * name.c - ...')" "$(without_purpose)"
# clang-format sees to code but for strings, which it must not break; comments are left to us.
verdict "no line is longer than 100 characters, but for strings" \
    "$(grep -nHE '^.{101,}' $(c_files host bindings layer tests) /dev/null |
        grep -vE '^[^:]+:[0-9]+: *"' | cut -c1-120)"
verdict "no blanks at the end of a line" "$(grep -nHE '[ 	]+$' $sources /dev/null | cut -c1-120)"

# ---- pages -----------------------------------------------------------------------------------

verdict "tests/README.md has the table that tests/contract/table.sh prints" \
    "$(sed -n '/^| server | test /,/^$/p' tests/README.md | sed '$d' |
        diff - <(bash tests/contract/table.sh))"

verdict "tests/systems/README.md has the table that tests/systems/compare.py --table prints" \
    "$(sed -n '/^| of | the original /,/^$/p' tests/systems/README.md | sed '/^$/d' |
        diff - <(python3 tests/systems/compare.py --table))"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
