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

local check = require "lunette.check"
local failure = require "failure"
local s3 = require "s3"
local task = require "task"
local text = require "lunette.manifest_text"

local bytes_max = 8 * 1024 * 1024
local attempts_max = 50
local reserve_ms = 1500 -- kept for reporting a failure before the platform's timeout
local backoff_ms, backoff_max_ms = 100, 2000

-- What stands between the algorithm and the world; tests pass their own.
local world = {
  get = s3.get,
  head = s3.head,
  put = s3.put,
  sleep_ms = task.sleep,
  remaining_ms = task.remaining_ms,
  random = math.random,
}

local function place(options)
  return ("s3://%s/%s"):format(options.bucket, options.key)
end

local function is_missing(err)
  local code = failure.field(err, "code")
  return code == "NoSuchKey" or code == "NotFound"
end

-- What another attempt may cure. The deadline is no such thing.
local function may_pass(err)
  local code = failure.field(err, "code")
  return failure.field(err, "retryable") == true and code ~= "deadline" and code ~= "cancelled"
end

-- The entries and the ETag; an empty list and nil when there is no manifest. Without the right to
-- list the bucket S3 says 403 for what isn't there: then it may be created, and the 403 is
-- returned too, to be raised if it turns out to exist.
local function load(w, options)
  local ok, object = pcall(w.get, {
    bucket = options.bucket, key = options.key, max_bytes = bytes_max,
  })
  if not ok then
    if is_missing(object) then return {} end
    if failure.field(object, "status") == 403 then return {}, nil, object end
    if failure.field(object, "code") == "too_large" then
      failure.raise { code = "manifest_too_large", retryable = false,
        message = ("%s is larger than %d bytes; spread the entries over several manifests")
          :format(place(options), bytes_max) }
    end
    error(object, 0)
  end
  local list, wrong = text.parse(object.body)
  if not list then
    failure.raise { code = "manifest_damaged", retryable = false,
      message = ("%s %s; it is left as it is: repair or delete it"):format(place(options), wrong) }
  end
  return list, object.etag
end

-- True when written, false when somebody else was faster or nobody knows.
local function store(w, options, bytes, etag, denied)
  if #bytes > bytes_max then
    failure.raise { code = "manifest_too_large", retryable = false,
      message = ("%s would become %d bytes, the limit is %d; spread the entries over several "
        .. "manifests"):format(place(options), #bytes, bytes_max) }
  end
  local ok, stored = pcall(w.put, {
    bucket = options.bucket, key = options.key, body = bytes,
    content_type = "application/json", cache_control = "no-cache",
    if_match = etag, if_none_match = not etag and "*" or nil,
    allow_recursion = options.allow_recursion,
  })
  if ok and stored then return true end
  if denied then error(denied, 0) end
  -- An answer that was lost, or 404 for a manifest deleted meanwhile: the next look decides.
  if ok or is_missing(stored) or may_pass(stored) then return false end
  error(stored, 0)
end

-- The source's ETag now; nil when it is gone.
local function source_etag(w, source)
  local ok, object = pcall(w.head, { bucket = source.bucket, key = source.key })
  if ok then return object.etag end
  if is_missing(object) then return nil end
  error(object, 0)
end

-- Looks, decides and writes until it holds. `decide(list)` returns a status, the new text or nil,
-- and the old entry.
local function swap(w, options, decide)
  for attempt = 1, attempts_max do
    local list, etag, denied = load(w, options)
    local status, bytes, previous = decide(list)
    if not bytes or store(w, options, bytes, etag, denied) then return status, previous end
    local pause_ms = w.random(0, math.min(backoff_ms << (attempt - 1), backoff_max_ms))
    if w.remaining_ms() < reserve_ms + pause_ms then break end
    w.sleep_ms(pause_ms)
  end
  failure.raise { code = "conflict", retryable = true, operation = "manifest",
    message = ("%s was changed by others at every attempt"):format(place(options)) }
end

-- Nobody speaks for the source any more, unless it is there in another version.
local function remove(w, options, name, source)
  local status, previous = swap(w, options, function(list)
    local old = text.find(list, name)
    if not source then
      if not old then return "absent" end
      return text.remove(list, name, options.sequencer)
    end
    -- Before anything else: whoever took out too much and died comes again, and finds nothing.
    local now = source_etag(w, source)
    if now and now ~= source.etag then return "superseded", nil, old end
    return text.remove(list, name)
  end)
  if source and status == "removed" then
    local now = source_etag(w, source)
    if now and now ~= source.etag then status = "superseded" end
  end
  return status, previous
end

local function update(w, options)
  local entry, source = options.entry, options.source
  local status, previous = swap(w, options, function(list)
    local old = text.find(list, entry.name)
    if not source then return text.update(list, entry) end
    local now = source_etag(w, source)
    if not now then return "gone", nil, old end
    if now ~= source.etag then return "superseded", nil, old end
    return text.update(list, entry)
  end)
  if not source or status == "superseded" then return status, previous end
  local now = source_etag(w, source)
  if now == source.etag then return status, previous end
  if now then return "superseded", previous end
  local gone = { bucket = source.bucket, key = source.key }
  local removed = remove(w, options, entry.name, gone)
  return removed == "superseded" and removed or "gone", previous
end

-- ---- the public functions ----------------------------------------------------------------------

local bucket = { "string", required = true, filled = true }
local key = { "string", default = "images.json", filled = true }
local source = { "table" }
local allow_recursion = { "boolean" }

local read_fields = { bucket = bucket, key = key }
local find_fields = { bucket = bucket, key = key, name = { "string", required = true } }
local update_fields = {
  bucket = bucket, key = key, source = source, entry = { "table", required = true },
  allow_recursion = allow_recursion,
}
local remove_fields = {
  bucket = bucket, key = key, source = source, sequencer = { "string" },
  name = { "string", required = true, filled = true }, allow_recursion = allow_recursion,
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

-- The module, over a world.
local function module_with(w)
  local manifest = {}

  function manifest.read(options)
    options = check.options("read", options, read_fields)
    local list, etag, denied = load(w, options)
    if denied then error(denied, 0) end
    return list, etag
  end

  function manifest.find(options)
    options = check.options("find", options, find_fields)
    return (text.find(load(w, options), options.name))
  end

  function manifest.update(options)
    options = check.options("update", options, update_fields)
    local wrong = wrong_source(options.source, update_source_fields)
    if type(options.entry.name) ~= "string" or options.entry.name == "" then
      wrong = "field 'entry.name' is not a non-empty string"
    end
    if wrong then check.complain(1, "update", wrong) end
    return update(w, options)
  end

  function manifest.remove(options)
    options = check.options("remove", options, remove_fields)
    local wrong = wrong_source(options.source, remove_source_fields)
    if wrong then check.complain(1, "remove", wrong) end
    return remove(w, options, options.name, options.source)
  end

  return manifest
end

local manifest = module_with(world)
-- For tests: the same functions over fakes of the functions in `world`.
setmetatable(manifest, { __call = function(_, w) return module_with(w) end })
return manifest
