#!/usr/bin/env bash
# Reads the sources with the linters and closes with a tally, one check a linter. `make lint` runs
# it; settings are in .clang-format, .clang-tidy and .luacheckrc.
#
#   bash tests/lint.sh [clang-format | cppcheck | clang-tidy | luacheck]
set -uo pipefail
cd "$(dirname "$0")/.."
only=${1:-}
passed=0 failed=0

mapfile -t sources < <(find host bindings layer tests -name '*.c' | sort)
mapfile -t headers < <(find host bindings layer tests -name '*.h' | sort)

check() {
    local name=$1 output
    shift
    [ -z "$only" ] || [ "$only" = "$name" ] || return 0
    if output=$("$@" 2>&1); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n%s\n' "$name" "$output"
    fi
}

# flags FOLDER [FLAG...]: writes what a source is compiled with, in clang's form.
flags() {
    mkdir -p "$1"
    {
        printf '%s\n' -std=c11 "-I$PWD" -D_GNU_SOURCE '-DLUNETTE_VERSION="lint"' "${@:2}"
        pkg-config --cflags lua5.4 GraphicsMagick | tr ' ' '\n' | grep .
    } >"$1/compile_flags.txt"
}

# Only the findings: the paths that lead to them are long, and `clang-tidy -p build/lint FILE` has
# them.
tidy() {
    local findings
    flags build/lint -include "$PWD/tests/analyzer.h"
    flags build/lint/error
    findings=$({
        printf '%s\n' "${sources[@]}" | grep -vx host/error.c |
            xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build/lint
        clang-tidy --quiet -p build/lint/error host/error.c
    } 2>/dev/null | grep -E ': (warning|error): ' | sort -u)
    printf '%s\n' "$findings"
    [ -z "$findings" ]
}

# Suppressed: arguments_complain and raise_error never return, which it does not understand, so
# their va_list needs no va_end and what was NULL before is not NULL after; a failed CHECK leaves a
# test with its memory, which then no longer matters.
cpp() {
    cppcheck --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
        --suppress=missingIncludeSystem --suppress=va_end_missing:bindings/arguments.c \
        --suppress='memleak:tests/*' --suppress='memleakOnRealloc:tests/*' \
        --suppress=nullPointerRedundantCheck --template='{file}:{line}: {severity}: {message} [{id}]' \
        -q -j "$(nproc)" -I. -D_GNU_SOURCE -D__GNUC__ host bindings layer tests
}

check clang-format clang-format --dry-run -Werror "${sources[@]}" "${headers[@]}"
check cppcheck cpp
check clang-tidy tidy
check luacheck luacheck -q --no-color bindings host scripts tests

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
