-- The production handler's rules, without I/O: S3, DynamoDB and the image engine are tables here.
-- What the real ones make of it is tests/cli/process_test.sh.
local t = ...

local photo_world = t.helper "photo_world"
local schedule = t.helper "schedule"

local new_world, service_error = photo_world.new, photo_world.service_error

-- The handler, loaded afresh over the world's modules. `environment` are the environment variables;
-- `edit(text)` may change the rules.
local function load_handler(world, environment, edit)
  local source = t.read("scripts/handler.lua")
  if edit then source = edit(source) end
  world.modules.env = {
    get = function(name, default) return environment and environment[name] or default end,
  }
  local replaced = { "s3", "dynamodb", "image", "task", "log", "env", "events", "manifest" }
  return photo_world.within(world, replaced, assert(load(source, "@handler.lua")))
end

local function quiet() end

local events = require "events"
local json = require "json"

local function created(key)
  return events.sample("s3-put", { bucket = "uploads", key = key })
end

local function deleted(key)
  return events.sample("s3-delete", { bucket = "uploads", key = key })
end

local function run(handler, event)
  return handler(event, {}).records[1]
end

local function list_of(world)
  local object = world.objects["images/images.json"]
  return object and json.decode(object.body) or {}
end

-- What lies in the destination besides the list.
local function pictures_of(world)
  local keys = {}
  for id in pairs(world.objects) do
    local key = id:match("^images/(.*)$")
    if key and key ~= "images.json" then keys[#keys + 1] = key end
  end
  table.sort(keys)
  return keys
end

local with_table = { METADATA_TABLE = "photos" }

-- ---- the rules ---------------------------------------------------------------------------------

t.test("a photo becomes pictures, an entry and an item", function()
  local world = new_world(quiet)
  world.place("uploads", "2026/cat.jpg", "4000x3000 cat")
  local record = run(load_handler(world, with_table), created "2026/cat.jpg")
  t.equal({ record.status, record.width, record.height }, { "done", 4000, 3000 })
  t.equal(#record.variants, 3)
  t.equal(#pictures_of(world), 3)
  local entry = list_of(world)[1]
  t.equal({ entry.name, entry.title, entry.size, entry.uploaded },
    { "2026/cat.jpg", "cat", 13, "1970-01-01T00:00:01Z" })
  for _, variant in ipairs(entry.variants) do
    t.ok(variant.key:find("^2026/cat%.jpg/" .. variant.name .. "%-%x+%.%a+$"), variant.key)
    local put = world.objects["images/" .. variant.key].options
    t.equal({ put.content_type, put.cache_control },
      { variant.type, "public, max-age=31536000, immutable" })
  end
  local item = world.items["uploads/2026/cat.jpg"]
  t.equal({ item.title, item.version, #item.variants }, { "cat", entry.version, 3 })
end)

t.test("the same again writes nothing", function()
  for _, environment in ipairs { {}, with_table } do
    local world = new_world(quiet)
    world.place("uploads", "cat.jpg", "4000x3000 cat")
    world.place("uploads", "bad.jpg", "bad")
    local handler = load_handler(world, environment)
    run(handler, created "cat.jpg")
    run(handler, created "bad.jpg")
    world.writes = {}
    t.equal(run(handler, created "cat.jpg").status, "unchanged")
    t.equal(run(handler, created "bad.jpg").status, "rejected")
    t.equal(run(load_handler(world, environment), created "cat.jpg").status, "unchanged")
    t.equal(world.writes, {})
  end
end)

t.test("a changed rule makes it anew and leaves nothing behind", function()
  local world = new_world(quiet)
  world.place("uploads", "cat.jpg", "4000x3000 cat")
  run(load_handler(world), created "cat.jpg")
  local before = pictures_of(world)
  local record = run(load_handler(world, nil, function(source)
    return (source:gsub("width = 800", "width = 640"))
  end), created "cat.jpg")
  t.equal(record.status, "done")
  t.equal(record.variants[2].width, 640)
  local after = pictures_of(world)
  t.equal(#after, 3)
  for i in ipairs(after) do t.ok(after[i] ~= before[i]) end
  t.equal(#list_of(world), 1)
end)

t.test("a rule that shapes no result makes nothing anew", function()
  local world = new_world(quiet)
  world.place("uploads", "cat.jpg", "4000x3000 cat")
  run(load_handler(world), created "cat.jpg")
  world.writes = {}
  local record = run(load_handler(world, nil, function(source)
    return (source:gsub("max_bytes = 50000000", "max_bytes = 40000000"))
  end), created "cat.jpg")
  t.equal({ record.status, world.writes }, { "unchanged", {} })
end)

t.test("a replaced photo replaces its pictures", function()
  local world = new_world(quiet)
  world.place("uploads", "cat.jpg", "4000x3000 cat")
  local handler = load_handler(world, with_table)
  run(handler, created "cat.jpg")
  world.place("uploads", "cat.jpg", "2000x1000 other cat")
  t.equal(run(handler, created "cat.jpg").width, 2000)
  t.equal(#pictures_of(world), 3)
  t.equal(list_of(world)[1].width, 2000)
  t.equal(world.items["uploads/cat.jpg"].width, 2000)
end)

t.test("a picture that was lost is made again", function()
  local world = new_world(quiet)
  world.place("uploads", "cat.jpg", "4000x3000 cat")
  local handler = load_handler(world)
  run(handler, created "cat.jpg")
  world.objects["images/" .. pictures_of(world)[1]] = nil
  t.equal(run(handler, created "cat.jpg").status, "done")
  t.equal(#pictures_of(world), 3)
end)

t.test("a delete takes everything back, or keeps it, as the rule says", function()
  local world = new_world(quiet)
  world.place("uploads", "cat.jpg", "4000x3000 cat")
  local handler = load_handler(world, with_table)
  run(handler, created "cat.jpg")
  world.objects["uploads/cat.jpg"] = nil
  local keep = load_handler(world, with_table, function(source)
    return (source:gsub('when_deleted = "remove"', 'when_deleted = "keep"'))
  end)
  t.equal(run(keep, deleted "cat.jpg").status, "kept")
  t.equal(#pictures_of(world), 3)
  t.equal(run(handler, deleted "cat.jpg").status, "deleted")
  t.equal({ pictures_of(world), list_of(world), world.items }, { {}, {}, {} })
  world.writes = {}
  t.equal(run(handler, deleted "cat.jpg").status, "gone")
  t.equal(run(handler, created "cat.jpg").status, "gone")
  t.equal(world.writes, {})
end)

t.test("with a table for the list, what a run that died has left behind is made good", function()
  local world = new_world(quiet)
  local handler = load_handler(world, { MANIFEST_TABLE = "lists" })
  world.place("uploads", "cat.jpg", "4000x3000 cat")
  run(handler, created "cat.jpg")
  -- Of another photo, in whose place an old one was published.
  world.list_items["dog.jpg"] = { name = "dog.jpg", revision = 1, since = 1,
    entry = '{"name":"dog.jpg"}' }
  t.equal(run(handler, created "cat.jpg").status, "unchanged")
  t.equal(list_of(world)[2], { name = "dog.jpg" })
  world.writes = {}
  t.equal(run(handler, created "cat.jpg").status, "unchanged")
  t.equal(world.writes, {})
  -- In the table only: its pictures are known from there.
  local entry = list_of(world)[1]
  world.place("images", "images.json", '[{"name":"dog.jpg"}]')
  world.objects["uploads/cat.jpg"] = nil
  t.equal(run(handler, deleted "cat.jpg").status, "deleted")
  t.equal({ pictures_of(world), list_of(world) }, { {}, { { name = "dog.jpg" } } })
  t.equal(#entry.variants, 3)
end)

t.test("a bad photo is recorded and acknowledged; what was there is taken back", function()
  local world = new_world(quiet)
  local handler = load_handler(world, with_table)
  world.place("uploads", "cat.jpg", "4000x3000 cat")
  run(handler, created "cat.jpg")
  world.place("uploads", "cat.jpg", "not a photo")
  local record = run(handler, created "cat.jpg")
  t.equal({ record.status, record.code, record.reason },
    { "rejected", "bad_image", "no image at all" })
  t.equal({ pictures_of(world), list_of(world) }, { {}, {} })
  local item = world.items["uploads/cat.jpg"]
  t.equal({ item.status, item.code }, { "rejected", "bad_image" })
end)

t.test("an upload beyond max_bytes is refused", function()
  local world = new_world(quiet)
  world.place("uploads", "big.jpg", "4000x3000 big")
  world.objects["uploads/big.jpg"].size = 50000001
  local record = run(load_handler(world, with_table), created "big.jpg")
  t.equal({ record.status, record.code }, { "rejected", "too_large" })
  t.equal(world.items["uploads/big.jpg"].status, "rejected")
end)

t.test("a limit that a target hits is raised, and leaves what is published alone", function()
  local refused
  local world = new_world(function(what)
    if what == "render" and refused then
      service_error("limit", nil, { operation = "image.render" })
    end
  end)
  world.place("uploads", "cat.jpg", "4000x3000 cat")
  run(load_handler(world, with_table), created "cat.jpg")
  world.writes, refused = {}, true
  local handler = load_handler(world, with_table, function(source)
    return (source:gsub("width = 800", "width = 20000"))
  end)
  local err = t.raises("limit", handler, created "cat.jpg", {})
  t.equal(err.code, "limit")
  t.equal({ #pictures_of(world), #list_of(world), world.writes }, { 3, 1, {} })
end)

t.test("a limit that the photo itself hits is a rejection", function()
  local world = new_world(quiet)
  world.modules.image.open = function()
    service_error("limit", nil, { operation = "image.open" })
  end
  world.place("uploads", "cat.jpg", "40000x30000 cat")
  t.equal(run(load_handler(world), created "cat.jpg").code, "limit")
end)

t.test("a store's failure is raised, not recorded", function()
  for _, what in ipairs { "s3.head", "s3.get", "s3.put", "dynamodb.get", "dynamodb.put" } do
    local world = new_world(function(step)
      if step == what then service_error("AccessDenied", 403) end
    end)
    world.place("uploads", "cat.jpg", "4000x3000 cat")
    t.raises("AccessDenied", load_handler(world, with_table), created "cat.jpg", {})
  end
end)

t.test("the destination is not worked on", function()
  local world = new_world(quiet)
  world.place("images", "cat.jpg", "4000x3000 cat")
  local event = events.sample("s3-put", { bucket = "images", key = "cat.jpg" })
  t.raises("rules.destination is 'images', where uploads arrive", load_handler(world), event, {})
  t.equal(world.writes, {})
end)

t.test("keys that are hard to write make pictures with harmless names", function()
  local world = new_world(quiet)
  local handler = load_handler(world)
  local keys = { "../../etc/passwd", "a b+c.jpg", "ü.jpg", "a//b", "<b>.jpg", "a-b+c.jpg" }
  for _, key in ipairs(keys) do
    world.place("uploads", key, "40x30 x")
    run(handler, created(key))
  end
  t.equal(#pictures_of(world), 18)
  t.equal(#list_of(world), 6)
  for _, key in ipairs(pictures_of(world)) do t.ok(key:find("^[%w._/-]+$"), key) end
end)

t.test("a slip in the rules is said when they are loaded", function()
  local cases = {
    { "{slug}/", "{slgu}/", "rules.naming: there is no {slgu}" },
    { "{slug}/", "", "rules.naming has no {slug}" },
    { "{variant}-", "", "rules.naming has no {variant}" },
    { '"stem"', '"stme"', "rules.metadata.title: there is no 'stme'" },
    { "{ title =", "{ status =", "rules.metadata: the word 'status' is taken" },
    { "{ title =", "{ [1] =", "rules.metadata: 'stem' stands without a word" },
    { '= "remove",', '= "romove",', "rules.when_deleted: there is no 'romove'" },
    { "when_deleted =", "when_delted =", "rules.when_delted: there is no such field" },
    { 'manifest = "images.json",', "", "rules.manifest is missing" },
    { "edition = 1", 'edition = "1"', "rules.edition is 1 (a string), expected a value of type integer" },
    { "variants = {", "variants = {} or {", "rules.variants is empty" },
    { '"medium"', '"thumb"', "rules.variants[2]: another one is called thumb" },
    { 'name = "large", ', "", "rules.variants[3] has no name" },
    { '"thumb"', "5", "rules.variants[1]: field 'name' is a number, expected a string" },
    { '"thumb"', '"thumb", widht = 5', "rules.variants[1]: unknown field 'widht', did you mean 'width'?" },
    { "width = 160", "width = -5", "rules.variants[1]: field 'width' is -5, expected 1 to" },
    { "width = 160", "width = 1.5", "rules.variants[1]: field 'width' is 1.5, expected an integer" },
    { "quality = 75", "quality = 101", "rules.variants[1]: field 'quality' is 101, expected 1 to 100" },
    { 'fit = "cover"', 'fit = "crop"', "rules.variants[1]: field 'fit' is 'crop', expected one of" },
    { 'format = "webp"', 'format = "avif"', "rules.variants[1]: field 'format' is 'avif', expected one of" },
  }
  for _, case in ipairs(cases) do
    t.raises(case[3], load_handler, new_world(quiet), nil, function(source)
      local at, to = source:find(case[1], 1, true)
      return source:sub(1, at - 1) .. case[2] .. source:sub(to + 1)
    end)
  end
end)

t.test("whatever the image module makes may be asked for", function()
  local all = 'filter = "box", gravity = "north", max_bytes = 9000, background = "#fff000"'
  load_handler(new_world(quiet), nil, function(source)
    return (source:gsub('quality = 75', all))
  end)
end)

t.test("other steps make other pictures, the same ones don't", function()
  local made = {}
  for i, radius in ipairs { 12, 12, 13 } do
    local world = new_world(quiet)
    world.place("uploads", "cat.jpg", "4000x3000 cat")
    run(load_handler(world, nil, function(source)
      return (source:gsub("quality = 75", 'after = require("image").steps():round(' .. radius .. ")"))
    end), created "cat.jpg")
    made[i] = pictures_of(world)
  end
  t.equal(made[2], made[1])
  t.ok(made[3][1] ~= made[1][1])
end)

-- ---- every order -------------------------------------------------------------------------------

-- Photos come, change and go; their events arrive once or twice, in any order, to runs that are
-- interleaved and sometimes die half-way (and are then delivered again). In the end list, table and
-- pictures must be exactly what the photos in the bucket call for.
local contents = { "40x30 one", "50x20 two", "broken" }

local function run_model(seed, environment)
  math.randomseed(seed)
  local world = new_world(function()
    coroutine.yield()
    if math.random() < 0.02 then service_error("crash") end
  end)
  local handler = load_handler(world, environment)
  schedule.storm { changes = 8, pace = math.random() ^ 3, delay = 40, twice = 0.3,
    change = function(deliver)
      local key = "k" .. math.random(2)
      if math.random() < 0.4 and world.objects["uploads/" .. key] then
        world.objects["uploads/" .. key] = nil
        deliver(deleted(key))
      else
        world.place("uploads", key, contents[math.random(#contents)])
        deliver(created(key))
      end
    end,
    handle = function(event) handler(event, {}) end,
    expected = function(err) return err.code == "crash" or tostring(err):find("faster") end,
  }
  return world
end

local function check_model(world, what)
  local listed = {}
  for _, entry in ipairs(list_of(world)) do listed[entry.name] = entry end
  for key in pairs(listed) do
    t.ok(world.objects["uploads/" .. key], what .. ": listed, but gone")
  end
  for id in pairs(world.items) do t.ok(world.objects[id], what .. ": an item without a photo") end
  for id, object in pairs(world.objects) do
    local key = id:match("^uploads/(.*)$")
    if key then
      local width = math.tointeger(object.body:match("^(%d+)x"))
      local entry, item = listed[key], world.items[id]
      t.equal(entry and entry.width, width, what .. " entry of " .. key)
      t.equal(item and item.width, width, what .. " item of " .. key)
      t.equal(item.status == "rejected", width == nil, what .. " status of " .. key)
      for _, variant in ipairs(entry and entry.variants or {}) do
        t.ok(world.objects["images/" .. variant.key], what .. ": no picture " .. variant.key)
      end
    end
  end
end

t.test("whatever the order, the results become what the bucket calls for", function()
  for seed = 1, 1000 do check_model(run_model(seed, with_table), "seed " .. seed) end
end)

t.test("whatever the order, and with a table for the list", function()
  local environment = { METADATA_TABLE = "photos", MANIFEST_TABLE = "lists" }
  for seed = 1, 2000 do check_model(run_model(seed, environment), "seed " .. seed) end
end)
