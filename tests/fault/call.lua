-- The handler that table.lua invokes: makes one call and says what the script got.
--
--   {call = "get", name = SCENARIO}  ->  {got = ..., code =, status =, attempts =, retryable =}

local s3, dynamodb, json = require "s3", require "dynamodb", require "json"

local function object(name, more)
  local options = { bucket = "faults", key = name }
  for field, value in pairs(more or {}) do options[field] = value end
  return options
end

local key = { id = "a" }

-- What a call gives when all is well is told as one word.
local calls = {
  get = function(name) return s3.get(object(name)).body end,
  head = function(name) return s3.head(object(name)) and "there" end,
  put = function(name) return s3.put(object(name, { body = "mine" })) and "written" end,
  create = function(name)
    local written, why = s3.put(object(name, { body = "mine", if_none_match = "*" }))
    return written and "written" or why
  end,
  replace = function(name)
    local written, why = s3.put(object(name, { body = "mine", if_match = '"e"' }))
    return written and "written" or why
  end,
  copy = function(name) return s3.copy(object(name, { source_key = "x" })) and "copied" end,
  delete = function(name) return s3.delete(object(name)) and "deleted" end,
  delete_all = function(name)
    return #s3.delete_all({ bucket = name, keys = { "a" } }).errors .. " left"
  end,
  list = function(name) return #s3.list({ bucket = name }).objects .. " listed" end,
  item = function(name)
    return dynamodb.get { table = name, key = key } and "an item" or "no item"
  end,
  store = function(name) return dynamodb.put { table = name, item = key } and "stored" end,
  add = function(name)
    dynamodb.update { table = name, key = key, add = { n = 1 } }
    return "added"
  end,
  transact = function(name)
    return dynamodb.transact { { put = { table = name, item = key } } } and "stored"
  end,
  claim = function(name)
    local stored, why = dynamodb.put { table = name, item = key,
      condition = "attribute_not_exists(id)" }
    return stored and "stored" or why
  end,
  write = function(name)
    return dynamodb.batch_write { table = name, puts = { key } } and "stored"
  end,
  read = function(name)
    return #dynamodb.batch_get { table = name, keys = { key } } .. " read"
  end,
}

return function(event)
  local ok, result = pcall(calls[event.call], event.name)
  if ok then return { got = result } end
  return { got = result.code, status = result.status or json.null, attempts = result.attempts or 0,
    retryable = result.retryable, message = tostring(result) }
end
