-- A small world for the tests of rules: S3, DynamoDB and the image engine are tables here. What the
-- real ones make of the rules is for the tests of the command line.
local t = ...

local failure = require "failure"
local fake = t.helper "manifest_world"
local schedule = t.helper "schedule"

local photo_world = {}

function photo_world.service_error(code, status, fields)
  local err = { code = code, status = status, message = code, retryable = false }
  for name, value in pairs(fields or {}) do err[name] = value end
  failure.raise(err)
end

local service_error = photo_world.service_error

--- A world in which nothing is; `world.modules` are the modules over it. `step(what)` is called before every
--- operation: it may fail it, or let somebody else run.
function photo_world.new(step)
  local world = { objects = {}, items = {}, writes = {}, clock = 0 }

  local function wrote(what) world.writes[#world.writes + 1] = what end
  local function id_of(options) return options.bucket .. "/" .. options.key end
  local function etag_of(body) return '"' .. body .. '"' end

  local function found(options)
    local object = world.objects[id_of(options)]
    if not object then service_error("NoSuchKey", 404) end
    return object
  end

  local s3 = {}
  function s3.head(options)
    step("s3.head")
    return found(options)
  end
  function s3.get(options)
    step("s3.get")
    local object = found(options)
    if options.max_bytes and object.size > options.max_bytes then
      service_error("too_large", nil, { operation = "s3.get" })
    end
    if options.if_match and object.etag ~= options.if_match then return nil, "conflict" end
    return object
  end
  function s3.find(options)
    local ok, object, lost = pcall(s3.get, options)
    if ok then return object, lost end
    if object.code == "NoSuchKey" then return nil end
    if object.operation then object.operation = "s3.find" end
    error(object, 0)
  end
  function s3.put(options)
    step("s3.put")
    local id = id_of(options)
    local old = world.objects[id]
    if options.if_none_match and old then return nil, "conflict" end
    if options.if_match and (old and old.etag) ~= options.if_match then return nil, "conflict" end
    wrote(id)
    world.place(options.bucket, options.key, options.body)
    local object = world.objects[id]
    object.options, object.metadata = options, options.metadata or {}
    object.content_type = options.content_type
    return { etag = etag_of(options.body) }
  end
  function s3.delete_all(options)
    step("s3.delete_all")
    for _, key in ipairs(options.keys) do
      wrote("-" .. options.bucket .. "/" .. key)
      world.objects[options.bucket .. "/" .. key] = nil
    end
    return { deleted = #options.keys, errors = {} }
  end

  -- The table of the list is one of its own.
  local list_table = fake.world(function(what) step("dynamodb." .. what) end, 2)
  world.list_items = list_table.items
  local dynamodb = { query_pages = list_table.item_pages }
  function dynamodb.get(options)
    if options.table == "lists" then return list_table.item_get(options) end
    step("dynamodb.get")
    return world.items[options.key.id]
  end
  function dynamodb.put(options)
    if options.table == "lists" then
      wrote("list item " .. options.item.name)
      return list_table.item_put(options)
    end
    step("dynamodb.put")
    wrote("item " .. options.item.id)
    world.items[options.item.id] = options.item
    return true
  end
  function dynamodb.delete(options)
    step("dynamodb.delete")
    wrote("-item " .. options.key.id)
    world.items[options.key.id] = nil
    return true
  end

  -- A photo is "WIDTHxHEIGHT anything", a PNG if that is "png".
  local image = { check = require "image".check, steps = require "image".steps }
  function image.open(bytes)
    local width, height = bytes:match("^(%d+)x(%d+)")
    if not width then service_error("bad_image", nil, { message = "no image at all" }) end
    local format = bytes:find "png" and "png" or "jpeg"
    local photo = { format = format, content_type = "image/" .. format }
    photo.width, photo.height = math.tointeger(width), math.tointeger(height)
    function photo.plan(_, targets)
      local plan = { targets = {} }
      for i, target in ipairs(targets) do plan.targets[i] = { format = target.format or format } end
      return plan
    end
    function photo:render(targets, receive)
      step("render")
      local out = {}
      for i, target in ipairs(targets) do
        local made = ("%s as %s %d"):format(bytes, target.format, target.width)
        local box_height = target.height or target.width
        out[i] = receive({ name = target.name, bytes = made, size = #made,
          width = math.min(self.width, target.width), height = math.min(self.height, box_height),
          format = target.format, content_type = "image/" .. target.format,
          extension = target.format }, i)
      end
      return out
    end
    return setmetatable(photo, { __close = function() end })
  end

  local task = { all = schedule.all }
  function task.map(list, fn)
    local results = {}
    for i, value in ipairs(list) do results[i] = fn(value) end
    return results
  end
  function task.sleep() step("sleep") end
  function task.remaining_ms() return math.maxinteger end

  function world.place(bucket, key, body)
    world.clock = world.clock + 1000
    world.objects[bucket .. "/" .. key] = { key = key, body = body, etag = etag_of(body),
      size = #body, last_modified = world.clock }
  end
  local log = setmetatable({}, { __index = function() return function() end end })
  local store = { is_local = function() return false end }
  world.modules = { log = log, store = store, s3 = s3, dynamodb = dynamodb, image = image, task = task }
  return world
end

--- Calls `load` while the modules of `names` are the world's, or loaded anew where it has none.
function photo_world.within(world, names, load)
  local saved = {}
  for _, name in ipairs(names) do
    saved[name] = package.loaded[name]
    package.loaded[name] = world.modules[name]
  end
  local ok, result = pcall(load)
  for _, name in ipairs(names) do package.loaded[name] = saved[name] end
  if not ok then error(result, 0) end
  return result
end

return photo_world
