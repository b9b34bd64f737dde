-- Each photo in exactly 300x300 pixels, and a record of it; and an address to upload photos to, so
-- that large files don't pass through the API:
--
--   POST /uploads {"name": "cat.jpg", "type": "image/jpeg", "size": 123456}
--
-- answers with two ways, of which the sender takes one: `put`, an address for that very file, and
-- `post`, a form for a browser.

local env = require "env"
local events = require "events"
local json = require "json"
local pipeline = require "pipeline"
local s3 = require "s3"
local uuid = require "uuid"

local uploads = env.get("UPLOAD_BUCKET", "uploads")
local upload_bytes_max = 20000000
local upload_seconds = 900 -- that an address is good for

local function pixels(of) return ("%dx%d"):format(of.width, of.height) end

local photos = pipeline.new {
  destination = env.get("DESTINATION_BUCKET", "images"),
  -- "cover": what does not fit is cut off; "fill" would stretch the photo. JPEG and PNG stay what
  -- they are, all else becomes JPEG, under a name that says so.
  pictures = { { width = 300, height = 300, fit = "cover", enlarge = true,
    format = { "jpeg", "png" }, quality = 85 } },
  key = "processed-{folder}{renamed}",
  max_bytes = upload_bytes_max,

  table = env.get("METADATA_TABLE", "image-metadata"),
  key_attribute = "image_id",
  ids = "by_name", -- or "random"
  item = function(upload, photo, pictures)
    return {
      original_key = upload.key, processed_key = pictures[1].key,
      original_size = pixels(photo), processed_size = pixels(pictures[1]),
      upload_time = photo.uploaded,
      source_bucket = upload.bucket, destination_bucket = pictures[1].bucket,
    }
  end,
}

local function offer_upload(request)
  local file = request.json()
  if type(file) ~= "table" then events.reject "the body should be an object" end
  local name = type(file.name) == "string" and file.name:match "^[%w._-]+$"
  if not name or #name > 100 then events.reject "name: up to 100 of A-Z a-z 0-9 . _ -" end
  if type(file.type) ~= "string" or not file.type:find "^image/[%w.+-]+$" then
    events.reject "type: should be an image's, as image/jpeg"
  end
  local size = math.tointeger(file.size)
  if not size or size < 1 then events.reject "size: the file's bytes, as 123456" end
  if size > upload_bytes_max then
    events.reject(("size: up to %d bytes"):format(upload_bytes_max), { status = 413 })
  end
  local key = uuid.v4() .. "/" .. name
  local url, put = s3.presign { bucket = uploads, key = key, method = "PUT",
    content_type = file.type, content_length = size, expires_s = upload_seconds }
  local form = s3.presign_post { bucket = uploads, key = key, content_type = file.type,
    max_bytes = upload_bytes_max, expires_s = upload_seconds }
  return { headers = { ["cache-control"] = "no-store" }, body = { bucket = uploads, key = key,
    put = { url = url, headers = put.headers }, post = { url = form.url, fields = form.fields } } }
end

local handler = events.handler { created = photos.settle, deleted = photos.settle,
  request = { ["POST /uploads"] = offer_upload } }

-- Whoever sends {bucket, key} by hand is answered as by an API, too.
return function(event, context)
  local answer = handler(event, context)
  if answer.records then answer.statusCode, answer.body = 200, json.encode(answer.records) end
  return answer
end
