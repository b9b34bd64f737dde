#!/bin/sh
# Packs a function's zip: the handler as handler.lua, and the modules that it requires, each where
# it lies beside the handler.
#
#   function.sh FILE.zip HANDLER.lua [MODULE.lua | FOLDER]...
set -eu
zip=$1 handler=$2
shift 2
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
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
mkdir -p "$(dirname "$zip")"
sh "$(dirname "$0")/zip.sh" "$stage" "$zip"
echo "$zip, $(stat -c %s "$zip") bytes:"
unzip -Z1 "$zip" | sed 's/^/  /'
