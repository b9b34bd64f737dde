# What `as = "bytes"` is for: a large object is there once, not twice, and a loop over many holds few.
. tests/cli/check.sh

case $LUNETTE in
*/asan/* | */tsan/*)
    echo "skipped: the memory of bodies: a sanitizer's says nothing of it"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
    ;;
esac

cat >"$WORK/put.lua" <<'E2'
require "s3".put { bucket = "uploads", key = "large", body = ("x"):rep(40000000) }
E2

# get.lua AS TIMES: the peak of the process, in megabytes
cat >"$WORK/get.lua" <<'E2'
local as, times = ...
for _ = 1, tonumber(times) do
  local body = require "s3".get { bucket = "uploads", key = "large", as = as }.body
  assert(#body == 40000000)
end
for line in io.lines "/proc/self/status" do
  local kb = line:match "VmHWM:%s*(%d+)"
  if kb then print(kb // 1000) end
end
E2

run run --store "$WORK/store" --bucket uploads "$WORK/put.lua" </dev/null
expect "a large object" 0 "$status"
peak() { "$LUNETTE" run --store "$WORK/store" --bucket uploads "$WORK/get.lua" "$@" </dev/null; }
bytes=$(peak bytes 1) many=$(peak bytes 20) string=$(peak string 1)
less=$((string - bytes))
more=$((many - bytes))
expect "as bytes it is there once ($bytes MB, as a string $string MB)" true \
    "$([ "$less" -gt 30 ] && echo true)"
expect "twenty, one after the other, take little more ($many MB)" true \
    "$([ "$more" -lt 90 ] && echo true)"
tally
