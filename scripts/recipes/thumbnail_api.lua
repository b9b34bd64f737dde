-- Thumbnails of 128x128 pixels: made of each photo when it is uploaded, and when somebody asks.
--
--   POST /thumbnails {"bucket": "uploads", "key": "cat.jpg"}    200: where it is, and how large
--   GET /thumbnails/cat.jpg                                     200: the picture itself
--
-- A function URL, API Gateway or a load balancer may be in front of it, and CloudFront in front of
-- that.

local env = require "env"
local events = require "events"
local pipeline = require "pipeline"
local s3 = require "s3"

local uploads = env.get("UPLOAD_BUCKET", "uploads") -- no photo of another bucket is ever shown

-- How long browsers and CloudFront may keep a picture: a replaced photo is seen that much later.
local cache_control = "public, max-age=300, s-maxage=3600"

local thumbnails = pipeline.new {
  destination = env.get("DESTINATION_BUCKET", "images"),
  pictures = { { width = 128, height = 128, fit = "cover", enlarge = true, quality = 80 } },
  key = "thumbnails/{key}",
  cache_control = cache_control,

  table = env.get "METADATA_TABLE", -- optional
  ids = "by_name", -- or "random"
  item = function(upload, _, pictures)
    return { original_file = upload.key, processed_file = pictures[1].key }
  end,
}

-- Makes the thumbnail unless it is there; an answer of 4xx for what can't be one.
local function thumbnail(bucket, key)
  if bucket ~= uploads then events.reject("photos are in " .. uploads, { status = 403 }) end
  local upload = events.uploads({ bucket = bucket, key = key })[1]
  local result = thumbnails.settle(upload)
  if not result.variants then
    events.reject(("there is no photo '%s' in %s"):format(key, bucket), { status = 404 })
  end
  return result.variants[1]
end

local function say_where(request)
  local body = request.json()
  if type(body) ~= "table" or type(body.bucket) ~= "string" or type(body.key) ~= "string"
      or body.bucket == "" or body.key == "" then
    events.reject('the body should be {"bucket": "...", "key": "..."}')
  end
  local made = thumbnail(body.bucket, body.key)
  return { headers = { ["cache-control"] = "no-store" }, body = { bucket = made.bucket,
    key = made.key, width = made.width, height = made.height, size = made.size, type = made.type } }
end

local function show(request)
  local made = thumbnail(uploads, request.parameters.key)
  local object = s3.get { bucket = made.bucket, key = made.key }
  local headers = { ["cache-control"] = cache_control, etag = object.etag }
  if request.headers["if-none-match"] == object.etag then
    return { status = 304, headers = headers }
  end
  headers["content-type"] = made.type
  return { headers = headers, body = object.body }
end

return events.handler { created = thumbnails.settle, deleted = thumbnails.settle,
  request = { ["POST /thumbnails"] = say_where, ["GET /thumbnails/{key+}"] = show } }
