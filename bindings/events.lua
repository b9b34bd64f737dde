-- Every way in which an upload can arrive, made into one shape; and the function that runs a
-- script's rules on each of them.
--
-- Called by handlers (events.handler), by `lunette process` and `lunette event` (events.sample).
-- The public contract is bindings/api/events.lua.
--
-- A further source (SQS, SNS, EventBridge, S3 Batch) is one more entry in `recognisers`.

local check = require "lunette.check"
local failure = require "failure"
local hash = require "hash"
local json = require "json"
local log = require "log"
local metrics = require "metrics"
local samples = require "lunette.event_samples"
local task = require "task"

local events = {}

-- ---- from text to values -----------------------------------------------------------------------

-- S3 form-encodes the keys in its records: a blank is `+`, every other unusual byte %XX.
local function form_decode(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

-- A sequencer that compares as a string. AWS's pages contradict each other on whether the shorter
-- of two is to be padded on the left or on the right; without leading zeros and padded on the
-- right, both readings order the values that S3 sends. Nil for what is no sequencer (AWS's own
-- sample says "Happy Sequencer"): such an event has no order.
local function canonical_sequencer(text)
  if type(text) ~= "string" or not text:find("^%x+$") or #text > 64 then return nil end
  local digits = text:upper():gsub("^0+", "")
  if #digits > 32 then return nil end
  return digits .. ("0"):rep(32 - #digits)
end

-- The events carry ETags bare; S3's own answers, and its conditions, have them in quotes.
local function quoted(etag)
  if type(etag) ~= "string" or etag == "" then return nil end
  return etag:find('^"') and etag or '"' .. etag .. '"'
end

local function text_or_nil(value)
  return type(value) == "string" and value or nil
end

local function integer_or_nil(value)
  return type(value) == "number" and math.tointeger(value) or nil
end

-- What is safe everywhere (URL, file system, HTML) and still says which photo it was. Two keys
-- never share a slug: one that had to be changed, or that looks as if it had been, gets a hash.
local slug_max = 200
local function slug_of(key)
  local segments = {}
  for segment in key:gmatch("[^/]+") do
    local plain = segment:gsub("^%.+", ""):gsub("[^%w._-]", "-")
    if plain ~= "" then segments[#segments + 1] = plain end
  end
  local slug = table.concat(segments, "/")
  local looks_hashed = slug:find("%-" .. ("%x"):rep(12) .. "$")
  if slug == key and #slug <= slug_max and not looks_hashed then return slug end
  slug = slug:sub(1, slug_max):gsub("/$", "")
  return slug .. "-" .. hash.sha256(key):sub(1, 12)
end

-- Fills in what follows from the key alone.
local function with_names(upload)
  local key = upload.key
  upload.name = key:match("([^/]+)/*$") or key
  upload.folder = key:match("^(.*/)[^/]+/*$") or ""
  upload.stem = upload.name:match("^(.+)%.[^.]*$") or upload.name
  upload.extension = upload.name:match("^.+%.([^.]*)$") or ""
  upload.slug = slug_of(key)
  return upload
end

-- ---- the sources -------------------------------------------------------------------------------

local function bad_event(format, ...)
  failure.raise { code = "bad_event", message = format:format(...), retryable = false }
end

-- "ObjectRemoved:Delete" -> "deleted". Restores, tags, ACLs, transitions and the like are "other".
local function kind_of(event_name)
  local family = event_name:match("^[^:]*")
  if family == "ObjectCreated" then return "created" end
  if family == "ObjectRemoved" or family == "LifecycleExpiration" then return "deleted" end
  return "other"
end

local function required_text(value, path)
  if type(value) ~= "string" or value == "" then
    bad_event("%s is not a non-empty string", path)
  end
  return value
end

local function table_at(parent, name, path)
  local value = parent[name]
  if type(value) ~= "table" then bad_event("%s.%s is not an object", path, name) end
  return value
end

local function from_s3_record(record, path)
  local version = tostring(record.eventVersion)
  if version:match("^%d+") ~= "2" then
    bad_event("%s.eventVersion is '%s'; only version 2 is known", path, version)
  end
  local s3 = table_at(record, "s3", path)
  local bucket = table_at(s3, "bucket", path .. ".s3")
  local object = table_at(s3, "object", path .. ".s3")
  local name = required_text(record.eventName, path .. ".eventName"):gsub("^s3:", "")
  return with_names {
    via = "s3",
    kind = kind_of(name),
    event = name,
    bucket = required_text(bucket.name, path .. ".s3.bucket.name"),
    key = form_decode(required_text(object.key, path .. ".s3.object.key")),
    size = integer_or_nil(object.size),
    etag = quoted(object.eTag),
    version_id = text_or_nil(object.versionId),
    sequencer = canonical_sequencer(object.sequencer),
    time = text_or_nil(record.eventTime),
    region = text_or_nil(record.awsRegion),
  }
end

local function from_direct(event)
  return with_names {
    via = "direct",
    kind = event.deleted == true and "deleted" or "created",
    event = event.deleted == true and "Deleted" or "Created",
    bucket = required_text(event.bucket, "bucket"),
    key = required_text(event.key, "key"),
    size = integer_or_nil(event.size),
    etag = quoted(event.etag),
    version_id = text_or_nil(event.version_id),
    sequencer = canonical_sequencer(event.sequencer),
    time = text_or_nil(event.time),
    region = text_or_nil(event.region),
  }
end

local function first_record(event)
  local records = event.Records
  local first = type(records) == "table" and records[1]
  return type(first) == "table" and first or {}
end

-- In this order. `readers` gives one function per upload; each may raise for its own upload only.
local recognisers = {
  {
    name = "S3 test event",
    matches = function(event) return event.Event == "s3:TestEvent" end,
    readers = function() return {} end,
  },
  {
    name = "S3 notification (Records)",
    matches = function(event)
      return first_record(event).eventSource == "aws:s3"
          or type(event.Records) == "table" and next(event.Records) == nil
    end,
    readers = function(event)
      local readers = {}
      for i, record in ipairs(event.Records) do
        local path = ("Records[%d]"):format(i)
        readers[i] = function()
          if type(record) ~= "table" or record.eventSource ~= "aws:s3" then
            bad_event("%s is not an S3 record", path)
          end
          return from_s3_record(record, path)
        end
      end
      return readers
    end,
  },
  {
    name = "direct ({bucket, key})",
    matches = function(event)
      return type(event.bucket) == "string" and type(event.key) == "string"
    end,
    readers = function(event)
      return { function() return from_direct(event) end }
    end,
  },
}

-- What an unknown event looks like, in a few words. Names only: values may be anybody's data.
local function describe(event)
  if type(event) ~= "table" then
    return event == json.null and "null" or "a " .. type(event)
  end
  local source = first_record(event).eventSource or first_record(event).EventSource
  if type(source) == "string" then return ("records of %s"):format(source) end
  local names = {}
  for name in pairs(event) do names[#names + 1] = tostring(name) end
  table.sort(names)
  local shown = table.concat(names, ", ", 1, math.min(#names, 8))
  return #names == 0 and "an empty object" or "an object with " .. shown
end

local function readers_of(event)
  if type(event) == "table" then
    for _, recogniser in ipairs(recognisers) do
      if recogniser.matches(event) then return recogniser.readers(event) end
    end
  end
  local known = {}
  for i, recogniser in ipairs(recognisers) do known[i] = recogniser.name end
  bad_event("not an event that is known: %s; known are: %s", describe(event),
    table.concat(known, ", "))
end

function events.uploads(event)
  local uploads = {}
  for i, read in ipairs(readers_of(event)) do uploads[i] = read() end
  return uploads
end

-- ---- failures ----------------------------------------------------------------------------------

-- What will be the same however often it is tried: the image itself, or the script's own verdict.
-- A limit counts only where the upload is read: in a render it is the target that asks too much, or
-- the function's memory that is too small, which is mended without another photo.
local permanent_codes = {
  bad_image = true,
  unsupported = true,
  rejected = true,
  limit = { ["image.open"] = true, ["image.probe"] = true },
  too_large = { ["s3.get"] = true, ["s3.find"] = true },
}

function events.permanent(err)
  if type(err) ~= "table" and type(err) ~= "userdata" then return false end
  local operations = permanent_codes[err.code]
  if type(operations) == "table" then return operations[err.operation] == true end
  return operations == true
end

function events.reject(reason)
  if type(reason) ~= "string" then
    error("bad argument #1 to 'reject' (string expected, got " .. type(reason) .. ")", 2)
  end
  failure.raise { code = "rejected", message = reason, retryable = false }
end

-- ---- running the rules -------------------------------------------------------------------------

local function record_of(upload, status, more)
  local record = {}
  for name, value in pairs(more or {}) do record[name] = value end
  record.bucket, record.key, record.kind = upload.bucket, upload.key, upload.kind
  record.status = record.status or status
  return record
end

local function called(route, ...)
  local result = route(...)
  if result ~= nil and type(result) ~= "table" then
    error(("the rule returned a %s; it should return a table or nothing"):format(type(result)), 0)
  end
  return result
end

local function is_folder_marker(upload)
  return upload.key:sub(-1) == "/" and (upload.size or 0) == 0
end

local function reject(routes, upload, err, context)
  log.warn("rejected", { bucket = upload.bucket, key = upload.key, code = err.code,
    reason = err.message })
  local more = routes.rejected and called(routes.rejected, upload, err, context)
  local record = record_of(upload, "rejected", more)
  record.code, record.reason = err.code, err.message
  return record
end

local function run_one(routes, upload, context)
  local route = routes[upload.kind]
  if not route or is_folder_marker(upload) then
    return record_of(upload, "ignored", { event = upload.event })
  end
  local ok, result = xpcall(called, failure.with_traceback, route, upload, context)
  if ok then
    return record_of(upload, upload.kind == "deleted" and "deleted" or "done", result)
  end
  if not events.permanent(result) then error(result, 0) end
  return reject(routes, upload, result, context)
end

-- By the sequencer where every record has one; else as they came, for some can't be compared.
local function in_order(group)
  for _, entry in ipairs(group) do
    if not entry.upload.sequencer then return end
  end
  table.sort(group, function(a, b)
    local x, y = a.upload.sequencer, b.upload.sequencer
    if x ~= y then return x < y end
    return a.index < b.index
  end)
end

-- Records of one object are run one after the other, in its order; groups side by side.
local function groups_of(uploads)
  local groups, by_object = {}, {}
  for _, entry in ipairs(uploads) do
    local id = entry.upload.bucket .. "/" .. entry.upload.key
    if not by_object[id] then
      by_object[id] = {}
      groups[#groups + 1] = by_object[id]
    end
    table.insert(by_object[id], entry)
  end
  for _, group in ipairs(groups) do in_order(group) end
  return groups
end

-- One broken record must not keep the others from being read.
local function read_all(event)
  local uploads, failures = {}, {}
  for i, read in ipairs(readers_of(event)) do
    local ok, upload = pcall(read)
    if ok then
      uploads[#uploads + 1] = { index = i, upload = upload }
    else
      failures[#failures + 1] = { index = i, error = upload }
    end
  end
  return uploads, failures
end

local function note_failure(failures, entry, err)
  log.error("failed", { bucket = entry.upload.bucket, key = entry.upload.key,
    code = failure.field(err, "code"), reason = tostring(err) })
  failures[#failures + 1] = { index = entry.index, error = err }
end

-- Raised when everything else is done, so that the platform delivers the event again; what was
-- done is then found unchanged.
local function raise_failures(failures, total)
  table.sort(failures, function(a, b) return a.index < b.index end)
  local first = failures[1].error
  if #failures == 1 then error(first, 0) end
  failure.raise {
    code = failure.field(first, "code") or "lua",
    message = ("%d of %d records failed; the first: %s"):format(#failures, total, tostring(first)),
    retryable = true,
    traceback = failure.field(first, "traceback"),
  }
end

local routes_fields = {
  created = { "callable" },
  deleted = { "callable" },
  other = { "callable" },
  rejected = { "callable" },
  concurrency = { "integer", default = 8, min = 1, max = 1000 },
}

-- Fills records[i] for each upload that came to an end, and appends to `failures` for the others.
local function run_all(routes, uploads, failures, context)
  local records = {}
  task.map(groups_of(uploads), function(group)
    for _, entry in ipairs(group) do
      local ok, result = pcall(run_one, routes, entry.upload, context)
      if ok then
        metrics.count(result.status)
        records[entry.index] = result
      else
        metrics.count("failed")
        note_failure(failures, entry, result)
      end
    end
  end, { concurrency = routes.concurrency })
  return records
end

function events.handler(routes)
  routes = check.options("handler", routes, routes_fields)
  return function(event, context)
    local uploads, failures = read_all(event)
    local total = #uploads + #failures
    local records = run_all(routes, uploads, failures, context)
    metrics.flush()
    if #failures > 0 then raise_failures(failures, total) end
    return { records = json.array(records) }
  end
end

-- ---- samples -----------------------------------------------------------------------------------

function events.sample(name, fields)
  local event, wrong = samples.build(name, fields or {})
  if not event then error(("bad argument to 'sample' (%s)"):format(wrong), 2) end
  return event
end

function events.samples()
  return samples.list()
end

return events
