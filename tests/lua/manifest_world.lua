-- A bucket and a table that live in Lua tables, for the module `manifest`: `manifest(world)`.
local t = ...

local failure = require "failure"
local json = require "json"
local schedule = t.helper "schedule"

local fake = {}

function fake.error(code, status, retryable)
  local _, err = pcall(failure.raise, {
    code = code, status = status, message = code, retryable = retryable or false,
  })
  return err
end

local function etag_of(body) return '"' .. body .. '"' end

local function copy(item)
  local result = {}
  for field, value in pairs(item) do result[field] = value end
  return result
end

local function add_bucket(world, step)
  local function found(options)
    local object = world.objects[options.key]
    if not object then error(fake.error("NoSuchKey", 404), 0) end
    return object
  end

  function world.get(options)
    step("get", options)
    local object = found(options)
    if options.max_bytes and #object.body > options.max_bytes then
      error(fake.error("too_large"), 0)
    end
    return object
  end

  function world.head(options)
    step("head", options)
    return found(options)
  end

  function world.put(options)
    local lose_answer = step("put", options)
    local old = world.objects[options.key]
    if options.if_none_match == "*" and old then return nil, "conflict" end
    if options.if_match and not old then error(fake.error("NoSuchKey", 404), 0) end
    if options.if_match and old.etag ~= options.if_match then return nil, "conflict" end
    world.writes = world.writes + 1
    local object = { body = options.body, etag = etag_of(options.body), options = options }
    world.objects[options.key] = object
    if lose_answer then error(fake.error("timeout", nil, true), 0) end
    return { etag = object.etag }
  end
end

-- One partition is all that the tests need. Pages hold `page_items`.
local function add_table(world, step, page_items)
  function world.item_get(options)
    step("item_get", options)
    local item = world.items[options.key.name]
    return item and copy(item)
  end

  function world.item_put(options)
    local lose_answer = step("item_put", options)
    local name = options.item.name
    local old = world.items[name]
    local revision = options.values and options.values.revision
    if (old and old.revision) ~= revision then return nil, "conflict", old end
    world.item_writes = world.item_writes + 1
    world.items[name] = copy(options.item)
    if lose_answer then error(fake.error("timeout", nil, true), 0) end
    return true
  end

  function world.item_pages(options)
    local last = ""
    return function()
      if not last then return nil end
      step("item_pages", options)
      local names, found = {}, {}
      for name in pairs(world.items) do
        if name > last then names[#names + 1] = name end
      end
      table.sort(names)
      for i = 1, math.min(page_items, #names) do found[i] = copy(world.items[names[i]]) end
      last = names[page_items]
      return { items = found }
    end
  end
end

--- `step(what, options)` is called before every operation: it may fail it, let another writer run,
--- or return true, for an operation that is done but whose answer is lost.
function fake.world(step, page_items)
  local world = {
    objects = {}, writes = 0, items = {}, item_writes = 0,
    slept_ms = 0, left_ms = math.maxinteger, seconds = 0,
  }
  add_bucket(world, step)
  add_table(world, step, page_items or 1000)
  function world.sleep_ms(milliseconds)
    world.slept_ms = world.slept_ms + milliseconds
    world.left_ms = world.left_ms - milliseconds
    step("sleep", milliseconds)
  end
  function world.remaining_ms() return world.left_ms end
  function world.now()
    world.seconds = world.seconds + 1
    return world.seconds
  end
  world.random, world.all = math.random, schedule.all
  function world.place(key, body) world.objects[key] = { body = body, etag = etag_of(body) } end
  return world
end

--- Uploads, replaces or deletes one of the sources "k1" ... "kCOUNT". Contents come back, and so do
--- ETags.
function fake.change_source(world, count, deliver)
  local key = "k" .. math.random(count)
  if math.random() < 0.4 and world.objects[key] then
    world.objects[key] = nil
    deliver { key = key }
  else
    world.place(key, "v" .. math.random(3))
    deliver { key = key, etag = world.objects[key].etag }
  end
end

-- The entry of an event, as it is or as something that takes a while.
local function entry_of(event)
  local entry = { name = event.key, etag = event.etag }
  if math.random() < 0.5 then return { entry = entry } end
  local function wait()
    for _ = 1, math.random(5) do coroutine.yield(1) end
  end
  local function make()
    wait()
    return entry
  end
  return { name = event.key, make = make, meanwhile = wait }
end

--- What a script does with such an event, by the contract of the module. `extra` are further
--- options.
function fake.handler(world, manifest, extra)
  local function options(fields)
    for name, value in pairs(extra or {}) do fields[name] = value end
    fields.bucket = "b"
    return fields
  end
  local function handle(event)
    local status
    local source = { bucket = "in", key = event.key, etag = event.etag }
    if event.etag then
      local fields = entry_of(event)
      fields.source = source
      status = manifest.update(options(fields))
    else
      status = manifest.remove(options { name = event.key, source = source })
    end
    if status ~= "superseded" then return end
    coroutine.yield()
    local now = world.objects[event.key]
    return handle { key = event.key, etag = now and now.etag }
  end
  return handle
end

--- What the manifest says, and what it should say: the sources that there are. Both by name.
function fake.compare(world)
  local is, should = {}, {}
  local published = world.objects["images.json"]
  for _, entry in ipairs(published and json.decode(published.body) or {}) do
    is[entry.name] = entry.etag
  end
  for key, object in pairs(world.objects) do
    if key ~= "images.json" then should[key] = object.etag end
  end
  return is, should
end

return fake
