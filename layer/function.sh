#!/bin/sh
# Packs a function's zip: the handler as handler.lua, and the modules that it requires, each where
# it lies beside the handler. First what was put together is loaded by the program LUNETTE, unless that
# is empty: what can't be loaded is not packed.
#
#   LUNETTE=build/release/lunette function.sh FILE.zip HANDLER.lua[:NAME] [MODULE.lua | FOLDER]...
set -eu
zip=$1 handler=${2%%.lua:*} name=${2##*.lua}
[ "$handler" = "$2" ] && name='' || handler=$handler.lua
shift 2
stage=$(mktemp -d)
trap 'rm -rf "$stage" "$stage.log"' EXIT
beside=$(cd "$(dirname "$handler")" && pwd -P)
cp "$handler" "$stage/handler.lua"
for module; do
    path=$(realpath "$module")
    case $path in
    "$beside"/*) ;;
    *)
        echo "function: $module does not lie beside $handler: require would not find it" >&2
        exit 1
        ;;
    esac
    mkdir -p "$stage/$(dirname "${path#"$beside"/}")"
    cp -R "$path" "$stage/$(dirname "${path#"$beside"/}")/"
done

# Places in what was put together as those of the files that it came from.
with_own_names() {
    while IFS= read -r line; do
        case $line in
        handler.lua* | ./handler.lua*) printf '%s\n' "$handler${line#*handler.lua}" ;;
        ./*) printf '%s\n' "$(dirname "$handler")/${line#./}" ;;
        *) printf '%s\n' "$line" ;;
        esac
    done
}

# Modules beside it are found only if they are in the zip, too. No file's name may be taken for an option.
check() {
    program=$(realpath "$LUNETTE")
    (cd "$stage" && find . -name '*.lua' -exec "$program" check --handler "handler.lua$name" {} +) \
        >"$stage.log" 2>&1 && return
    with_own_names <"$stage.log" >&2
    exit 1
}
[ -z "${LUNETTE:-}" ] || check

mkdir -p "$(dirname "$zip")"
sh "$(dirname "$0")/zip.sh" "$stage" "$zip"
echo "$zip, $(stat -c %s "$zip") bytes:"
unzip -Z1 "$zip" | sed 's/^/  /'
