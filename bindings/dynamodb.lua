-- DynamoDB for scripts. The public contract is bindings/api/dynamodb.lua.
--
-- Here is the shape: options to request documents (dynamodb_expression.lua), documents to the store
-- and answers to values (dynamodb.c, as a job). Functions end in a call of core.call, so that an
-- error names the script's line.

local check = require "lunette.check"
local core = require "dynamodb_core"
local expression = require "lunette.dynamodb_expression"
local failure = require "failure"
local task = require "task"
local uuid = require "uuid"

local dynamodb = {
  null = core.types.null,
  number = core.types.number,
  binary = core.types.binary,
  set = core.types.set,
  list = core.types.list,
}

local batch_get_max, batch_write_max = 100, 25
local resend_max, backoff_ms, backoff_max_ms = 8, 50, 5000
local reserve_ms = 300 -- less time than this is not worth another request

local text, map, flag = { "string" }, { "table" }, { "boolean" }
local required_text = { "string", required = true }
local required_map = { "table", required = true }

local fields = {
  get = {
    table = required_text, key = required_map, consistent = flag, project = { "any" }, names = map,
  },
  put = {
    table = required_text, item = required_map, condition = text, names = map, values = map,
    return_old = flag,
  },
  update = {
    table = required_text, key = required_map, set = map, add = map, remove = map, delete = map,
    update = text, condition = text, names = map, values = map,
    returns = { "string", choices = { "old", "new", "updated_old", "updated_new" } },
  },
  delete = {
    table = required_text, key = required_map, condition = text, names = map, values = map,
    return_old = flag,
  },
  check = {
    table = required_text, key = required_map, condition = required_text, names = map,
    values = map,
  },
  query = {
    table = required_text, hash = map, range = map, key_condition = text, filter = text,
    project = { "any" }, names = map, values = map, limit = { "integer", min = 1 },
    descending = flag, start_key = map, consistent = flag, count_only = flag, index = text,
  },
  scan = {
    table = required_text, filter = text, project = { "any" }, names = map, values = map,
    limit = { "integer", min = 1 }, start_key = map, consistent = flag, count_only = flag,
    index = text, segment = { "integer", min = 0 }, segments = { "integer", min = 1 },
  },
  batch_get = {
    table = required_text, keys = required_map, consistent = flag, project = { "any" },
    names = map,
  },
  batch_write = { table = required_text, puts = map, deletes = map },
}

-- Parts of a transaction return nothing.
local part_fields = {}
for _, kind in ipairs { "put", "update", "delete", "check" } do
  part_fields[kind] = {}
  for name, field in pairs(fields[kind]) do part_fields[kind][name] = field end
  part_fields[kind].return_old, part_fields[kind].returns = nil, nil
end

-- Raises what is wrong with `options`; `prefix` says where they stand.
local function check_options(name, options, known, prefix)
  local wrong
  if type(options) ~= "table" then
    wrong = "a table of named fields expected, got " .. type(options)
  else
    wrong = check.complaint(options, known)
  end
  if wrong then core.complain(name, (prefix or "") .. wrong) end
  local project = options.project
  if project ~= nil and type(project) ~= "string" and type(project) ~= "table" then
    core.complain(name, ("field 'project' is a %s, expected a list of paths or an expression")
      :format(type(project)))
  end
end

-- The parts of requests, for single writes and for those of a transaction alike.
local fill = {}

local function start(name, options, prefix)
  local request = expression.new(name, prefix)
  request:set("TableName", options.table)
  request:given(options)
  request:set("ConditionExpression", options.condition)
  return request
end

function fill.put(name, options, prefix)
  local request = start(name, options, prefix)
  request:item("Item", options.item, "item")
  return request
end

function fill.update(name, options, prefix)
  local request = start(name, options, prefix)
  request:item("Key", options.key, "key")
  request:changes(options)
  return request
end

function fill.delete(name, options, prefix)
  local request = start(name, options, prefix)
  request:item("Key", options.key, "key")
  return request
end

fill.check = fill.delete

-- What a record of the call shows as its key: "id=abc, at=3".
local function describe(key)
  local parts = {}
  for name, value in pairs(key) do parts[#parts + 1] = name .. "=" .. tostring(value) end
  table.sort(parts)
  return table.concat(parts, ", ")
end

function dynamodb.get(options)
  check_options("get", options, fields.get)
  local request = start("get", options)
  request:item("Key", options.key, "key")
  request:set("ConsistentRead", options.consistent)
  request:project(options.project)
  return core.call("get", options.table, describe(options.key), request:document())
end

-- A lost condition brings along what won.
local function write(name, request, options, returns)
  request:set("ReturnValues", returns)
  if options.condition then request:set("ReturnValuesOnConditionCheckFailure", "ALL_OLD") end
  return core.call(name, options.table, options.key and describe(options.key), request:document())
end

function dynamodb.put(options)
  check_options("put", options, fields.put)
  return write("put", fill.put("put", options), options, options.return_old and "ALL_OLD" or nil)
end

local returns = {
  old = "ALL_OLD", new = "ALL_NEW", updated_old = "UPDATED_OLD", updated_new = "UPDATED_NEW",
}

function dynamodb.update(options)
  check_options("update", options, fields.update)
  return write("update", fill.update("update", options), options, returns[options.returns])
end

function dynamodb.delete(options)
  check_options("delete", options, fields.delete)
  return write("delete", fill.delete("delete", options), options,
    options.return_old and "ALL_OLD" or nil)
end

-- ---- pages --------------------------------------------------------------------------------------

local function fill_page(name, options)
  check_options(name, options, fields[name])
  local request = start(name, options)
  request:set("FilterExpression", options.filter)
  request:project(options.project)
  request:set("Limit", options.limit and math.tointeger(options.limit))
  request:set("ConsistentRead", options.consistent)
  request:set("IndexName", options.index)
  request:item("ExclusiveStartKey", options.start_key, "start_key")
  if options.count_only then request:set("Select", "COUNT") end
  return request
end

function dynamodb.query(options)
  local request = fill_page("query", options)
  request:key_condition(options)
  if options.descending then request:set("ScanIndexForward", false) end
  return core.call("query", options.table, nil, request:document())
end

function dynamodb.scan(options)
  local request = fill_page("scan", options)
  request:set("Segment", options.segment and math.tointeger(options.segment))
  request:set("TotalSegments", options.segments and math.tointeger(options.segments))
  return core.call("scan", options.table, nil, request:document())
end

-- An iterator over the pages that `read` (query or scan) gives one after the other.
local function pages(read, name, options)
  check_options(name, options, fields[name])
  local next_options, done = {}, false
  for field, value in pairs(options) do next_options[field] = value end
  return function()
    if done then return nil end
    local page = read(next_options)
    next_options.start_key, done = page.next_key, page.next_key == nil
    return page
  end
end

function dynamodb.query_pages(options) return pages(dynamodb.query, "query", options) end

function dynamodb.scan_pages(options) return pages(dynamodb.scan, "scan", options) end

-- ---- batches ------------------------------------------------------------------------------------

-- Full jitter, as AWS recommends it for what was throttled. False when there is no time for it.
local function back_off(attempt)
  local pause_ms = math.random(0, math.min(backoff_max_ms, backoff_ms << (attempt - 1)))
  if task.remaining_ms() < pause_ms + reserve_ms then return false end
  task.sleep(pause_ms)
  return true
end

-- Sends `requests` (JSON of RequestItems) and again what came back as unprocessed. `send` returns
-- the JSON of that, or nil.
local function send_all(name, requests, send)
  local tries = 0
  repeat
    tries = tries + 1
    requests = send(requests)
    if not requests then return end
  until tries == resend_max or not back_off(tries)
  failure.raise({
    code = "unprocessed",
    message = ("the table is throttled, a part was still not processed after %d of %d tries")
      :format(tries, resend_max),
    operation = "dynamodb." .. name,
    attempts = tries,
    retryable = true,
  })
end

local function document_of(requests)
  return expression.object { RequestItems = requests }
end

-- The elements first..last of `list`, each made into JSON by `form`.
local function slice(list, first, last, form)
  local texts = {}
  for i = first, math.min(last, #list) do texts[#texts + 1] = form(list[i], i) end
  return expression.array(texts)
end

local function key_form(name, field)
  return function(key, i) return core.item(key, ("%s[%d]"):format(field, i), name) end
end

local function get_batch(options, keys, items)
  local request = expression.new("batch_get")
  request:given(options)
  request:project(options.project)
  request:set("ConsistentRead", options.consistent)
  request.fields.Keys = keys
  local requests = expression.object { [options.table] = request:document() }
  send_all("batch_get", requests, function(pending)
    local found, unprocessed = core.call("batch_get", options.table, nil, document_of(pending))
    local part = found[options.table] or {}
    table.move(part, 1, #part, #items + 1, items)
    return unprocessed
  end)
end

function dynamodb.batch_get(options)
  check_options("batch_get", options, fields.batch_get)
  local items, form = dynamodb.list {}, key_form("batch_get", "keys")
  for first = 1, #options.keys, batch_get_max do
    get_batch(options, slice(options.keys, first, first + batch_get_max - 1, form), items)
  end
  return items
end

local function write_requests(options)
  local requests = {}
  local put, delete = key_form("batch_write", "puts"), key_form("batch_write", "deletes")
  for i, item in ipairs(options.puts or {}) do
    requests[#requests + 1] = expression.object {
      PutRequest = expression.object { Item = put(item, i) },
    }
  end
  for i, key in ipairs(options.deletes or {}) do
    requests[#requests + 1] = expression.object {
      DeleteRequest = expression.object { Key = delete(key, i) },
    }
  end
  return requests
end

function dynamodb.batch_write(options)
  check_options("batch_write", options, fields.batch_write)
  local requests = write_requests(options)
  for first = 1, #requests, batch_write_max do
    local part = slice(requests, first, first + batch_write_max - 1, function(json) return json end)
    send_all("batch_write", expression.object { [options.table] = part }, function(pending)
      return core.call("batch_write", options.table, nil, document_of(pending))
    end)
  end
  return true
end

-- ---- transactions -------------------------------------------------------------------------------

local parts = { put = "Put", update = "Update", delete = "Delete", check = "ConditionCheck" }

local function part_document(part, i)
  local place = ("[%d]"):format(i)
  local kind = type(part) == "table" and next(part)
  if not parts[kind] or next(part, kind) ~= nil then
    core.complain("transact", place .. " has to be one of { put = {...} }, { update = {...} }, "
      .. "{ delete = {...} }, { check = {...} }")
  end
  local prefix = place .. "." .. kind .. "."
  check_options("transact", part[kind], part_fields[kind], prefix)
  local request = fill[kind]("transact", part[kind], prefix)
  request:set("ReturnValuesOnConditionCheckFailure", "ALL_OLD")
  return expression.object { [parts[kind]] = request:document() }
end

local function check_transaction(options)
  if type(options) ~= "table" then
    core.complain("transact", "a list of writes expected, got " .. type(options))
  end
  for name in pairs(options) do
    if type(name) == "string" and name ~= "token" then
      core.complain("transact", check.unknown("field", name, { "token" }))
    end
  end
  if options.token ~= nil and type(options.token) ~= "string" then
    core.complain("transact", "field 'token' is a " .. type(options.token) .. ", expected a string")
  end
  if #options == 0 then core.complain("transact", "a list of writes expected, it is empty") end
end

-- The tables of a transaction, for the record.
local function tables_of(options)
  local seen, names = {}, {}
  for _, part in ipairs(options) do
    local _, request = next(part)
    if not seen[request.table] then names[#names + 1] = request.table end
    seen[request.table] = true
  end
  return table.concat(names, ", ")
end

function dynamodb.transact(options)
  check_transaction(options)
  local fields_of_request = { TransactItems = slice(options, 1, #options, part_document) }
  -- Under one token it can be sent again when its answer is lost.
  fields_of_request.ClientRequestToken = core.quote(options.token or uuid.v4())
  return core.call("transact", tables_of(options), nil, expression.object(fields_of_request))
end

return dynamodb
