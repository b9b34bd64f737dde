-- Several sizes of each photo, and five pixelated versions, in another bucket.
--
-- The photo is decoded once; all sizes are made of that.

local env = require "env"
local events = require "events"
local image = require "image"
local pipeline = require "pipeline"

-- Each within so many pixels, whole, and never enlarged.
local sizes = { 1600, 800, 400 }

-- Each of so many by so many blocks, in the photo's own size.
local blocks = { 8, 16, 32, 48, 64 }

local pictures, is_pixelated = {}, {}
for _, size in ipairs(sizes) do
  pictures[#pictures + 1] = { name = ("resized-%dx%d"):format(size, size), width = size,
    height = size, fit = "inside", quality = 80 }
end
for _, count in ipairs(blocks) do
  local name = ("pixelated-%dx%d"):format(count, count)
  pictures[#pictures + 1] = { name = name, width = count, height = count, fit = "fill",
    enlarge = true, filter = "box", quality = 100 }
  is_pixelated[name] = true
end

-- A pixelated version is a tiny picture, blown up without smoothing.
local function blow_up(picture, photo)
  if not is_pixelated[picture.name] then return picture end
  local tiny <close> = image.open(picture.bytes)
  return tiny:render { width = photo.width, height = photo.height, fit = "fill", enlarge = true,
    filter = "nearest", format = picture.format, quality = 80 }
end

local photos = pipeline.new {
  destination = env.get("DESTINATION_BUCKET", "images"),
  pictures = pictures,
  key = "{picture}-{key}", -- pixelated-8x8-cat.jpg
  finish = blow_up,
}

return events.handler { created = photos.settle, deleted = photos.settle }
