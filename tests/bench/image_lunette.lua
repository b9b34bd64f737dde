-- Lunette's side of image_bench.py: image_pillow.py and image_sharp.mjs do the same.
--
-- The photo is in the bucket `photos`. Reads "COUNT\n" lines, does the job so many times, and answers
-- "done\n". The pictures of the first time stay in FOLDER/Lunette-JOB-SIZE.FORMAT.
local job, path, folder = ...
local s3, image = require "s3", require "image"

local format = job:match "%a+$" or "jpeg"
local targets = {}
for size in job:gmatch "%d+" do
  targets[#targets + 1] = { name = size, width = math.tointeger(size), height = math.tointeger(size),
    fit = job:match "^cover" and "cover" or "inside", format = format, quality = 70,
    animated = format == "gif" }
end

local function write(picture)
  local name = ("%s/Lunette-%s-%s.%s"):format(folder, job, picture.name, format)
  local file <close> = assert(io.open(name, "wb"))
  file:write(picture.bytes)
end

local object = s3.get { bucket = "photos", key = path:match "[^/]+$", as = "bytes" }
local made
for line in io.lines() do
  for _ = 1, math.tointeger(line) do
    local photo <close> = image.open(object.body)
    local pictures = photo:render(targets)
    if not made then
      made = pictures
      for _, picture in ipairs(made) do write(picture) end
    end
  end
  io.stdout:write("done\n")
  io.stdout:flush()
end
