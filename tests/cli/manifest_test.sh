# Sixteen processes change one manifest at once, and some are killed: no entry is lost, none is there
# twice, and the manifest is never damaged.
. tests/cli/check.sh

cat >"$WORK/write.lua" <<'LUA'
local manifest = require "manifest"
for i = 1, 5 do
  manifest.update { bucket = "uploads", entry = { name = arg[1] .. "-" .. i, round = arg[2] } }
end
LUA
cat >"$WORK/count.lua" <<'LUA'
local entries = require("manifest").read { bucket = "uploads" }
local seen, rounds, distinct = {}, 0, 0
for _, entry in ipairs(entries) do
  if not seen[entry.name] then distinct = distinct + 1 end
  seen[entry.name] = true
  if entry.round == arg[1] then rounds = rounds + 1 end
end
io.stdout:write(#entries, " ", distinct, " ", rounds, "\n")
LUA
lua() { "$LUNETTE" run --store "$WORK/store" --bucket uploads "$@"; }

# writers ROUND: sixteen at once; prints how many ended well
writers() {
    local jobs=() well=0
    for i in $(seq 16); do
        lua "$WORK/write.lua" "w$i" "$1" 2>>"$WORK/writers.err" &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do wait "$job" && well=$((well + 1)); done
    echo "$well"
}

expect "sixteen writers end well" 16 "$(writers one)"
expect "eighty entries, each once" "80 80 80" "$(lua "$WORK/count.lua" one)"
expect "sixteen writers change them all" 16 "$(writers two)"
expect "in place" "80 80 80" "$(lua "$WORK/count.lua" two)"

for round in $(seq 5); do
    pids=()
    for i in $(seq 8); do
        # Not through lua(): that would be a shell's process, and only the shell would be killed.
        "$LUNETTE" run --store "$WORK/store" "$WORK/write.lua" "w$i" "killed$round" 2>/dev/null &
        pids+=($!)
    done
    sleep "0.0$((round * 2))"
    for i in 0 2 4 6; do kill -9 "${pids[$i]}" 2>/dev/null; done
    wait "${pids[@]}" 2>/dev/null
done 2>/dev/null
expect "killed writers damage nothing" "80 80" "$(lua "$WORK/count.lua" x | cut -d' ' -f1,2)"
expect "and the next ones go on" 16 "$(writers three)"
expect "as if nothing had been" "80 80 80" "$(lua "$WORK/count.lua" three)"

tally
