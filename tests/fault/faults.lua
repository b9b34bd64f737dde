-- What scripts get from a server that misbehaves (server.py), and how often it was asked. Run by
-- tests/cli/fault_test.sh with --aws.

local t = ...
local s3, dynamodb, task = require "s3", require "dynamodb", require "task"
local effects = require "effects"

local function lines_of(scenario)
  local ok, object = pcall(s3.get, { bucket = "log", key = scenario })
  local lines = {}
  for line in (ok and object.body or ""):gmatch "[^\n]+" do lines[#lines + 1] = line end
  return lines
end

local function field(line, name)
  return line:match(" " .. name:gsub("%-", "%%-") .. "=(%S*)")
end

local function get(scenario, more)
  local options = { bucket = "faults", key = scenario }
  for name, value in pairs(more or {}) do options[name] = value end
  return s3.get(options)
end

-- What comes of a get: the body or the error's code; the attempts that the server saw.
t.test("gets", function()
  local cases = {
    { "fine", "hello", 1 },
    { "once-500", "hello", 2 },
    { "always-500", "InternalError", 3, 500, true },
    { "once-slow-down", "hello", 2 },
    { "hint", "hello", 2 },
    { "html", "Forbidden", 1, 403, false },
    { "nothing", "HTTP 418", 1, 418, false },
    { "expired", "ExpiredToken", 1, 400, false },
    { "reset", "hello", 2 },
    -- One more than is counted: the first went over a kept-alive connection, which may be dead.
    { "always-reset", "network", 4, 0, true },
    { "cut", "hello", 2 },
    { "huge-headers", "too_large", 1, 200, false },
    { "wrong-sum", "hello", 2 },
    { "wrong-crc64", "hello", 2 },
    { "redirect", "PermanentRedirect", 1, 301, false },
  }
  for _, case in ipairs(cases) do
    local name, wanted, attempts, status, retryable = table.unpack(case)
    local ok, result = pcall(get, name)
    t.equal(ok and result.body or result.code, wanted, name)
    t.equal(#lines_of(name), attempts, name .. ", attempts")
    if not ok then
      t.equal(result.status or 0, status, name .. ", status")
      t.equal(result.attempts, math.min(attempts, 3), name .. ", err.attempts")
      t.equal(result.retryable, retryable, name .. ", retryable")
      t.ok(tostring(result):find("faults/" .. name, 1, true), "the object is named")
    end
  end
end)

t.test("messages", function()
  local err = t.raises("status 403 and: <html><body> <h1>No way</h1>", get, "html")
  t.equal(err.request_id, "R0")
  t.equal(t.raises("as asked", get, "expired").request_id, "R1")
end)

t.test("each attempt says which it is, under one id", function()
  local lines = lines_of "always-500"
  for i, line in ipairs(lines) do
    t.equal(field(line, "amz-sdk-request"), ("attempt=%d;max=3"):format(i))
    t.equal(field(line, "amz-sdk-invocation-id"), field(lines[1], "amz-sdk-invocation-id"))
    t.equal(field(line, "accept-encoding"), "identity")
  end
  t.ok(field(lines[1], "amz-sdk-invocation-id"):match "^%x+%-%x+%-4%x+%-%x+%-%x+$", "a UUID")
  t.ok(field(lines[1], "amz-sdk-invocation-id")
    ~= field(lines_of "fine"[1], "amz-sdk-invocation-id"), "another operation, another id")
end)

t.test("the trace id goes along as AWS encodes it, unsigned", function()
  local line = lines_of "fine"[1]
  t.equal(field(line, "x-amzn-trace-id"), "Root=1-a;Parent=b%20c;Sampled=1;Lineage=a:1%7Cb")
  t.ok(not field(line, "authorization"):find("trace", 1, true), "unsigned")
end)

t.test("a body is bounded while it arrives", function()
  local err = t.raises("max_bytes", get, "big", { max_bytes = 300000 })
  t.equal(err.code, "too_large")
  err = t.raises("max_bytes", get, "big", { max_bytes = 1000 })
  t.equal(err.code, "too_large")
  t.equal(#get("big", { max_bytes = 1000000 }).body, 1000000)
end)

t.test("a wrong clock is set by the server's, once", function()
  t.equal(get("skew").body, "hello")
  local lines = lines_of "skew"
  t.equal(#lines, 2)
  t.equal(field(lines[2], "amz-sdk-request"), "attempt=1;max=3")
  t.ok(field(lines[1], "x-amz-date") < field(lines[2], "x-amz-date"), "later")
  t.equal(t.raises("RequestTimeTooSkewed", get, "always-skew").attempts, 1)
  t.equal(#lines_of "always-skew", 1)
end)

t.test("for all the requests that were sent with the wrong one", function()
  local names = { "ahead.1", "ahead.2", "ahead.3", "ahead.4" }
  local bodies = task.map(names, function(name) return get(name).body end)
  t.equal(bodies, { "hello", "hello", "hello", "hello" })
  for _, name in ipairs(names) do t.equal(#lines_of(name), 2, name .. ", attempts") end
end)

-- The regions that a scenario's attempts were signed for.
local function regions_of(scenario)
  local regions = {}
  for i, line in ipairs(lines_of(scenario)) do
    regions[i] = field(line, "authorization"):match "/([%w-]+)/s3/aws4_request"
    t.equal(field(line, "amz-sdk-request"), "attempt=1;max=3", scenario .. ", attempt")
  end
  return table.concat(regions, " ")
end

t.test("a bucket of another region is asked for there, once, and remembered", function()
  local calls = {
    ["moved-301"] = s3.get, ["moved-307"] = s3.get, ["moved-400"] = s3.get,
    ["moved-head"] = s3.head,
    ["moved-put"] = function(options)
      options.body = "three"
      t.equal(s3.put(options).etag, '"5"', "the body came a second time, too")
    end,
  }
  for name, call in pairs(calls) do
    call { bucket = name, key = name }
    t.equal(regions_of(name), "eu-west-1 us-west-2", name)
    call { bucket = name, key = name }
    t.equal(regions_of(name), "eu-west-1 us-west-2 us-west-2", name .. ", again")
    t.ok(s3.presign({ bucket = name, key = name }):find("us-west-2", 1, true), "so is an address")
  end
  for name, regions in pairs {
    ["moved-round"] = "eu-west-1 us-west-2", ["moved-nowhere"] = "eu-west-1",
    ["moved-silently"] = "eu-west-1",
  } do
    local err = t.raises("PermanentRedirect", s3.get, { bucket = name, key = name })
    local advice = ("another region than '%s': set AWS_REGION"):format(regions:match("%S+$"))
    t.ok(err.message:find(advice, 1, true), err.message)
    t.equal({ err.status, err.attempts, err.retryable }, { 301, 1, false }, name)
    t.equal(regions_of(name), regions, name)
  end
end)

t.test("a copy that answers 200 with an error has failed", function()
  local function copy(key)
    return s3.copy { bucket = "faults", key = key, source_key = "x" }
  end
  t.equal(copy("copy").etag, '"e"')
  local list = effects.list()
  t.equal(list[#list].attempts, 2, "attempts, as the effects tell them")
  t.equal(#lines_of "copy", 2)
  t.equal(t.raises("AccessDenied", copy, "copy-denied").status, 200)
  t.raises("the source has more than 5368709120 bytes", copy, "copy-large")
end)

t.test("so has a delete_all, or a list", function()
  local function delete_all(bucket) return s3.delete_all { bucket = bucket, keys = { "a" } } end
  t.equal(delete_all "delete-all", { deleted = 1, errors = {} })
  t.equal(#lines_of "delete-all", 2)
  t.equal(t.raises("AccessDenied", delete_all, "delete-all-denied").status, 200)
  t.equal(t.raises("<html>", delete_all, "delete-all-strange").code, "bad_response")
  t.equal(t.raises("<Error>", s3.list, { bucket = "list-strange" }).code, "bad_response")
end)

t.test("a lost answer of a conditional put is recognised", function()
  local function put(key)
    return s3.put { bucket = "faults", key = key, body = "mine", if_none_match = "*" }
  end
  t.equal(put("lost").etag, '"' .. require "hash".md5 "mine" .. '"')
  local lines = lines_of "lost"
  t.equal(#lines, 2)
  t.equal(lines[1]:match "^%u+" .. lines[2]:match "^%u+", "PUTHEAD")
  local err = t.raises("not known", put, "never-arrived")
  t.equal({ err.code, err.retryable, err.attempts }, { "network", true, 1 })
  t.equal(#lines_of "never-arrived", 2)
  local none, why = put "conflict"
  t.equal({ none, why }, { nil, "conflict" })
  t.equal(#lines_of "conflict", 1)
  t.equal(t.raises("InternalError", put, "always-500").attempts, 1)
end)

local function connections()
  return math.tointeger(s3.get { bucket = "log", key = "connections" }.body:match "%d+")
end

t.test("a conditional put takes a connection that was just used, and no other", function()
  local function put()
    return s3.put { bucket = "faults", key = "precondition", body = "mine", if_none_match = "*" }
  end
  local before = connections()
  for _ = 1, 3 do t.equal({ put() }, { nil, "conflict" }) end
  t.equal(connections() - before, 0, "at once")
  task.sleep(2100)
  t.equal({ put() }, { nil, "conflict" })
  t.equal(connections() - before, 1, "after a while")
end)

t.test("a document that is none", function()
  local err = t.raises("bad_response", s3.list, { bucket = "empty-list" })
  t.equal(err.code, "bad_response")
end)

t.test("less than was asked for is not taken for all", function()
  t.equal(t.raises("no token", s3.list, { bucket = "list-half" }).code, "bad_response")
  t.equal(t.raises("'-1'", s3.list, { bucket = "list-negative" }).code, "bad_response")
  t.equal(t.raises("bytes 0-2/5", get, "part-only").code, "bad_response")
  t.equal(t.raises("bytes 0-2/5", get, "part-only", { range = { 1, 2 } }).code, "bad_response")
  t.equal(get("part-only", { range = { 0, 2 } }).size, 5)
  t.raises("bytes 0-2/-5", get, "part-negative", { range = { 0, 2 } })
end)

t.test("a task that fails cancels the request beside it", function()
  local started = os.time()
  t.raises("enough", task.all, {
    function() get "drip" end,
    function() task.sleep(50) error "enough" end,
  })
  t.ok(os.time() - started < 40, "it was waited for, 50 seconds")
end)

t.test("DynamoDB's failures", function()
  t.equal(dynamodb.get { table = "throttled", key = { id = "a" } }, nil)
  t.equal(#lines_of "throttled", 2)
  t.equal(dynamodb.get { table = "wrong-crc", key = { id = "a" } }, nil)
  t.equal(#lines_of "wrong-crc", 2)
  local err = t.raises("InternalServerError", dynamodb.update,
    { table = "item-500", key = { id = "a" }, add = { n = 1 } })
  t.equal({ err.attempts, err.retryable }, { 1, true })
  t.equal(dynamodb.get { table = "item-500", key = { id = "a" } }, nil)
  local none, why = dynamodb.put { table = "lost-condition", item = { id = "a" },
    condition = "attribute_not_exists(id)" }
  t.equal({ none, why }, { nil, "conflict" })
end)
