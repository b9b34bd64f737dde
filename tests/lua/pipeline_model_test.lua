-- The module `pipeline` in every order: photos come, change and go; their events arrive once or
-- twice, in any order, to runs that are interleaved and sometimes die half-way (and are delivered
-- again). In the end pictures, items and list must be exactly what the photos in the bucket call for.
local t = ...

local events = require "events"
local json = require "json"
local photo_world = t.helper "photo_world"
local real = require "pipeline"
local schedule = t.helper "schedule"

local replaced = { "s3", "dynamodb", "image", "task", "log", "store", "lunette.manifest" }

local function load_pipeline(world, rules)
  return photo_world.within(world, replaced, function()
    return assert(load(t.read("bindings/pipeline.lua"), "@pipeline.lua"))().new(rules)
  end)
end

local function rules_with(more)
  local rules = {
    destination = "images", key = "{width}/{renamed}", now_ms = function() return 0 end,
    pictures = { { width = 20, format = { "png" } }, { width = 10, format = "webp" } },
  }
  for name, value in pairs(more) do rules[name] = value end
  return rules
end

local variants = {
  plain = {},
  listed = {
    table = "photos", list = "images.json",
    item = function(_, photo, pictures) return { width = photo.width, key = pictures[1].key } end,
    entry = function(_, photo) return { width = photo.width } end,
  },
}

local contents = { "40x30 one", "50x20 two png", "60x60 three", "broken" }

local function run_model(seed, more)
  math.randomseed(seed)
  local world = photo_world.new(function()
    coroutine.yield()
    if math.random() < 0.02 then photo_world.service_error("crash") end
  end)
  local pipeline = load_pipeline(world, rules_with(more))
  schedule.storm { changes = 8, pace = math.random() ^ 3, delay = 40, twice = 0.3,
    change = function(deliver)
      local key = "k" .. math.random(2) .. ".jpg"
      if math.random() < 0.4 and world.objects["uploads/" .. key] then
        world.objects["uploads/" .. key] = nil
      else
        world.place("uploads", key, contents[math.random(#contents)])
      end
      deliver(events.uploads({ bucket = "uploads", key = key })[1])
    end,
    handle = function(upload)
      local ok, err = pcall(pipeline.settle, upload)
      if not ok and err.code ~= "bad_image" then error(err, 0) end
    end,
    expected = function(err) return err.code == "crash" or err.code == "conflict" end,
  }
  return world
end

-- A photo that was one already keeps its name; so its picture's name changes with its content.
local function png_key(key, body)
  return "20/" .. (body:find "png" and key or key:gsub("jpg$", "png"))
end

-- What should be there of a photo under this key: nothing of a broken one.
local function wanted_pictures(key, body)
  if not body:find "^%d" then return {} end
  return { [png_key(key, body)] = body .. " as png 20",
    ["10/" .. key:gsub("jpg$", "webp")] = body .. " as webp 10" }
end

local function check_model(world, is_listed, what)
  local wanted, found, items, entries = {}, {}, {}, {}
  for id, object in pairs(world.objects) do
    local bucket, key = id:match "^(%w+)/(.*)$"
    if bucket == "uploads" then
      for name, body in pairs(wanted_pictures(key, object.body)) do wanted[name] = body end
      if is_listed and object.body:find "^%d" then
        local width = math.tointeger(object.body:match "^%d+")
        local item_id = real.id("uploads", key)
        items[item_id] = { id = item_id, width = width, key = png_key(key, object.body) }
        entries[key] = { name = key, width = width }
      end
    elseif key ~= "images.json" then
      found[key] = object.body
    end
  end
  t.equal(found, wanted, what .. ": pictures")
  t.equal(world.items, items, what .. ": items")
  local list = world.objects["images/images.json"]
  local listed = {}
  for _, entry in ipairs(list and json.decode(list.body) or {}) do listed[entry.name] = entry end
  t.equal(listed, entries, what .. ": list")
end

for name, more in pairs(variants) do
  t.test("whatever the order, the results become what the bucket calls for: " .. name, function()
    for seed = 1, 1000 do
      check_model(run_model(seed, more), more.list ~= nil, ("%s, seed %d"):format(name, seed))
    end
  end)
end
