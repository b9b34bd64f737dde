-- The internal module `stages`: each stage counts what is done in it, and nothing else does.
local t = ...

local dynamodb = require "dynamodb"
local image = require "image"
local s3 = require "s3"
local stages = require "stages"

-- What `fn` adds to the totals.
local function cost(fn)
  local before = stages.totals()
  fn()
  local now = stages.totals()
  for name, value in pairs(before) do now[name] = now[name] - value end
  return now
end

t.test("objects by what is done to them, and their bytes", function()
  local put = cost(function() s3.put { bucket = "uploads", key = "a", body = ("x"):rep(1000) } end)
  t.equal({ put.requests, put.bytes_out, put.bytes_in }, { 1, 1000, 0 })
  t.ok(put.put_ms > 0 and put.get_ms == 0 and put.s3_ms == 0, "put_ms alone")
  local get = cost(function() s3.get { bucket = "uploads", key = "a" } end)
  t.equal({ get.requests, get.bytes_in, get.bytes_out }, { 1, 1000, 0 })
  t.ok(get.get_ms > 0 and get.put_ms == 0 and get.s3_ms == 0, "get_ms alone")
  local head = cost(function() s3.head { bucket = "uploads", key = "a" } end)
  t.ok(head.s3_ms > 0 and head.get_ms == 0, "s3_ms alone")
end)

t.test("items", function()
  local item = cost(function() dynamodb.put { table = "things", item = { id = "a" } } end)
  t.equal(item.requests, 1)
  t.ok(item.dynamodb_ms > 0 and item.put_ms == 0, "dynamodb_ms alone")
end)

t.test("photos: decoded once, and as many pictures as were made", function()
  local bytes = t.read("build/samples/moon.png")
  local photo <close> = image.open(bytes)
  local made = cost(function()
    photo:render { { width = 200, format = "jpeg" }, { width = 50, format = "png" } }
  end)
  t.equal({ made.pictures, made.pixels }, { 2, photo.width * photo.height })
  t.ok(made.decode_ms > 0 and made.resize_ms > 0 and made.encode_ms > 0, "each stage took time")
end)

t.test("the rules themselves, without what they waited for", function()
  local task = require "task"
  local waiting = cost(function() task.sleep(1000) end)
  t.ok(waiting.lua_ms < 900, "lua_ms while it slept, " .. waiting.lua_ms .. ",")
  local function work()
    local until_s = os.clock() + 0.02
    while os.clock() < until_s do end
  end
  local working = cost(function() task.all { work } end)
  t.ok(working.lua_ms > 10, "lua_ms while it worked, " .. working.lua_ms .. ",")
end)

t.test("the most memory that the process has had", function()
  local peak = stages.totals().peak_memory_bytes
  t.ok(peak > 1000000 and peak < 100000000000, "peak_memory_bytes, " .. peak .. ",")
end)
