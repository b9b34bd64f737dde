-- Puts in parts on a server that misbehaves (uploads.py): that what is there is completed once or
-- removed, and what the script gets. Run by tests/cli/upload_test.sh with --aws, in parts of 5 MiB.

local t = ...
local host, s3, task = require "host", require "s3", require "task"

local MIB = 1024 * 1024
local body = ("0123456789abcdef"):rep(11 * MIB // 16) -- parts of 5, 5 and 1

-- What was asked, a letter for each: Create, Part, cOmplete, Abort, Head.
local function asked(scenario)
  local letters, lines = {}, {}
  for line in s3.get { bucket = "log", key = scenario }.body:gmatch "[^\n]+" do
    local method, query = line:match "^%u+", line:match "query=(%S*)"
    letters[#letters + 1] = method == "HEAD" and "H" or method == "DELETE" and "A"
      or method == "PUT" and "P" or query == "uploads=" and "C" or "O"
    lines[#lines + 1] = line
  end
  return table.concat(letters), lines
end

local function wait_until_asked(scenario, letters)
  local until_ms = host.now_ms() + 60000
  while not asked(scenario):find(letters, 1, true) do
    t.ok(host.now_ms() < until_ms, scenario .. ": " .. asked(scenario))
    task.sleep(10)
  end
end

local function put(scenario, more)
  local options = { bucket = "faults", key = scenario, body = body }
  for name, value in pairs(more or {}) do options[name] = value end
  return s3.put(options)
end

t.test("what is asked, and what comes of it", function()
  local only_if_new = { if_none_match = "*" }
  local cases = {
    { "up-fine", '"whole-3"', "CPPPO" },
    { "up-moved", '"whole-3"', "CCPPPO", bucket = "moved-up" },
    { "up-again", '"whole-3"', "CPPPOO" },
    { "up-tagless", '"whole-3"', "CPPPOH" },
    { "up-lost", '"whole-3"', "CPPPOOH" },
    { "up-lost-once", '"whole-3"', "CPPPOH", if_none_match = "*" },
    { "up-unmade-once", "network", "COHA", if_none_match = "*", text = "is not known" },
    { "up-busy-once", '"whole-3"', "CPPPOOH", if_none_match = "*" },
    { "up-denied", "AccessDenied", "COA", status = 200 },
    { "up-part2", "InternalError", "CA", status = 500, attempts = 3 },
    { "up-noid", "bad_response", "C" },
    { "up-noetag", "bad_response", "CA" },
    { "up-part2-stuck", "InternalError", "CA", status = 500, attempts = 3,
      text = "could not be removed: as asked" },
    { "up-part2-mute", "InternalError", "CA", status = 500, attempts = 3,
      text = "upload U/1+2 could not be removed: no answer" },
  }
  for _, case in ipairs(cases) do
    local name, wanted, letters = table.unpack(case)
    local ok, result = pcall(put, name,
      { bucket = case.bucket, if_none_match = case.if_none_match })
    t.equal(ok and result.etag or result.code, wanted, name)
    if not ok then
      t.equal({ result.status or 0, result.attempts }, { case.status or result.status or 0,
        case.attempts or result.attempts }, name)
      t.ok(tostring(result):find("faults/" .. name, 1, true), "the object is named")
      t.ok(tostring(result):find(case.text or "", 1, true), tostring(result))
    end
    -- Of parts that are stopped some reach the server, and some of those behind the abort.
    local got = asked(name)
    t.equal(letters:find "P" and got or got:gsub("P", ""), letters, name)
  end
  local none, why = put("up-conflict", only_if_new)
  t.equal({ none, why }, { nil, "conflict" })
  t.equal(asked "up-conflict", "CPPPOA")
  none, why = put("up-busy-other", only_if_new)
  t.equal({ none, why }, { nil, "conflict" })
  t.equal(asked "up-busy-other", "CPPPOOHA")
end)

t.test("the condition is the last request's, the parts are numbered and summed", function()
  put("up-fine-once", { if_none_match = "*" })
  local letters, lines = asked "up-fine-once"
  t.equal(letters, "CPPPO")
  for i, line in ipairs(lines) do
    t.equal(line:match "if%-none%-match=(%S*)", i == #lines and "*" or "", line)
  end
  t.equal(lines[1]:match "query=(%S*)", "uploads=")
  t.equal(lines[#lines]:match "query=(%S*)", "uploadId=U%2F1%2B2")
  local told = s3.get { bucket = "faults", key = "up-fine-once" }.body
  local _, count = told:gsub("<Part><PartNumber>%d</PartNumber><ETag>[^<]+</ETag>"
    .. "<ChecksumSHA256>[%w+/]+=</ChecksumSHA256></Part>", "")
  t.equal(count, 3)
  t.ok(told:find("part%-1%-5242880.*part%-2%-5242880.*part%-3%-1048576"), told)
end)

t.test("four parts at a time", function()
  s3.put { bucket = "faults", key = "up-slow", body = body:rep(4) }
  t.equal(asked "up-slow", "CPPPPPPPPPO")
  t.equal(s3.get { bucket = "faults", key = "up-slow" }.body:match "^%d+", "4")
end)

-- Puts until it has come so far, and what was asked in the end.
local function cancelled(scenario, begun)
  t.raises("enough", task.all, {
    function() put(scenario) end,
    function() wait_until_asked(scenario, begun) error "enough" end,
  })
  wait_until_asked(scenario, "A")
  return asked(scenario)
end

t.test("cancelled, it is aborted", function()
  t.equal(cancelled("up-hang", "CPPP"), "CPPPA")
end)

t.test("cancelled before it has its id, which comes later, it is aborted", function()
  local got -- a busy machine may let it come sooner
  for try = 1, 5 do
    got = cancelled("up-late-" .. try, "C")
    if got == "CA" then break end
  end
  t.equal(got, "CA")
end)

t.test("cancelled while it is aborted, it is aborted still", function()
  local started = os.time()
  t.raises("enough", task.all, {
    function() put "up-part2-mute-too" end,
    function() wait_until_asked("up-part2-mute-too", "A") error "enough" end,
  })
  t.ok(os.time() - started < 50, "it was waited for, a minute")
end)
