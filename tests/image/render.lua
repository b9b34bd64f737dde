-- Makes the pictures that reference_test.py compares: each line of the input is a file, a target in
-- JSON, and the file to write. Run by `lunette run tests/image/render.lua < jobs`.

local image, json = require "image", require "json"

for line in io.lines() do
  local source, target, made = line:match "^([^\t]+)\t([^\t]+)\t([^\t]+)$"
  local file = assert(io.open(source, "rb"))
  local photo <close> = image.open(file:read "a")
  file:close()
  file = assert(io.open(made, "wb"))
  file:write(photo:render(json.decode(target)).bytes)
  file:close()
end
