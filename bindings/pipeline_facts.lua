-- What the rules `item` and `entry` are told: the upload, the photo, the pictures. A slip in
-- a field's name would leave it out of the item or the entry without a word, so reading one that
-- does not exist raises. No I/O. For pipeline.lua.
--
--   facts.of(upload, object, photo, pictures)      {upload, photo, pictures}, as the rules get them
--   facts.utc(milliseconds)                        as all of them say times: 2026-01-31T23:59:59Z

local check = require "lunette.check"
local failure = require "failure"
local events_upload = require "lunette.events_upload"

local facts = {}

local photo_fields = { "name", "format", "type", "width", "height", "size", "etag", "uploaded" }
local picture_fields = { "name", "bucket", "key", "type", "width", "height", "size", "made" }

function facts.utc(milliseconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", milliseconds // 1000)
end

-- A copy of `values` in which reading what is none of `names` raises `complaint(name)`. A field of
-- these that is absent is nil, as is a place after the last one of a list.
local function strict(values, names, complaint)
  local copy, known = {}, {}
  for name, value in pairs(values) do copy[name] = value end
  for _, name in ipairs(names) do known[name] = true end
  return setmetatable(copy, {
    __index = function(_, name)
      if known[name] or type(name) ~= "string" then return nil end
      failure.raise({ code = "usage", retryable = false, message = complaint(name) }, 2)
    end,
  })
end

-- One thing that is told of: `what` is in the complaint.
local function thing(what, values, names)
  return strict(values, names, function(name)
    return what .. ": " .. check.unknown("field", name, names)
  end)
end

local function describe(upload, object, photo)
  return thing("the photo", { name = upload.name, format = photo.format, type = photo.content_type,
    width = photo.width, height = photo.height, size = object.size, etag = object.etag,
    uploaded = facts.utc(object.last_modified) }, photo_fields)
end

-- By their places, and by the names that some of them have.
local function with_names(pictures)
  local list, names = {}, {}
  for i, picture in ipairs(pictures) do
    list[i] = thing("a picture", picture, picture_fields)
    if picture.name then
      list[picture.name] = list[i]
      names[#names + 1] = picture.name
    end
  end
  return strict(list, names, function(name)
    return #names > 0 and check.unknown("picture", name, names)
      or ("there is no picture '%s': the rules give them no names"):format(name)
  end)
end

function facts.of(upload, object, photo, pictures)
  return { thing("the upload", upload, events_upload.fields), describe(upload, object, photo),
    with_names(pictures) }
end

return facts
