-- The production handler over the embedded stores: the same upload through every way that events come,
-- twice, late and out of order, ends in the same objects, list and items.
local t = ...

local dynamodb = require "dynamodb"
local events = require "events"
local host = require "host"
local json = require "json"
local places = require "commands.places"
local s3 = require "s3"

local ways = {
  { "s3-put", deleted = "s3-delete" }, { "direct" }, { "s3-sqs" }, { "s3-sqs", group = "g" }, { "s3-sns" },
  { "s3-sns-sqs" }, { "s3-sns-sqs", raw = true }, { "eventbridge" }, { "eventbridge-sqs" }, { "pipes" },
  { "destination" }, { "dead-letter" }, { "s3-batch", schema = "1.0" }, { "s3-batch", schema = "2.0" },
}

local upload = { bucket = "uploads", key = "2026/a+b ü.png" }

-- S3 Batch Operations know no deletes: theirs come from S3 itself.
local function event_of(way, is_deleted, sequencer)
  local fields = { bucket = upload.bucket, key = upload.key, group = way.group, raw = way.raw,
    schema = way.schema }
  if way[1] == "s3-batch" and not is_deleted then return events.sample(way[1], fields) end
  fields.sequencer = sequencer
  if way[1] == "s3-put" or way[1] == "s3-batch" then
    fields.schema = nil
    return events.sample(is_deleted and "s3-delete" or "s3-put", fields)
  end
  fields.deleted = is_deleted or nil
  return events.sample(way[1], fields)
end

local function deliver(event, what)
  local answer, err = host.invoke(json.encode(event))
  if not answer then error(what .. ": " .. tostring(err)) end
  answer = json.decode(answer)
  t.equal(answer.batchItemFailures or {}, {}, what)
  for _, result in ipairs(answer.results or {}) do t.equal(result.resultCode, "Succeeded", what) end
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
  for i, way in ipairs(ways) do
    local what = ("%d: %s"):format(i, way[1])
    clear()
    deliver(event_of(way, true, "0A"), what) -- of an older object, and late
    deliver(event_of(way, false, "0B"), what)
    deliver(event_of(way, false, "0B"), what)
    deliver(event_of(way, true, "0A"), what)
    local now = snapshot()
    wanted = wanted or now
    t.equal({ #now.items, #now.list, now.items[1].id }, { 1, 1, upload.bucket .. "/" .. upload.key }, what)
    t.equal(now, wanted, what)
  end
end)

t.test("every way takes all of it back", function()
  for i, way in ipairs(ways) do
    local what = ("%d: %s"):format(i, way[1])
    s3.put { bucket = upload.bucket, key = upload.key, body = t.read("build/samples/phases.gif") }
    deliver(event_of(way, false, "0B"), what)
    s3.delete { bucket = upload.bucket, key = upload.key }
    deliver(event_of(way, true, "0C"), what)
    deliver(event_of(way, true, "0C"), what)
    deliver(event_of(way, false, "0B"), what) -- late
    local now = snapshot()
    t.equal({ now.items, now.list }, { {}, {} }, what)
    for key in pairs(now.objects) do t.equal(key, "images.json", what) end
  end
end)
