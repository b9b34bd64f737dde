-- A smaller file of each photo, in the same format, and a record of what that saved.

local env = require "env"
local events = require "events"
local pipeline = require "pipeline"

local photos = pipeline.new {
  destination = env.get("DESTINATION_BUCKET", "images"),

  -- Within this box, whole, and never enlarged; in the photo's own format. (A format that can't be
  -- written, such as TIFF, becomes JPEG, or PNG where the photo is transparent.) PNG knows no
  -- quality: effort makes it smaller, and takes its time; 6 is the most.
  pictures = { { width = 1024, height = 1024, fit = "inside", quality = 70, effort = 4 } },

  -- The photo's folder stays, or photos of the same name would replace one another.
  key = "{folder}resized-{renamed}",

  table = env.get("METADATA_TABLE", "ImageMetadata"),
  key_attribute = "imageId",
  ids = "by_name", -- or "random"

  item = function(upload, photo, pictures)
    local resized = pictures[1]
    return {
      sourceBucket = upload.bucket,
      sourceKey = upload.key,
      destBucket = resized.bucket,
      destKey = resized.key,
      contentType = resized.type,
      sizeOriginal = photo.size, -- bytes
      sizeResized = resized.size,
      saved = photo.size - resized.size, -- bytes; below 0 when the photo was small already
      savedPercent = 100 - (100 * resized.size + photo.size // 2) // photo.size,
      resizedAt = resized.made, -- "2026-11-20T10:00:00Z"
    }
  end,
}

return events.handler { created = photos.settle, deleted = photos.settle }
