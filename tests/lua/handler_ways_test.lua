-- The production handler over the embedded stores: the same upload through every way that events come,
-- twice, late and out of order, ends in the same objects, list and items.
local t = ...

local dynamodb = require "dynamodb"
local host = require "host"
local json = require "json"
local places = require "commands.places"
local s3 = require "s3"
local ways = t.helper "ways"

local upload = { bucket = "uploads", key = "2026/a+b ü.png" }

local function event_of(way, is_deleted, sequencer)
  return ways.event(way, upload, is_deleted, sequencer)
end

-- All that is there: keys with their ETags, the list, the items.
local function snapshot()
  local objects = {}
  for _, object in ipairs(s3.list({ bucket = "images" }).objects) do objects[object.key] = object.etag end
  local items = dynamodb.scan({ table = "things" }).items
  local list = s3.find { bucket = "images", key = "images.json" }
  return { objects = objects, items = items, list = list and json.decode(list.body) }
end

local function clear()
  for _, object in ipairs(s3.list({ bucket = "images" }).objects) do
    s3.delete { bucket = "images", key = object.key }
  end
  for _, item in ipairs(dynamodb.scan({ table = "things" }).items) do
    dynamodb.delete { table = "things", key = { id = item.id } }
  end
end

local folder = t.folder()
local source = t.read("scripts/handler.lua"):gsub('env%.get "METADATA_TABLE"', '"things"')
local file = assert(io.open(folder .. "/handler.lua", "wb"))
file:write(source)
file:close()

places.declare()

t.test("every way ends in the same objects, list and items", function()
  s3.put { bucket = upload.bucket, key = upload.key, body = t.read("build/samples/phases.gif") }
  assert(host.load_handler(folder .. "/handler.lua"))
  local wanted
  for i, way in ipairs(ways.list) do
    local what = ("%d: %s"):format(i, way[1])
    clear()
    ways.deliver(event_of(way, true, "0A"), what) -- of an older object, and late
    ways.deliver(event_of(way, false, "0B"), what)
    ways.deliver(event_of(way, false, "0B"), what)
    ways.deliver(event_of(way, true, "0A"), what)
    local now = snapshot()
    wanted = wanted or now
    t.equal({ #now.items, #now.list, now.items[1].id }, { 1, 1, upload.bucket .. "/" .. upload.key }, what)
    t.equal(now, wanted, what)
  end
end)

t.test("every way takes all of it back", function()
  for i, way in ipairs(ways.list) do
    local what = ("%d: %s"):format(i, way[1])
    s3.put { bucket = upload.bucket, key = upload.key, body = t.read("build/samples/phases.gif") }
    ways.deliver(event_of(way, false, "0B"), what)
    s3.delete { bucket = upload.bucket, key = upload.key }
    ways.deliver(event_of(way, true, "0C"), what)
    ways.deliver(event_of(way, true, "0C"), what)
    ways.deliver(event_of(way, false, "0B"), what) -- late
    local now = snapshot()
    t.equal({ now.items, now.list }, { {}, {} }, what)
    for key in pairs(now.objects) do t.equal(key, "images.json", what) end
  end
end)
