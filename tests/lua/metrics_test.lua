-- The module `metrics`: the lines that it writes, and its limits.
local t = ...

local json = require "json"
local metrics = require "metrics"

local function recorder(is_wanted)
  local lines = {}
  return lines, metrics {
    is_wanted = is_wanted ~= false,
    namespace = "Test",
    function_name = "resize",
    now_ms = function() return 1700000000000 end,
    write = function(line) lines[#lines + 1] = json.decode(line) end,
  }
end

t.test("one line holds everything of an invocation", function()
  local lines, m = recorder()
  m.count("photos")
  m.count("photos", 2)
  m.time("decode", 12.5)
  m.bytes("written", 100)
  m.dimension("format", "webp")
  m.flush()
  t.equal(lines, { {
    _aws = {
      Timestamp = 1700000000000,
      CloudWatchMetrics = { {
        Namespace = "Test",
        Dimensions = { { "format", "function" } },
        Metrics = {
          { Name = "decode", Unit = "Milliseconds" },
          { Name = "photos", Unit = "Count" },
          { Name = "written", Unit = "Bytes" },
        },
      } },
    },
    ["function"] = "resize", format = "webp",
    decode = 12.5, photos = { 1, 2 }, written = 100,
  } })
end)

t.test("with them goes what the stages took since the last line, and what the line is of", function()
  local totals = { get_ms = 1.5, put_ms = 0.0, s3_ms = 0.0, dynamodb_ms = 0.0, decode_ms = 0.0,
    resize_ms = 0.0, encode_ms = 0.0, lua_ms = 0.0, bytes_in = 10, bytes_out = 0, pixels = 0,
    pictures = 0, requests = 1, peak_memory_bytes = 5000 }
  local lines = {}
  local m = metrics {
    is_wanted = true, namespace = "Test", now_ms = function() return 1 end,
    stages = function() return totals end,
    write = function(line) lines[#lines + 1] = json.decode(line) end,
  }
  totals = setmetatable({ get_ms = 4.0, bytes_in = 110, requests = 3, peak_memory_bytes = 6000 },
    { __index = totals })
  m.property("request_id", "8f5")
  m.count "done"
  m.flush()
  m.count "done"
  m.flush()
  local units = {}
  for _, metric in ipairs(lines[1]._aws.CloudWatchMetrics[1].Metrics) do
    units[metric.Name] = metric.Unit
  end
  t.equal({ units.get_ms, units.bytes_in, units.requests }, { "Milliseconds", "Bytes", "Count" })
  t.equal(units.request_id, nil)
  t.equal({ lines[1].get_ms, lines[1].bytes_in, lines[1].requests, lines[1].pixels },
    { 2.5, 100, 2, 0 })
  t.equal({ lines[1].peak_memory_bytes, lines[1].request_id }, { 6000, "8f5" })
  t.equal({ lines[2].get_ms, lines[2].bytes_in, lines[2].request_id }, { 0, 0, nil })
end)

t.test("nothing collected, or nobody to read it: no line", function()
  local lines, m = recorder()
  m.flush()
  t.equal(#lines, 0)
  lines, m = recorder(false)
  m.count("photos")
  m.flush()
  t.equal(#lines, 0)
end)

t.test("after a flush all begins anew, dimensions too", function()
  local lines, m = recorder()
  m.dimension("format", "webp")
  m.count("a")
  m.flush()
  m.count("b")
  m.flush()
  t.equal(lines[2].a, nil)
  t.equal(lines[2]._aws.CloudWatchMetrics[1].Dimensions, { { "function" } })
end)

t.test("more than CloudWatch takes in a line makes more lines, and loses nothing", function()
  local lines, m = recorder()
  for i = 1, 250 do m.count(("metric%03d"):format(i)) end
  for _ = 1, 150 do m.count("many") end
  m.flush()
  local names, values = 0, 0
  for _, line in ipairs(lines) do
    local described = line._aws.CloudWatchMetrics[1].Metrics
    t.ok(#described <= 100)
    for _, metric in ipairs(described) do
      if metric.Name == "many" then
        local many = line.many
        t.ok(type(many) == "number" or #many <= 100)
        values = values + (type(many) == "table" and #many or 1)
      else
        names = names + 1
      end
    end
  end
  t.equal({ names, values }, { 250, 150 })
end)

t.test("wrong arguments are named", function()
  local _, m = recorder()
  t.raises("bad argument #1 to 'count' (expected a name", m.count, "")
  t.raises("bad argument #1 to 'count' (expected a name", m.count, "_aws")
  t.raises("bad argument #2 to 'count' (expected a finite number)", m.count, "a", 0 / 0)
  t.raises("bad argument #2 to 'time' (expected a finite number)", m.time, "a")
  t.raises("bad argument #2 to 'bytes' (expected a finite number)", m.bytes, "a", "1")
  t.raises("bad argument #2 to 'dimension'", m.dimension, "a", 1)
  for i = 1, 29 do m.dimension("d" .. i, "x") end
  t.raises("at most 30 dimensions", m.dimension, "one more", "x")
end)
