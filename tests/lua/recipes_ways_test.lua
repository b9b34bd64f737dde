-- Each recipe over the embedded stores: the same upload by every way that events come, twice, late
-- and out of order, ends in the same objects, list and items; and its deletion in none.
local t = ...

local dynamodb = require "dynamodb"
local host = require "host"
local json = require "json"
local s3 = require "s3"
local ways = t.helper "ways"

local recipes = {
  { "manifest", list = true, objects = 0 },
  { "resolutions", objects = 8 },
  { "thumbnail_api", objects = 1 },
  { "compress", table = "ImageMetadata", key = "imageId", objects = 1 },
  { "fixed_size", table = "image-metadata", key = "image_id", objects = 1 },
}

local uploads = { { bucket = "uploads", key = "2026/a+b ü.gif" }, { bucket = "uploads", key = "c.jpg" } }

local function objects_of(bucket)
  local objects = {}
  for _, object in ipairs(s3.list({ bucket = bucket }).objects) do objects[object.key] = object.etag end
  return objects
end

local function items_of(recipe)
  if not recipe.table then return {} end
  local items = {}
  for _, item in ipairs(dynamodb.scan({ table = recipe.table }).items) do items[item[recipe.key]] = item end
  return items
end

-- When something was made is the one thing that two clean runs may differ in.
local function without_times(items)
  for _, item in pairs(items) do item.resizedAt, item.upload_time = nil, nil end
  return items
end

local function list_of(recipe)
  local list = recipe.list and s3.find { bucket = "uploads", key = "images.json" }
  if not list then return {} end
  local entries = {}
  for _, entry in ipairs(json.decode(list.body)) do
    entries[entry.name], entry.modified = entry, nil
  end
  return entries
end

local function snapshot(recipe)
  return { objects = objects_of "images", items = without_times(items_of(recipe)), list = list_of(recipe) }
end

local function size_of(map)
  local count = 0
  for _ in pairs(map) do count = count + 1 end
  return count
end

local function clear(recipe)
  for key in pairs(objects_of "images") do s3.delete { bucket = "images", key = key } end
  s3.delete { bucket = "uploads", key = "images.json" }
  for id in pairs(items_of(recipe)) do
    dynamodb.delete { table = recipe.table, key = { [recipe.key] = id } }
  end
end

local function put_uploads()
  s3.put { bucket = "uploads", key = uploads[1].key, body = t.read("build/samples/phases.gif") }
  s3.put { bucket = "uploads", key = uploads[2].key, body = t.read("build/samples/harbour.jpg") }
end

local function load(recipe)
  assert(host.load_handler("scripts/recipes/" .. recipe[1] .. ".lua"))
  require("commands.places").declare()
end

local function deliver_all(way, sequence, what)
  for _, event in ipairs(sequence) do
    ways.deliver(ways.event(way, uploads[event[1]], event.deleted, event[2]), what)
  end
end

-- Late deletes of what was there before, everything twice, and in two orders.
local orders = {
  { { 1, "0A", deleted = true }, { 1, "0B" }, { 2, "0B" }, { 1, "0B" }, { 2, "0A", deleted = true } },
  { { 2, "0B" }, { 2, "0B" }, { 1, "0B" }, { 1, "0A", deleted = true }, { 2, "0A", deleted = true } },
}

-- tests/events holds the same upload, and its deletion, as AWS's pages have them.
local fixtures = {
  "s3", "s3-sqs", "s3-sns", "s3-sns-sqs", "s3-sns-sqs-raw", "s3-sns-sqs-fifo", "eventbridge",
  "eventbridge-sqs", "eventbridge-sqs-fifo", "eventbridge-sns", "pipes", "batch-1", "batch-2",
  "direct", "state-machine", "dead-letter", "destination", "destination-sqs", "destination-sns",
  "destination-eventbridge", "s3-delete", "s3-sqs-delete", "s3-sns-delete", "eventbridge-delete",
  "direct-delete",
}
local fixed = { bucket = "uploads", key = "2026/a+b c/ü%.jpg" }

local function deliver_fixtures(recipe, wanted, what)
  for i, name in ipairs(fixtures) do
    ways.deliver(json.decode(t.read("tests/events/" .. name .. ".json")), name)
    if wanted or i > 1 then t.equal(snapshot(recipe), wanted, what .. name) end
    wanted = wanted or snapshot(recipe)
  end
  return wanted
end

for _, recipe in ipairs(recipes) do
  t.test(recipe[1] .. ": what is there counts, and no event's word for it", function()
    load(recipe)
    clear(recipe)
    s3.put { bucket = fixed.bucket, key = fixed.key, body = t.read("build/samples/harbour.jpg") }
    local there = deliver_fixtures(recipe, nil, "there: ")
    t.equal(size_of(there.objects), recipe.objects)
    deliver_fixtures(recipe, there, "there, again: ")
    s3.delete(fixed)
    deliver_fixtures(recipe, { objects = {}, items = {}, list = {} }, "gone: ")
  end)

  t.test(recipe[1] .. ": every way ends in the same objects, list and items", function()
    put_uploads()
    load(recipe)
    local wanted
    for i, way in ipairs(ways.list) do
      for j, order in ipairs(orders) do
        local what = ("%d: %s, order %d"):format(i, way[1], j)
        clear(recipe)
        deliver_all(way, order, what)
        local now = snapshot(recipe)
        wanted = wanted or now
        t.equal({ size_of(now.objects), size_of(now.items), size_of(now.list) },
          { 2 * recipe.objects, recipe.table and 2 or 0, recipe.list and 2 or 0 }, what)
        t.equal(now, wanted, what)
      end
    end
  end)

  t.test(recipe[1] .. ": what is there already is not written again", function()
    put_uploads()
    load(recipe)
    local effects = require "effects"
    deliver_all(ways.list[1], { { 1, "0B" }, { 2, "0B" } }, "first")
    local before = { snapshot(recipe), items_of(recipe) }
    effects.clear()
    deliver_all(ways.list[3], { { 2, "0B" }, { 1, "0B" } }, "again")
    t.equal(effects.counts().writes, 0)
    t.equal({ snapshot(recipe), items_of(recipe) }, before)
  end)

  t.test(recipe[1] .. ": every way takes all of it back", function()
    load(recipe)
    for i, way in ipairs(ways.list) do
      local what = ("%d: %s"):format(i, way[1])
      put_uploads()
      deliver_all(way, { { 1, "0B" }, { 2, "0B" } }, what)
      for _, upload in ipairs(uploads) do s3.delete(upload) end
      deliver_all(way, { { 1, "0C", deleted = true }, { 2, "0C", deleted = true }, { 1, "0B" },
        { 1, "0C", deleted = true } }, what)
      t.equal(snapshot(recipe), { objects = {}, items = {}, list = {} }, what)
    end
  end)

  t.test(recipe[1] .. ": a photo that becomes none leaves nothing", function()
    put_uploads()
    load(recipe)
    clear(recipe)
    deliver_all(ways.list[1], { { 1, "0B" } }, "photo")
    s3.put { bucket = "uploads", key = uploads[1].key, body = "this is no photo" }
    local answer = ways.deliver(ways.event({ "direct" }, uploads[1]), "none")
    t.equal({ answer.records[1].status, answer.records[1].code }, { "rejected", "bad_image" })
    t.equal(snapshot(recipe), { objects = {}, items = {}, list = {} })
  end)
end
