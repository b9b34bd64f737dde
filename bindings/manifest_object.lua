-- The manifest's object: how it is read, how it is written only if nobody else was faster, and the
-- change of one entry in it. Called by manifest.lua; manifest_table.lua publishes through it.

local absence = require "lunette.absence"
local failure = require "failure"
local text = require "lunette.manifest_text"

local object = {}
object.__index = object

local bytes_max = 8 * 1024 * 1024
local attempts_max = 50
local reserve_ms = 1500 -- kept for reporting a failure before the platform's timeout
local backoff_ms, backoff_max_ms = 100, 2000

function object.place(options)
  return ("s3://%s/%s"):format(options.bucket, options.key)
end

--- What another attempt may cure. The deadline is no such thing.
function object.may_pass(err)
  local code = failure.field(err, "code")
  return failure.field(err, "retryable") == true and code ~= "deadline" and code ~= "cancelled"
end

--- Raises when a manifest of `size` bytes would be too large.
function object.check_size(options, size)
  if size <= bytes_max then return end
  failure.raise { code = "manifest_too_large", retryable = false,
    message = ("%s would become %d bytes, the limit is %d; spread the entries over several "
      .. "manifests"):format(object.place(options), size, bytes_max) }
end

--- A file: { list =, body =, etag =, denied = }. When there is no manifest the list is empty, and
--- body and ETag are absent. Without the right to list the bucket S3 says 403 for what isn't there:
--- then it may be created, and the 403 is `denied`, to be raised if it turns out to exist.
function object.load(w, options)
  local ok, found = pcall(w.get, {
    bucket = options.bucket, key = options.key, max_bytes = bytes_max,
  })
  if not ok then
    if absence.is(found) then return { list = {} } end
    if failure.field(found, "status") == 403 then return { list = {}, denied = found } end
    if failure.field(found, "code") == "too_large" then
      failure.raise { code = "manifest_too_large", retryable = false,
        message = ("%s is larger than %d bytes; spread the entries over several manifests")
          :format(object.place(options), bytes_max) }
    end
    error(found, 0)
  end
  local list, wrong = text.parse(found.body)
  if not list then
    failure.raise { code = "manifest_damaged", retryable = false,
      message = ("%s %s; it is left as it is: repair or delete it")
        :format(object.place(options), wrong) }
  end
  return { list = list, body = found.body, etag = found.etag }
end

--- Writes `bytes` in place of `file`. True when written, false when somebody else was faster, nil
--- when nobody knows; the next look decides.
function object.store(w, options, bytes, file)
  object.check_size(options, #bytes)
  local ok, stored = pcall(w.put, {
    bucket = options.bucket, key = options.key, body = bytes,
    content_type = "application/json", cache_control = "no-cache",
    if_match = file.etag, if_none_match = not file.etag and "*" or nil,
    allow_recursion = options.allow_recursion,
  })
  if ok and stored then return true end
  if file.denied then error(file.denied, 0) end
  if ok then return false end
  -- An answer that was lost, or 404 for a manifest deleted meanwhile.
  if absence.is(stored) or object.may_pass(stored) then return nil end
  error(stored, 0)
end

--- Calls `try` until it returns something, and returns that. The pauses grow, and are random, so
--- that those who meet here part. Raises "conflict" when attempts or time run out.
function object.until_done(w, options, try)
  for attempt = 1, attempts_max do
    local done, more = try()
    if done then return done, more end
    local pause_ms = w.random(0, math.min(backoff_ms << (attempt - 1), backoff_max_ms))
    if w.remaining_ms() < reserve_ms + pause_ms then break end
    w.sleep_ms(pause_ms)
  end
  failure.raise { code = "conflict", retryable = true, operation = "manifest",
    message = ("%s was changed by others at every attempt"):format(object.place(options)) }
end

function object.open(w, options)
  return setmetatable({ w = w, options = options }, object)
end

--- What the next change() begins with, so that it need not wait for it.
function object:read_ahead()
  self.ahead = object.load(self.w, self.options)
end

--- Looks, decides and writes until it holds. `decide(old, removed)` gets the entry that is there or
--- nil, and the sequencer of its removal where that is remembered; it returns a status and what is
--- to be written: an entry, false to take it out, nil for nothing. Returns the status and the old
--- entry.
function object:change(name, decide)
  local w, options = self.w, self.options
  return object.until_done(w, options, function()
    local file = self.ahead or object.load(w, options)
    self.ahead = nil
    local old = text.find(file.list, name)
    local status, new = decide(old)
    if new == nil then return status, old end
    local bytes = text.with(file.list, name, new or nil)
    if object.store(w, options, bytes, file) then return status, old end
  end)
end

--- What was changed is public already.
function object.publish() end

return object
