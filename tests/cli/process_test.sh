# `lunette process`: the main job, from photos to pictures, manifest and table, through the rules of
# scripts/handler.lua.
. tests/cli/check.sh

# The store's content, asked of the program itself: `ask EXPRESSION` prints what it gives.
cat >"$WORK/ask.lua" <<'LUA'
local dynamodb, json, s3 = require "dynamodb", require "json", require "s3"
local function names()
  local list = {}
  local object = s3.find { bucket = "images", key = "images.json" }
  for i, entry in ipairs(object and json.decode(object.body) or {}) do list[i] = entry.name end
  table.sort(list)
  return list
end
local asked = {
  names = function() return table.concat(names(), " ") end,
  distinct = function()
    local seen, count = {}, 0
    for _, name in ipairs(names()) do
      if not seen[name] then count = count + 1 end
      seen[name] = true
    end
    return #names() .. " " .. count
  end,
  items = function() return #dynamodb.scan { table = "photos" }.items end,
  item = function(id) return json.encode(dynamodb.get { table = "photos", key = { id = id } }) end,
  pictures = function()
    return #s3.list({ bucket = "images" }).objects - (#names() > 0 and 1 or 0)
  end,
  sizes = function(name)
    local list = json.decode(s3.get({ bucket = "images", key = "images.json" }).body)
    for _, entry in ipairs(list) do
      if entry.name == name then
        local sizes = {}
        for i, variant in ipairs(entry.variants) do
          local object = s3.head { bucket = "images", key = variant.key }
          assert(object.size == variant.size and object.content_type == variant.type)
          sizes[i] = ("%s:%dx%d"):format(variant.name, variant.width, variant.height)
        end
        return table.concat(sizes, " ")
      end
    end
  end,
}
io.stdout:write(tostring(asked[arg[1]](arg[2])), "\n")
LUA
store="$WORK/store"
ask() { METADATA_TABLE=photos "$LUNETTE" run --store "$store" --bucket images "$WORK/ask.lua" "$@"; }
process() { run process --store "$store" "$@"; }

# ---- the demo's photos --------------------------------------------------------------------------

photos=("$SAMPLES"/*.jpg "$SAMPLES"/*.png "$SAMPLES"/*.webp "$SAMPLES"/*.gif)
process "${photos[@]}"
expect "the first run" 0 "$status"
contains "shows photos" "harbour.jpg" "$out"
contains "shows variants" "thumb" "$out"
contains "says what is broken" "rejected: bad_image" "$out"
contains "shows where the pictures are" "pictures     $store/images/" "$out"
contains "shows the manifest" "images.json  6 entries" "$out"
contains "shows the way on" "The rules are in scripts/handler.lua: change a number" "$out"
contains "says on standard error how far it is" "1/7 IMG_2041.jpg: done" "$err"
expect "all but the broken one are in the manifest" \
    "IMG_2041.jpg forest.webp harbour.jpg moon.png phases.gif sunset.jpg" "$(ask names)"
expect "three pictures of each" 18 "$(ask pictures)"

process "${photos[@]}"
expect "the second run" 0 "$status"
contains "writes nothing" "nothing changed, 0 writes" "$out"
process --json "${photos[@]}"
contains "nor does the third" '"writes":0' "$out"
expect "and says only JSON" "" "$err"

# ---- an upload is deleted -----------------------------------------------------------------------

run remove --store "$WORK/store" harbour.jpg </dev/null
expect "an upload is removed" 0 "$status"
contains "its results go with it" "deleted" "$out"
contains "the list loses its entry" "images.json  5 entries" "$out"
expect "and no other" "IMG_2041.jpg forest.webp moon.png phases.gif sunset.jpg" "$(ask names)"
expect "nor does a picture of it stay" "" "$(find "$WORK/store/images" -path '*harbour*' -type f)"
refuses "there is no 'harbour.jpg' in the bucket uploads" remove --store "$WORK/store" \
    moon.png harbour.jpg
contains "nothing is done where one of several is not there" "moon.png" "$(ask names)"
refuses "unknown option '--aws'" remove --aws moon.png
process "$SAMPLES/harbour.jpg"
contains "once more it is there" "images.json  6 entries" "$out"

refuses "there is no command 'proces', did you mean 'process'?; see lunette --help" proces a.jpg
refuses "there is no command 'photo.jpg'; see lunette --help" photo.jpg
refuses "unknown option '--handlr', did you mean --handler?" process --handlr x a.jpg

# ---- rules are edited without a compiler --------------------------------------------------------

sed 's/width = 800, height = 800/width = 400, height = 400/' scripts/handler.lua >"$WORK/handler.lua"
process --handler "$WORK/handler.lua" "$SAMPLES/harbour.jpg"
expect "a changed rule" 0 "$status"
contains "is named" "The rules are in $WORK/handler.lua" "$out"
printf 'local a = 1\nlocal b = a .. nil\n' >"$WORK/slip.lua"
process --handler "$WORK/slip.lua" "$SAMPLES/harbour.jpg"
expect "a slip in the rules is one line" \
    "1 $WORK/slip.lua:2: attempt to concatenate a nil value" "$status$out $err"
contains "changes what comes out" "medium:400x" "$(ask sizes harbour.jpg)"
expect "and leaves nothing behind" 18 "$(ask pictures)"
process "$SAMPLES/harbour.jpg"
contains "and back" "medium:800x" "$(ask sizes harbour.jpg)"

echo 'return function() error "no such luck" end' >"$WORK/fails.lua"
process --handler "$WORK/fails.lua" "$SAMPLES/harbour.jpg" "$SAMPLES/moon.png"
expect "a function that fails" 1 "$status"
contains "both times" "2 photos, 2 failed" "$out"
expect "shows its lines once" 1 "$(grep -c "^.*fails.lua:1: in function" <<<"$err")"

# ---- a photo is replaced, deleted, broken -------------------------------------------------------

mkdir "$WORK/other"
cp "$SAMPLES/sunset.jpg" "$WORK/other/harbour.jpg"
process "$WORK/other/harbour.jpg"
expect "a replaced photo keeps its entry" 18 "$(ask pictures)"
cp "$SAMPLES/broken.jpg" "$WORK/other/harbour.jpg"
process "$WORK/other/harbour.jpg"
expect "one that breaks loses it" "0 15" "$status $(ask pictures)"

cat >"$WORK/delete.lua" <<'LUA'
require("s3").delete { bucket = "uploads", key = arg[1] }
LUA
"$LUNETTE" run --store "$store" "$WORK/delete.lua" moon.png
run event s3-delete key=moon.png
run invoke --store "$store" - <<<"$out"
expect "a deleted photo takes everything along" "0 12" "$status $(ask pictures)"
expect "and leaves the manifest" "IMG_2041.jpg forest.webp phases.gif sunset.jpg" "$(ask names)"

# ---- the table ----------------------------------------------------------------------------------

store="$WORK/store-with-table"
export METADATA_TABLE=photos
process "$SAMPLES/sunset.jpg" "$SAMPLES/broken.jpg"
contains "an item for each photo" '"title":"sunset"' "$(ask item uploads/sunset.jpg)"
contains "also for a broken one" '"status":"rejected"' "$(ask item uploads/broken.jpg)"
process "$SAMPLES/sunset.jpg" "$SAMPLES/broken.jpg"
contains "a second run" "nothing changed, 0 writes" "$out"

# ---- sixteen at once ----------------------------------------------------------------------------

store="$WORK/store-of-many"
mkdir "$WORK/many"
for i in $(seq 16); do cp "$SAMPLES/forest.webp" "$WORK/many/photo-$i.webp"; done
for i in $(seq 16); do
    "$LUNETTE" process --store "$store" "$WORK/many/photo-$i.webp" >"$WORK/many/$i.out" 2>&1 &
done
ended_well=0
for job in $(jobs -p); do wait "$job" && ended_well=$((ended_well + 1)); done
expect "sixteen processes at once end well" 16 "$ended_well"
expect "every name is in the manifest, once" "16 16" "$(ask distinct)"
expect "every item is in the table" 16 "$(ask items)"

# The same photo, over and over, by processes that are killed half-way: the next one finishes.
store="$WORK/store-of-one"
for i in $(seq 8); do
    "$LUNETTE" process --store "$store" "$SAMPLES/sunset.jpg" >/dev/null 2>&1 &
    victim=$!
    sleep "0.0$i"
    [ $((i % 2)) = 0 ] || kill -9 "$victim" 2>/dev/null
done 2>/dev/null
wait
process "$SAMPLES/sunset.jpg"
expect "after runs that were killed" "0 1 1" "$status $(ask distinct)"
contains "all is there" "thumb:160x160 medium:800x533 large:1600x1067" "$(ask sizes sunset.jpg)"
contains "the item, too" '"title":"sunset"' "$(ask item uploads/sunset.jpg)"
process "$SAMPLES/sunset.jpg"
contains "and nothing is left to do" "nothing changed, 0 writes" "$out"
unset METADATA_TABLE

# ---- what is wrong is said ----------------------------------------------------------------------

store="$WORK/store"
cat >"$WORK/failing.lua" <<'LUA'
local events = require "events"
return events.handler { created = function(upload)
  if upload.key == "moon.png" then error("no luck") end
  return { type = "image/png" }
end }
LUA
process --handler "$WORK/failing.lua" "$SAMPLES/moon.png" "$SAMPLES/sunset.jpg"
expect "one failure is the exit status" 1 "$status"
contains "with its reason" "no luck" "$out"
contains "and its line" "failing.lua:3:" "$err"
contains "the others go on" "2 photos, 1 failed" "$out"

cat >"$WORK/nowhere.lua" <<'LUA'
local events, s3 = require "events", require "s3"
return events.handler { created = function()
  s3.put { bucket = "nowhere", key = "x", body = "y" }
end }
LUA
process --handler "$WORK/nowhere.lua" "$SAMPLES/moon.png"
expect "a destination that isn't there fails" 1 "$status"
contains "with its reason" "there is no bucket 'nowhere'" "$out"
contains "down to the last line" "result       1 photo, 1 failed" "$out"
expect "and no line of this program" "" "$(grep -F process.lua <<<"$out$err")"

store="$WORK/store-that-lost-a-body"
process "$SAMPLES/moon.png"
rm "$store"/uploads/moon*
process "$SAMPLES/moon.png"
expect "a photo whose stored body is missing" 0 "$status"
expect "is uploaded again" 1 "$(find "$store/uploads" -name 'moon*' | wc -l)"
process "$SAMPLES/moon.png"
contains "once" "nothing changed, 0 writes" "$out"
store="$WORK/store"

mkdir "$WORK/empty"
run_elsewhere=$(cd "$WORK/empty" && "$LUNETTE" process --store "$WORK/elsewhere" "$SAMPLES/moon.png" 2>&1)
contains "without a handler.lua the built-in rules are used" "The rules are the built-in ones" \
    "$run_elsewhere"
contains "and do the same" "1 photo, 4 writes" "$run_elsewhere"

mkdir "$WORK/odd"
odd=($'new\nline.gif' -dash.gif "$(printf 'x%.0s' {1..250}).gif" 'a b+c%20&?#ü.gif' ..gif ...)
for name in "${odd[@]}"; do cp "$SAMPLES/phases.gif" "$WORK/odd/$name"; done
cp "$SAMPLES/phases.gif" "$WORK/odd/"$'bad\xff.gif'
process --store "$WORK/odd-store" "$WORK"/odd/* "$WORK"/odd/.??*
expect "a name that is no UTF-8 fails alone" 1 "$status"
contains "with a reason" "  failed: s3.head: InvalidURI: key is not UTF-8" "$out"
contains "names that are hard to write do not" "7 photos, 1 failed, 24 writes" "$out"

mkdir -p "$WORK/album/inner"
cp "$SAMPLES/moon.png" "$WORK/album/b"
cp "$SAMPLES/broken.jpg" "$WORK/album/a.jpg"
cp "$SAMPLES/moon.png" "$WORK/album/.hidden.png"
cp "$SAMPLES/moon.png" "$WORK/album/inner/c.png"
echo notes >"$WORK/album/notes.txt"
process --store "$WORK/album-store" "$WORK/album/" "$SAMPLES/sunset.jpg"
expect "of a folder the pictures, by their content, sorted" "1/3 a.jpg: rejected
2/3 b: done
3/3 sunset.jpg: done" "$err"
contains "and how many files are none" "3 photos, 1 rejected, 8 writes, 1 skipped that is no picture" \
    "$out"
process --store "$WORK/album-store" --json "$WORK/album"
contains "in JSON, too" "\"file\":\"$WORK/album/a.jpg\"" "$out"
contains "with the count" '"skipped":1' "$out"
refuses "have the same name" process --store "$WORK/album-store" "$WORK/album" "$WORK/album/inner/../b"

refuses "No such file" process --store "$store" "$SAMPLES/sunset.jpg" nothing.jpg
refuses "there is no picture in $WORK/empty" process --store "$store" "$WORK/empty"
refuses "have the same name" process --store "$store" "$SAMPLES/harbour.jpg" "$WORK/other/harbour.jpg"
refuses "PHOTO" process --store "$store"
refuses "--stroe" process --stroe x y

# ---- what is no photo, and little memory --------------------------------------------------------

export DESTINATION_BUCKET=uploads
run process --store "$WORK/circle" "$SAMPLES/moon.png"
unset DESTINATION_BUCKET
expect "results that would go where uploads arrive are a failure" 1 "$status"
contains "that names the rule" "rules.destination is 'uploads', where uploads arrive" "$out$err"

mkfifo "$WORK/pipe"
refuses "pipe: not a regular file" process --store "$WORK/store" "$WORK/pipe"
run process --store "$WORK/small" --memory 128 "$SAMPLES/moon.png"
expect "128 MB suffice for a small photo" 0 "$status"
contains "which is made" "1 photo, 4 writes" "$out"

tally
