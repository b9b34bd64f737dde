-- One upload, in the one shape that rules get, from what a source says of it. For
-- events_sources.lua; the shape is events.upload in bindings/api/events.lua.

local hash = require "hash"

local events_upload = {}

-- All that an upload may say; some of it is absent.
events_upload.fields = { "kind", "event", "via", "bucket", "key", "size", "etag", "version_id",
  "sequencer", "time", "region", "name", "folder", "stem", "extension", "slug" }

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

-- `said`: via, kind, event, bucket and key, which are there and right; and size, etag, version_id,
-- sequencer, time, region as the source says them, of any type.
function events_upload.new(said)
  local key = said.key
  local name = key:match("([^/]+)/*$") or key
  return {
    via = said.via, kind = said.kind, event = said.event, bucket = said.bucket, key = key,
    size = integer_or_nil(said.size),
    etag = quoted(said.etag),
    version_id = text_or_nil(said.version_id),
    sequencer = canonical_sequencer(said.sequencer),
    time = text_or_nil(said.time),
    region = text_or_nil(said.region),
    name = name,
    folder = key:match("^(.*/)[^/]+/*$") or "",
    stem = name:match("^(.+)%.[^.]*$") or name,
    extension = name:match("^.+%.([^.]*)$") or "",
    slug = slug_of(key),
  }
end

return events_upload
