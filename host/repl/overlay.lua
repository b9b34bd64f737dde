-- In the handler's Lua state: reads for real, and keeps writes in a store of its own, where later
-- reads find them. For dry runs. Installed by inside.lua.
--
-- What a call does is told by whether the thing it is about has been touched (written or deleted)
-- before: if not, reads go to the real store, and a write first brings over what is there.

local absence = require "lunette.absence"
local dynamodb = require "dynamodb"
local failure = require "failure"
local keys = require "repl.keys"
local s3 = require "s3"
local sorted_keys = require "lunette.sorted_keys"

local overlay = {}

local listed_max = 10000

local inside, real, over, touched
local is_declared = {}

-- The call goes to the overlay. Nothing may happen between this and the beginning of the call.
local function there(call, options)
  over:use(true)
  local results = table.pack(pcall(call, options))
  over:use(false)
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

local function here(call, options)
  over:use(false)
  return call(options)
end

local function name_of(...)
  return table.concat({ ... }, "\0")
end

-- ---- objects -----------------------------------------------------------------------------------

-- A bucket that isn't there is no place to write to, either.
local function need_bucket(bucket)
  if is_declared[bucket] then return end
  inside.hide("s3.list", bucket)
  here(real.s3.list, { bucket = bucket, max_keys = 1 })
  over:declare_bucket(bucket)
  is_declared[bucket] = true
end

local function is_touched(options)
  return touched.objects[name_of(options.bucket, options.key)] ~= nil
end

local function touch(bucket, key)
  need_bucket(bucket)
  touched.objects[name_of(bucket, key)] = { bucket = bucket, key = key }
end

local function reader(call)
  return function(options)
    if type(options) == "table" and is_touched(options) then return there(call, options) end
    return here(call, options)
  end
end

local function real_head(options)
  inside.hide("s3.head", options.bucket, options.key)
  local function head(place) return here(real.s3.head, place) end
  return absence.look(head, { bucket = options.bucket, key = options.key })
end

-- Conditions about an object that only the real store knows are looked at here; what is left is a
-- write without any. False: the condition is lost.
local function without_conditions(options)
  local plain = {}
  for name, value in pairs(options) do plain[name] = value end
  if is_touched(options) or not (options.if_match or options.if_none_match) then return plain end
  local object = real_head(options)
  if options.if_none_match and object then return false end
  local etag = object and object.etag:gsub('"', "")
  if options.if_match and options.if_match:gsub('"', "") ~= etag then return false end
  plain.if_match, plain.if_none_match = nil, nil
  return plain
end

local function put(options)
  local plain = without_conditions(options)
  if not plain then return nil, "conflict" end
  touch(options.bucket, options.key)
  return there(real.s3.put, plain)
end

local copied = {
  "content_type", "cache_control", "content_disposition", "content_encoding", "metadata",
}

local function copy(options)
  local source = {
    bucket = options.source_bucket or options.bucket, key = options.source_key,
    if_match = options.source_if_match, version_id = options.source_version_id, as = "bytes",
  }
  inside.hide("s3.get", source.bucket, source.key)
  local object, why = s3.get(source)
  if not object then return nil, why end
  local new = { body = object.body }
  for _, name in ipairs {
    "bucket", "key", "if_match", "if_none_match", "storage_class", "tags", "allow_recursion",
  } do
    new[name] = options[name]
  end
  for _, name in ipairs(copied) do
    new[name] = (options.replace_metadata and options or object)[name]
  end
  return put(new)
end

local function delete(options)
  if options.if_match and not without_conditions(options) then return nil, "conflict" end
  touch(options.bucket, options.key)
  return there(real.s3.delete, { bucket = options.bucket, key = options.key })
end

local function delete_all(options)
  for _, key in ipairs(options.keys) do touch(options.bucket, key) end
  return there(real.s3.delete_all, options)
end

-- All pages of one store, into {objects by key, prefixes by name}.
local function collect(send, options, found)
  local page_options = {}
  for name, value in pairs(options) do page_options[name] = value end
  page_options.token, page_options.max_keys = nil, nil
  local count = 0
  repeat
    local page = send(real.s3.list, page_options)
    for _, object in ipairs(page.objects) do found(object) end
    for _, prefix in ipairs(page.prefixes) do found(prefix) end
    count = count + #page.objects + #page.prefixes
    page_options.token = page.next_token
  until not page.next_token or count > listed_max
end

-- The entries of both stores, in the order of S3.
local function merged(options)
  local by_name = {}
  collect(here, options, function(entry)
    local is_prefix = type(entry) == "string"
    if is_prefix or not touched.objects[name_of(options.bucket, entry.key)] then
      by_name[is_prefix and entry or entry.key] = entry
    end
  end)
  need_bucket(options.bucket)
  inside.hide("s3.list", options.bucket, options.prefix)
  collect(there, options, function(entry)
    by_name[type(entry) == "string" and entry or entry.key] = entry
  end)
  return sorted_keys(by_name), by_name
end

-- The token is the last name of the page before.
local function list(options)
  local names, by_name = merged(options)
  local page, most, last = { objects = {}, prefixes = {} }, options.max_keys or 1000, nil
  for _, name in ipairs(names) do
    if #page.objects + #page.prefixes == most then
      page.next_token = last
      break
    end
    if not options.token or name > options.token then
      local entry = by_name[name]
      table.insert(type(entry) == "string" and page.prefixes or page.objects, entry)
      last = name
    end
  end
  return page
end

-- ---- items -------------------------------------------------------------------------------------

local function need_table(name)
  if is_declared[name] then return end
  over:use(false)
  over:declare_table(name, keys.specification(inside, name))
  is_declared[name] = true
end

local function touch_item(table_name, key)
  local name = name_of(table_name, keys.text(key))
  need_table(table_name)
  if touched.items[name] then return end
  inside.hide("dynamodb.get", table_name, keys.describe(key))
  local item = here(real.dynamodb.get, { table = table_name, key = key, consistent = true })
  if item then
    inside.hide("dynamodb.put", table_name)
    there(real.dynamodb.put, { table = table_name, item = item })
  end
  touched.items[name] = table_name
end

local function is_table_touched(name)
  for _, table_name in pairs(touched.items) do
    if table_name == name then return true end
  end
  return false
end

local function key_of(options)
  return options.key or keys.of(inside, options.table, options.item)
end

local function writer(call)
  return function(options)
    over:use(false)
    touch_item(options.table, key_of(options))
    return there(call, options)
  end
end

local function get_item(options)
  if touched.items[name_of(options.table, keys.text(options.key))] then
    return there(real.dynamodb.get, options)
  end
  return here(real.dynamodb.get, options)
end

local function get_items(options)
  local items = dynamodb.list {}
  for _, key in ipairs(options.keys) do
    items[#items + 1] = get_item { table = options.table, key = key, project = options.project,
      names = options.names, consistent = options.consistent }
  end
  return items
end

-- What the real store would look at is brought over, then the overlay is asked.
local function pages_of(name)
  return function(options)
    if not is_table_touched(options.table) then return here(real.dynamodb[name], options) end
    if options.index then
      failure.raise({ code = "usage", operation = "dynamodb." .. name,
        message = "a dry run can't use an index of a table that it has written to" }, 2)
    end
    local all = {}
    for _, field in ipairs { "table", "hash", "range" } do all[field] = options[field] end
    if options.key_condition then
      all.key_condition, all.names, all.values = options.key_condition, options.names,
        options.values
    end
    repeat
      inside.hide("dynamodb." .. name, options.table)
      local page = here(real.dynamodb[name], all)
      for _, item in ipairs(page.items) do
        touch_item(options.table, keys.of(inside, options.table, item))
      end
      all.start_key = page.next_key
    until not all.start_key
    return there(real.dynamodb[name], options)
  end
end

-- One by one: the real function makes several calls of a large batch, and only the first of them is
-- sure to go where it was sent.
local function write_items(options)
  for _, item in ipairs(options.puts or {}) do
    dynamodb.put { table = options.table, item = item }
  end
  for _, key in ipairs(options.deletes or {}) do
    dynamodb.delete { table = options.table, key = key }
  end
  return true
end

local function transact(options)
  for _, part in ipairs(options) do
    local _, request = next(part)
    touch_item(request.table, key_of(request))
  end
  return there(real.dynamodb.transact, options)
end

-- ---- installing --------------------------------------------------------------------------------

--- Stands before the modules from now on. settings = {overlay = folder, touched = of the last run}
function overlay.install(owner, modules, settings)
  inside, real = owner, modules
  over = require("overlay").open(settings.overlay)
  touched = settings.touched or { objects = {}, items = {} }
  inside.touched = touched
  s3.get, s3.head, s3.find = reader(real.s3.get), reader(real.s3.head), reader(real.s3.find)
  for _, name in ipairs { "presign", "presign_post" } do
    s3[name] = function(options) return here(real.s3[name], options) end
  end
  s3.put, s3.copy, s3.delete, s3.delete_all, s3.list = put, copy, delete, delete_all, list
  for _, name in ipairs { "put", "update", "delete" } do
    dynamodb[name] = writer(real.dynamodb[name])
  end
  dynamodb.get, dynamodb.batch_get = get_item, get_items
  dynamodb.query, dynamodb.scan = pages_of "query", pages_of "scan"
  dynamodb.batch_write, dynamodb.transact = write_items, transact
end

return overlay
