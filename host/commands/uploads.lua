-- A file on this machine becomes an upload: an object in the bucket that the rules watch, and the
-- event that S3 sends for it.

local absence = require "lunette.absence"
local events = require "events"
local failure = require "failure"
local hash = require "hash"
local layout = require "commands.table"
local places = require "commands.places"
local s3 = require "s3"
local store = require "store"

local uploads = { bucket = places.uploads }

local bytes_max = 100 * 1000 * 1000

local function read_file(path)
  local file <close> = assert(io.open(path, "rb"))
  local size = assert(file:seek("end"))
  if size > bytes_max then error(("larger than %s"):format(layout.bytes(bytes_max)), 0) end
  assert(file:seek("set"))
  return assert(file:read("a"))
end

--- The object's headers, or nil when it isn't there.
function uploads.find(bucket, key)
  return absence.look(s3.head, { bucket = bucket, key = key })
end

-- Somebody may have removed an object's file from the store's folder; the headers don't show that.
local function is_body_missing(key)
  local ok, err = pcall(s3.get, { bucket = uploads.bucket, key = key, range = { 0, 0 } })
  return not ok and failure.field(err, "code") == "io"
end

--- Puts the file where uploads arrive, unless it lies there already. Returns the object's headers.
function uploads.put(path, key)
  local bytes = read_file(path)
  local object = uploads.find(uploads.bucket, key)
  local is_there = object and object.etag == '"' .. hash.md5(bytes) .. '"'
  if is_there and not is_body_missing(key) then return object end
  s3.put { bucket = uploads.bucket, key = key, body = bytes }
  return uploads.find(uploads.bucket, key)
end

-- An event's time, and its sequencer: S3's are times, too, a later one is larger.
local function moment(at_ms)
  local seconds, milliseconds = at_ms // 1000, at_ms % 1000
  return os.date("!%Y-%m-%dT%H:%M:%S", seconds) .. (".%03dZ"):format(milliseconds),
    ("00%08X%08X"):format(seconds, milliseconds * 1000000)
end

--- The fields of a sample event for an object: the same upload always has the same ones.
function uploads.fields(bucket, key, object)
  local time, sequencer = moment(object.last_modified)
  return { bucket = bucket, key = key, size = object.size, etag = object.etag, time = time,
    sequencer = sequencer }
end

--- The event that S3 would send.
function uploads.event(key, object)
  return events.sample("s3-put", uploads.fields(uploads.bucket, key, object))
end

--- Takes an upload out of the local store; of other stores nothing is deleted from here. Returns
--- the event that S3 would send. Raises `usage` when there is no such upload.
function uploads.remove(key)
  if not store.is_local() then
    failure.raise { code = "usage", message = "uploads are removed from the local store only" }
  end
  local object = uploads.find(uploads.bucket, key)
  if not object then
    failure.raise { code = "usage",
      message = ("there is no '%s' in the bucket %s"):format(key, uploads.bucket) }
  end
  s3.delete { bucket = uploads.bucket, key = key }
  local time, sequencer = moment(math.max(os.time() * 1000, object.last_modified + 1))
  return events.sample("s3-delete", { bucket = uploads.bucket, key = key, time = time,
    sequencer = sequencer })
end

return uploads
