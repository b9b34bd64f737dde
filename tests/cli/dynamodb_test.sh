# Sixteen processes change the same items of one store at once, and some are killed: no count is
# lost, every condition is won exactly once, and what was acknowledged is there.
. tests/cli/check.sh

cat >"$WORK/count.lua" <<'LUA'
local dynamodb = require "dynamodb"
local won = 0
for i = 1, 20 do
  dynamodb.update { table = "things", key = { id = "counter" }, add = { n = 1 } }
  dynamodb.put { table = "lines", item = { id = arg[1], at = i } }
  local first = dynamodb.put {
    table = "things", item = { id = "race-" .. i, by = arg[1] },
    condition = "attribute_not_exists(id)",
  }
  if first then won = won + 1 end
  io.stdout:write(i, "\n")
  io.stdout:flush()
end
io.stdout:write("won ", won, "\n")
LUA
cat >"$WORK/read.lua" <<'LUA'
local dynamodb = require "dynamodb"
local n = dynamodb.get { table = "things", key = { id = "counter" } }.n
local races, lines = 0, 0
for page in dynamodb.scan_pages { table = "things" } do races = races + page.count end
for page in dynamodb.scan_pages { table = "lines" } do lines = lines + page.count end
io.stdout:write(n, " ", races - 1, " ", lines, "\n")
LUA
cat >"$WORK/lines.lua" <<'LUA'
local page = require("dynamodb").query { table = "lines", hash = { id = arg[1] }, count_only = true }
io.stdout:write(page.count, "\n")
LUA
lua() { "$LUNETTE" run --store "$WORK/store" --table things=id --table lines=id:S,at:N "$@"; }

jobs=() well=0
for i in $(seq 16); do
    lua "$WORK/count.lua" "w$i" >"$WORK/w$i" 2>>"$WORK/errors" &
    jobs+=($!)
done
for job in "${jobs[@]}"; do wait "$job" && well=$((well + 1)); done
expect "sixteen processes end well" 16 "$well"
expect "every count, every race, every line" "320 20 320" "$(lua "$WORK/read.lua")"
expect "each race has one winner" 20 "$(cat "$WORK"/w* | awk '/won/ { n += $2 } END { print n }')"

for round in $(seq 6); do
    lua "$WORK/count.lua" "killed$round" >"$WORK/killed$round" 2>/dev/null &
    job=$!
    for _ in $(seq 200); do
        [ "$(wc -l <"$WORK/killed$round")" -ge $((round * 2)) ] && break
        sleep 0.01
    done
    kill -9 "$job" 2>/dev/null
    wait "$job" 2>/dev/null
    acknowledged=$(grep -c '^[0-9]' "$WORK/killed$round")
    stored=$(lua "$WORK/lines.lua" "killed$round")
    expect "killed at $acknowledged: what was acknowledged is there" yes \
        "$([ "$stored" -ge "$acknowledged" ] && echo yes || echo "only $stored")"
done 2>/dev/null

run run --store "$WORK/store" "$WORK/read.lua"
expect "tables stay declared" 0 "$status"
run run --store "$WORK/store" --table things=id:N "$WORK/read.lua"
expect "a table has one key schema" 1 "$((status != 0))"
contains "and says which" "Table already exists: things with the keys id:S" "$err"

tally
