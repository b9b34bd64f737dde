-- One line about a run: how it ended, where its time went, what it took. Pure.

local layout = require "commands.table"

local summary = {}

-- What AWS asks in us-east-1 for x86-64, in dollars: aws.amazon.com/lambda/pricing, 2026.
local dollars_per_gb_second = 0.0000166667
local dollars_per_request = 0.0000002

local stages = {
  { "get_ms", "S3 get" }, { "decode_ms", "decode" }, { "resize_ms", "resize" },
  { "encode_ms", "encode" }, { "put_ms", "S3 put" }, { "s3_ms", "S3" },
  { "dynamodb_ms", "DynamoDB" }, { "lua_ms", "Lua" },
}

local shown_ms_min = 0.05

--- {label, milliseconds} of each stage that took time: `before` and `after` are two readings of
--- stages.totals() (bindings/stages.h). What ran side by side counts in full.
function summary.parts(before, after)
  local parts = {}
  for _, stage in ipairs(stages) do
    local milliseconds = after[stage[1]] - before[stage[1]]
    if milliseconds >= shown_ms_min then parts[#parts + 1] = { stage[2], milliseconds } end
  end
  return parts
end

--- Dollars, for a function with so much memory; billed is every millisecond that has begun.
function summary.cost(milliseconds, memory_mb)
  return math.ceil(milliseconds) / 1000 * memory_mb / 1024 * dollars_per_gb_second
    + dollars_per_request
end

function summary.milliseconds(value)
  if value < 10 then return ("%.1f"):format(value) end
  return ("%.0f"):format(value)
end

--- "ok 38 ms (S3 get 12, decode 9.8, ...), peak 71 MB, 2 writes, est. $0.0000006 at 512 MB".
--- run = {outcome, milliseconds, parts, writes, peak_bytes, memory_mb, start_ms?}
function summary.line(run)
  local parts = {}
  for i, part in ipairs(run.parts) do parts[i] = part[1] .. " " .. summary.milliseconds(part[2]) end
  local start = run.start_ms and ("start %s ms, then "):format(summary.milliseconds(run.start_ms))
  local shares = #parts > 0 and (" (%s)"):format(table.concat(parts, ", ")) or ""
  return ("%s%s %s ms%s, peak %s, %d %s, est. $%.7f at %d MB"):format(start or "", run.outcome,
    summary.milliseconds(run.milliseconds), shares,
    layout.bytes(run.peak_bytes), run.writes, run.writes == 1 and "write" or "writes",
    summary.cost(run.milliseconds, run.memory_mb), run.memory_mb)
end

--- "20 runs, warm: p50 38 ms, p90 41 ms, max 55 ms" of a list of milliseconds.
function summary.repeats(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local function at(share)
    return summary.milliseconds(sorted[math.max(1, math.ceil(#sorted * share))])
  end
  return ("%d %s, warm: p50 %s ms, p90 %s ms, max %s ms"):format(#list,
    #list == 1 and "run" or "runs", at(0.5), at(0.9), at(1))
end

return summary
