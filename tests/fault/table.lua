-- Every fault, one row each: what the script got, how often the server was asked, and how long it
-- took. Run by tests/cli/fault_test.sh with --aws, once with much time (FAULT_MS=10000) and once
-- with little (FAULT_MS=1000), when what is not worth beginning any more is not begun.

local t = ...
local host, json, s3 = require "host", require "json", require "s3"

local given_ms = math.tointeger(os.getenv "FAULT_MS")
local plenty = given_ms >= 10000
local slack_ms = 1000 -- of a busy machine
local tries = { 1, 2, 4 } -- of a machine that is busier: with so many times as much

-- The longest pauses between attempts, all together: the base doubles from one to the next.
local s3_failed, s3_throttled = 50 + 100, 1000 + 2000
local item_failed, item_throttled = 25 + 50 + 100, 1000 + 2000 + 4000
local left_over = 50 + 100 + 200 + 400 + 800 + 1600 + 3200

-- What call.lua was asked, the scenario in server.py, what came of it, how often the server was
-- asked, the longest time in milliseconds without the server's own. Of a failure: status (0: none
-- came), whether it may be tried again, and the attempts it speaks of, if not all that the server
-- saw. `hurried`: what else may come of it in a second; `endless`: only the deadline ends it.
local rows = {
  { "get", "fine", "hello", 1, 0 },
  -- 500, 502, 503, 429
  { "get", "once-500", "hello", 2, s3_failed },
  { "get", "always-500", "InternalError", 3, s3_failed, 500, true },
  { "get", "bad-gateway", "hello", 2, s3_failed },
  { "get", "once-slow-down", "hello", 2, s3_throttled, hurried = "SlowDown" },
  { "get", "always-slow-down", "SlowDown", 3, s3_throttled, 503, true },
  { "get", "too-many", "hello", 2, s3_throttled, hurried = "TooManyRequests" },
  { "get", "hint", "hello", 2, 800, least_ms = 700, hurried = "ServiceUnavailable" },
  { "head", "once-500", "there", 2, s3_failed },
  { "head", "always-500", "InternalError", 3, s3_failed, 500, true },
  { "put", "once-500", "written", 2, s3_failed },
  { "put", "always-500", "InternalError", 3, s3_failed, 500, true },
  { "delete", "once-500", "deleted", 2, s3_failed },
  { "put", "bad-digest", "written", 2, s3_failed },
  -- Resets before the body and within it. The first attempt that goes over a connection which was
  -- kept is not counted: it may have died long ago.
  { "get", "reset", "hello", 2, 0 },
  { "get", "always-reset", "network", 4, s3_failed, 0, true, 3 },
  { "put", "reset", "written", 2, 0 },
  { "get", "cut", "hello", 2, s3_failed },
  { "get", "always-cut", "network", 3, s3_failed, 200, true },
  -- Truncated bodies, and damaged ones
  { "get", "short", "hello", 2, s3_failed },
  { "get", "always-short", "network", 3, s3_failed, 200, true },
  { "get", "short-chunks", "hello", 2, s3_failed },
  { "get", "wrong-sum", "hello", 2, s3_failed },
  { "get", "always-wrong-sum", "checksum", 3, s3_failed, 0, true },
  -- Slow drips, silence
  { "get", "drip", "deadline", 1, math.huge, 0, true, endless = true },
  { "get", "mute", "deadline", 1, math.huge, 0, true, endless = true },
  { "item", "mute", "deadline", 1, math.huge, 0, true, endless = true },
  -- 200 with an error body
  { "copy", "copy", "copied", 2, s3_failed },
  { "copy", "always-copy-500", "InternalError", 3, s3_failed, 200, true },
  { "copy", "copy-denied", "AccessDenied", 1, 0, 200, false },
  { "list", "list-500", "0 listed", 2, s3_failed },
  { "list", "list-strange", "bad_response", 1, 0, 0, false },
  { "list", "empty-list", "bad_response", 1, 0, 0, false },
  { "delete_all", "delete-all", "0 left", 2, s3_failed },
  { "delete_all", "delete-all-denied", "AccessDenied", 1, 0, 200, false },
  { "delete_all", "delete-all-strange", "bad_response", 1, 0, 0, false },
  -- 409, 412, and 412 after a success whose answer was lost: the last request asks what is there.
  { "create", "conflict", "conflict", 1, 0 },
  { "create", "precondition", "conflict", 1, 0 },
  { "replace", "precondition", "conflict", 1, 0 },
  { "create", "lost", "written", 2, 0 },
  { "create", "stored-then-500", "written", 2, 0 },
  { "create", "stored-then-503", "written", 3, s3_throttled, hurried = "SlowDown" },
  { "replace", "stored-then-503", "written", 3, s3_throttled, hurried = "SlowDown" },
  { "create", "other-after-503", "conflict", 3, s3_throttled, hurried = "SlowDown" },
  { "create", "unseen-after-503", "network", 3, s3_throttled, 412, true, 2, hurried = "SlowDown" },
  { "create", "once-500", "InternalError", 2, 0, 500, true, 1 },
  { "create", "never-arrived", "network", 2, 0, 0, true, 1 },
  { "put", "conflict", "ConditionalRequestConflict", 1, 0, 409, false },
  -- A redirect that names no region; faults.lua has those that do.
  { "get", "redirect", "PermanentRedirect", 1, 0, 301, false },
  -- Huge headers, HTML, nothing, another protocol
  { "get", "huge-headers", "too_large", 1, 0, 200, false },
  { "get", "html", "Forbidden", 1, 0, 403, false },
  { "get", "html-503", "ServiceUnavailable", 3, s3_failed, 503, true },
  { "get", "nothing", "HTTP 418", 1, 0, 418, false },
  { "get", "no-http", "network", 4, s3_failed, 0, true, 3 },
  -- Expired tokens, refusals, clock skew
  { "get", "expired", "ExpiredToken", 1, 0, 400, false },
  { "get", "denied", "AccessDenied", 1, 0, 403, false },
  { "get", "skew", "hello", 2, 0 },
  { "item", "item-skew", "no item", 2, 0 },
  { "item", "item-expired", "ExpiredTokenException", 1, 0, 400, false },
  -- DynamoDB: failures, throttling, damaged answers
  { "item", "item-500", "no item", 2, item_failed },
  { "item", "always-item-500", "InternalServerError", 4, item_failed, 500, true },
  { "item", "throttled", "no item", 2, item_throttled,
    hurried = "ProvisionedThroughputExceededException" },
  { "item", "always-throttled", "ThrottlingException", 4, item_throttled, 400, true },
  { "item", "item-html", "no item", 2, item_failed },
  { "item", "item-reset", "no item", 2, 0 },
  { "item", "item-cut", "no item", 2, item_failed },
  { "item", "wrong-crc", "no item", 2, item_failed },
  { "item", "always-wrong-crc", "checksum", 4, item_failed, 0, true },
  { "item", "item-no-json", "bad_response", 1, 0, 0, false, 0 },
  -- What must not be done twice is not, unless it was surely refused.
  { "store", "item-500", "stored", 2, item_failed },
  { "add", "item-500", "InternalServerError", 1, 0, 500, true },
  { "add", "throttled", "added", 2, item_throttled,
    hurried = "ProvisionedThroughputExceededException" },
  { "add", "item-html", "ServiceUnavailable", 1, 0, 503, true },
  { "transact", "item-500", "stored", 2, item_failed },
  { "transact", "item-reset", "stored", 2, 0 },
  { "claim", "item-500", "InternalServerError", 1, 0, 500, true },
  { "claim", "lost-condition", "conflict", 1, 0 },
  -- Throttled batches
  { "write", "once-unwritten", "stored", 2, left_over },
  { "write", "always-unwritten", "unprocessed", 8, left_over, 0, true },
  { "read", "once-unread", "0 read", 2, left_over },
  { "read", "always-unread", "unprocessed", 8, left_over, 0, true },
}

local function times_asked(name)
  return select(2, s3.get({ bucket = "log", key = name }).body:gsub("[^\n]+", ""))
end

-- The result of a row's call, the milliseconds it took, and the name that the server knows it by.
local function run(row, timeout_ms)
  local call, scenario = row[1], row[2]
  local name = ("%s.%s.%d"):format(scenario, call:gsub("_", "-"), timeout_ms)
  local started_ms = host.now_ms()
  local answer, err = host.invoke(json.encode { call = call, name = name },
    { timeout_ms = timeout_ms })
  local took_ms = host.now_ms() - started_ms
  return answer and json.decode(answer) or { got = tostring(err) }, took_ms, name
end

-- The same of the first try that was in time, and whether one was.
local function run_in_time(row)
  local result, took_ms, name, in_time
  for _, times in ipairs(tries) do
    local timeout_ms = given_ms * times
    result, took_ms, name = run(row, timeout_ms)
    in_time = took_ms <= math.min(row[5] + slack_ms * times, timeout_ms)
      and (row.endless or result.got ~= "deadline")
    if in_time then break end
  end
  return result, took_ms, name, in_time
end

local function check_failure(row, result, asked)
  local _, _, got, _, _, status, retryable, attempts = table.unpack(row)
  if status == nil or result.got ~= got then return end
  t.equal(result.status == json.null and 0 or result.status, status, "status")
  t.equal(result.retryable, retryable, "retryable")
  t.equal(result.attempts, attempts or asked, "attempts in the error")
end

assert(host.load_handler "tests/fault/call.lua")
for _, row in ipairs(rows) do
  t.test(("%s %s, %d ms"):format(row[1], row[2], given_ms), function()
    if row.endless and plenty then return end -- nothing new, and ten seconds
    local result, took_ms, name, in_time = run_in_time(row)
    local asked = times_asked(name)
    local what = ("%s in %.0f ms, asked %d times"):format(result.got, took_ms, asked)
    t.ok(in_time, what)
    if plenty then
      t.equal({ result.got, asked }, { row[3], row[4] }, what)
      t.ok(took_ms >= (row.least_ms or 0), what)
    else
      -- With too little time left to look who made the object, nobody knows.
      local unknown = result.got == "network" and result.message:find("is not known", 1, true)
      t.ok(result.got == row[3] or result.got == row.hurried or row.hurried and unknown, what)
      t.ok(asked >= 1 and asked <= row[4], what)
    end
    check_failure(row, result, asked)
  end)
end
