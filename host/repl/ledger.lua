-- In the handler's Lua state: keeps what was there before each write, so that a run can be taken
-- back. For the local store. Installed by inside.lua.

local dynamodb = require "dynamodb"
local keys = require "repl.keys"
local s3 = require "s3"

local ledger = {}

local inside, real, entries, known

local object_fields = {
  "content_type", "cache_control", "content_disposition", "content_encoding", "storage_class",
  "metadata",
}

-- Once a run for each thing: the first write sees what was there before the run.
local function is_new(...)
  local name = table.concat({ ... }, "\0")
  local new = not known[name]
  known[name] = true
  return new
end

local function remember_object(bucket, key)
  if not is_new("s3", bucket, key) then return end
  inside.hide("s3.find", bucket, key)
  local object = real.s3.find { bucket = bucket, key = key }
  local entry = { bucket = bucket, key = key }
  if object then
    entry.put = { bucket = bucket, key = key, body = object.body, allow_recursion = true }
    for _, field in ipairs(object_fields) do entry.put[field] = object[field] end
  end
  entries[#entries + 1] = entry
end

local function remember_item(table_name, key)
  if not is_new("dynamodb", table_name, keys.text(key)) then return end
  inside.hide("dynamodb.get", table_name, keys.describe(key))
  local item = real.dynamodb.get { table = table_name, key = key, consistent = true }
  entries[#entries + 1] = { table = table_name, key = key, item = item }
end

-- ---- the modules' writes -----------------------------------------------------------------------

-- What can't be looked at is the real call's to complain of.
local function quietly(remember, ...)
  pcall(remember, ...)
end

local function wrap_objects()
  for _, name in ipairs { "put", "copy", "delete" } do
    s3[name] = function(options)
      quietly(function() remember_object(options.bucket, options.key) end)
      return real.s3[name](options)
    end
  end
  function s3.delete_all(options)
    quietly(function()
      for _, key in ipairs(options.keys) do remember_object(options.bucket, key) end
    end)
    return real.s3.delete_all(options)
  end
end

local function remember_part(part)
  local kind, options = next(part)
  if kind == "put" then
    remember_item(options.table, keys.of(inside, options.table, options.item))
  elseif kind ~= "check" then
    remember_item(options.table, options.key)
  end
end

local function wrap_items()
  for _, name in ipairs { "put", "update", "delete" } do
    dynamodb[name] = function(options)
      quietly(remember_part, { [name] = options })
      return real.dynamodb[name](options)
    end
  end
  function dynamodb.batch_write(options)
    quietly(function()
      for _, item in ipairs(options.puts or {}) do
        remember_item(options.table, keys.of(inside, options.table, item))
      end
      for _, key in ipairs(options.deletes or {}) do remember_item(options.table, key) end
    end)
    return real.dynamodb.batch_write(options)
  end
  function dynamodb.transact(options)
    quietly(function() for _, part in ipairs(options) do remember_part(part) end end)
    return real.dynamodb.transact(options)
  end
end

local function begin()
  entries, known = {}, {}
end

--- Stands before the modules from now on.
function ledger.install(owner, modules)
  inside, real = owner, modules
  begin()
  wrap_objects()
  wrap_items()
  inside.on_begin = begin
  inside.undo = ledger.undo
end

-- ---- taking back -------------------------------------------------------------------------------

local function restore(entry)
  if entry.put then
    real.s3.put(entry.put)
  elseif entry.bucket then
    real.s3.delete { bucket = entry.bucket, key = entry.key }
  elseif entry.item then
    real.dynamodb.put { table = entry.table, item = entry.item }
  else
    real.dynamodb.delete { table = entry.table, key = entry.key }
  end
end

--- What the last run wrote is as it was before; returns how many things were written.
function ledger.undo()
  for i = #entries, 1, -1 do restore(entries[i]) end
  local count = #entries
  begin()
  return count
end

return ledger
