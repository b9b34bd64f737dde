-- images.json: a public list of the photos in a bucket, kept beside them in the same bucket.
--
-- Put a photo into the bucket, and it is on the list; replace it, and its entry changes; delete it,
-- and the entry goes. What is no photo is not listed. The list's own events are ignored: that the
-- function starts itself by writing the list comes to nothing.

local env = require "env"
local events = require "events"
local pipeline = require "pipeline"

local photos = pipeline.new {
  list = "images.json",
  list_table = env.get "MANIFEST_TABLE", -- optional, for more than eight or ten uploads a second

  -- What the list says of a photo. A field that you add here is in every entry that is written from
  -- then on.
  entry = function(upload, photo)
    return {
      name = upload.key,
      size = photo.size, -- bytes
      type = photo.type, -- of what is in the file, not of its name: "image/jpeg"
      width = photo.width, -- pixels, as displayed
      height = photo.height,
      modified = photo.uploaded, -- "2026-11-20T10:00:00Z"
      etag = photo.etag:gsub('"', ""), -- changes with the content
    }
  end,
}

return events.handler { created = photos.settle, deleted = photos.settle }
