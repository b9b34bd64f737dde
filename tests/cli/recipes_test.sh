# Each recipe as a person tries it: `lunette process --handler scripts/recipes/NAME.lua PHOTO...`.
. tests/cli/check.sh

photos=("$SAMPLES/harbour.jpg" "$SAMPLES/moon.png" "$SAMPLES/phases.gif")
folder=$PWD/scripts/recipes
cd "$WORK" || exit 1

# recipe NAME: in a store of its own
recipe() { run process --store "$1.store" --handler "$folder/$1.lua" "${photos[@]}" </dev/null; }

# tried NAME PICTURE: once, and again
tried() {
    recipe "$1"
    expect "$1: exit status" "0 " "$status $(grep -i error <<<"$err")"
    contains "$1: what came out" "$2" "$out"
    contains "$1: where the rules are" "The rules are in $folder/$1.lua" "$out"
    recipe "$1"
    contains "$1: once more" "3 photos, nothing changed, 0 writes" "$out"
    expect "$1: rules of fewer than 80 lines" yes \
        "$([ "$(wc -l <"$folder/$1.lua")" -lt 80 ] && echo yes)"
}

tried manifest "harbour.jpg  jpeg  1680x1120"
tried resolutions "pixelated-64x64    1680x1120"
tried thumbnail_api "128x128"
tried compress "1024x683"
tried fixed_size "processed-harbour.jpg  300x300"
expect "every recipe is tried" 5 "$(find "$folder" -name '*.lua' | wc -l | tr -d ' ')"

recipe manifest
contains "the list lies beside the photos" "phases.gif" "$(cat manifest.store/uploads/images*.json)"

# With a table, the list is the same, and is published by whoever is first.
for _ in 1 2; do
    MANIFEST_TABLE=lists run process --store lists.store --handler "$folder/manifest.lua" \
        "${photos[@]}"
done
contains "a table for the list: once more" "3 photos, nothing changed, 0 writes" "$out"
contains "a table for the list" "phases.gif" "$(cat lists.store/uploads/images*.json)"

# A table of another name gets the recipe's own key.
METADATA_TABLE=records run process --store other.store --handler "$folder/compress.lua" "${photos[@]}"
expect "another table" 0 "$status"
METADATA_TABLE=more run invoke --store other.store --handler "$folder/compress.lua" - \
    <<<'{"bucket": "uploads", "key": "moon.png"}'
contains "another table, by hand" '"destKey":"resized-moon.png"' \
    "$(METADATA_TABLE=more "$LUNETTE" run --store other.store <(cat <<'LUA'
print(require "json".encode(require "dynamodb".scan({ table = "more" }).items[1]))
LUA
    ))"

tally
