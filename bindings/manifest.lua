-- The manifest: a public list of what there is (images.json), kept in the bucket itself and correct
-- when many processes change it at once. The public contract is bindings/api/manifest.lua.
--
-- Compare-and-swap on the ETag. What decides between two writers is the source as it is in the
-- bucket now, looked at AFTER the manifest was read and BEFORE it is written: whoever is not (or no
-- longer) the source's voice leaves the entry alone, and if the manifest has changed since, the
-- write is refused and all is looked at again. One gap remains, between the look and the write: the
-- source is deleted or replaced, that event's run finds the manifest as it should be, and only then
-- the write lands. Hence the second look, after the write; "superseded" tells the caller that it
-- has to look again, too.

local absence = require "lunette.absence"
local check = require "lunette.check"
local dynamodb = require "dynamodb"
local failure = require "failure"
local items = require "lunette.manifest_table"
local object = require "lunette.manifest_object"
local s3 = require "s3"
local task = require "task"
local text = require "lunette.manifest_text"

-- What stands between the algorithm and the world; tests pass their own.
local world = {
  get = s3.get,
  head = s3.head,
  put = s3.put,
  item_get = dynamodb.get,
  item_put = dynamodb.put,
  item_pages = dynamodb.query_pages,
  all = task.all,
  sleep_ms = task.sleep,
  remaining_ms = task.remaining_ms,
  random = math.random,
  now = os.time,
}

-- Where the truth about the entries is: in the object itself, or in a table.
local function open(w, options)
  return (options.table and items or object).open(w, options)
end

-- The source's ETag now; nil when it is gone.
local function source_etag(w, source)
  local found = absence.look(w.head, { bucket = source.bucket, key = source.key })
  return found and found.etag
end

-- Nobody speaks for the source any more, unless it is there in another version.
local function remove_silent(w, keeper, name, source)
  local function is_replaced()
    local now = source_etag(w, source)
    return now ~= nil and now ~= source.etag
  end
  local status, previous = keeper:change(name, function(old)
    if is_replaced() then return "superseded" end
    if not old then return "absent" end
    return "removed", false
  end)
  if status == "removed" and is_replaced() then status = "superseded" end
  return status, previous
end

local function remove_older(keeper, name, sequencer)
  return keeper:change(name, function(old, removed)
    local status = text.remove(old, sequencer)
    local is_news = keeper.remembers and sequencer and sequencer > (removed or "")
    if status == "removed" or status == "absent" and is_news then return status, false end
    return status
  end, sequencer)
end

-- The entry; and, where it is still to be made, what was seen of its source meanwhile: looked at
-- once the manifest was read, as ever, but a while before it is written.
local function make_entry(w, keeper, options)
  if options.entry then return options.entry end
  local entry, seen
  local function make() entry = options.make() end
  local function look_ahead()
    keeper:read_ahead(options.name)
    if options.source then seen = { etag = source_etag(w, options.source) } end
  end
  w.all { make, look_ahead }
  if type(entry) ~= "table" or entry.name ~= options.name then
    failure.raise { code = "usage", retryable = false,
      message = ("'make' returned no entry with the name '%s'"):format(options.name) }
  end
  return entry, seen
end

-- What `change` returns; `meanwhile` has returned as well.
local function beside(w, meanwhile, entry, change)
  if not meanwhile then return change() end
  local status, previous
  w.all { function() status, previous = change() end, function() meanwhile(entry) end }
  return status, previous
end

-- Only the source's present version speaks for it.
local function update_spoken(w, keeper, options)
  local source = options.source
  local entry, seen = make_entry(w, keeper, options)
  local status, previous = beside(w, options.meanwhile, entry, function()
    return keeper:change(entry.name, function(old)
      local now = seen or { etag = source_etag(w, source) }
      seen = nil
      if not now.etag then return "gone" end
      if now.etag ~= source.etag then return "superseded" end
      return text.update(old, entry)
    end)
  end)
  if status == "superseded" then return status, previous end
  local now = source_etag(w, source)
  if now == source.etag then return status, previous end
  if now then return "superseded", previous end
  local gone = { bucket = source.bucket, key = source.key }
  local removed = remove_silent(w, keeper, entry.name, gone)
  return removed == "superseded" and removed or "gone", previous
end

local function update_newer(w, keeper, options)
  local entry = make_entry(w, keeper, options)
  return beside(w, options.meanwhile, entry, function()
    return keeper:change(entry.name, function(old, removed)
      return text.update(old, entry, removed)
    end)
  end)
end

-- Makes a change public, unless the caller has to call again for the version that there is now.
local function finish(keeper, source, status, previous)
  if not (source and status == "superseded") then keeper:publish() end
  return status, previous
end

-- ---- the public functions ----------------------------------------------------------------------

local bucket = { "string", required = true, filled = true }
local key = { "string", default = "images.json", filled = true }
local source = { "table" }
local table_name = { "string", filled = true }
local allow_recursion = { "boolean" }

local read_fields = { bucket = bucket, key = key }
local find_fields = { bucket = bucket, key = key, name = { "string", required = true } }
local update_fields = {
  bucket = bucket, key = key, table = table_name, source = source,
  entry = { "table" }, name = { "string", filled = true }, make = { "callable" },
  meanwhile = { "callable" }, allow_recursion = allow_recursion,
}
local remove_fields = {
  bucket = bucket, key = key, table = table_name, source = source, sequencer = { "string" },
  name = { "string", required = true, filled = true }, allow_recursion = allow_recursion,
}
local publish_fields = {
  bucket = bucket, key = key, table = { "string", required = true, filled = true },
  allow_recursion = allow_recursion,
}
local update_source_fields = {
  bucket = bucket, key = { "string", required = true, filled = true },
  etag = { "string", required = true, filled = true },
}
local remove_source_fields = {
  bucket = bucket, key = { "string", required = true, filled = true }, etag = { "string" },
}

local function wrong_source(given, fields)
  local wrong = given and check.complaint(given, fields)
  return wrong and "in field 'source': " .. wrong
end

-- Either an entry, or its name and what makes it.
local function wrong_entry(options)
  if options.make then
    if options.entry then return "fields 'entry' and 'make' exclude each other" end
    return not options.name and "field 'name' is missing" or nil
  end
  if not options.entry then return "field 'entry' is missing" end
  if options.name then return "field 'name' goes with 'make'; an entry has its own" end
  if type(options.entry.name) ~= "string" or options.entry.name == "" then
    return "field 'entry.name' is not a non-empty string"
  end
end

-- The module, over a world.
local function module_with(w)
  local manifest = {}

  function manifest.read(options)
    options = check.options("read", options, read_fields)
    local file = object.load(w, options)
    if file.denied then error(file.denied, 0) end
    return file.list, file.etag
  end

  function manifest.find(options)
    options = check.options("find", options, find_fields)
    return (text.find(object.load(w, options).list, options.name))
  end

  function manifest.update(options)
    options = check.options("update", options, update_fields)
    local wrong = wrong_source(options.source, update_source_fields) or wrong_entry(options)
    if wrong then check.complain(1, "update", wrong) end
    local keeper, update = open(w, options), options.source and update_spoken or update_newer
    return finish(keeper, options.source, update(w, keeper, options))
  end

  function manifest.remove(options)
    options = check.options("remove", options, remove_fields)
    local wrong = wrong_source(options.source, remove_source_fields)
    if wrong then check.complain(1, "remove", wrong) end
    local keeper, name, source_given = open(w, options), options.name, options.source
    if not source_given then
      return finish(keeper, nil, remove_older(keeper, name, options.sequencer))
    end
    return finish(keeper, source_given, remove_silent(w, keeper, name, source_given))
  end

  function manifest.publish(options)
    items.open(w, check.options("publish", options, publish_fields)):publish_all()
  end

  return manifest
end

local manifest = module_with(world)
-- For tests: the same functions over fakes of the functions in `world`.
setmetatable(manifest, { __call = function(_, w) return module_with(w) end })
return manifest
