-- What tests/bench/instructions counts: JOB is done COUNT times on the photo at PATH.
local job, path, count = ...
local image = require "image"

local function five(format)
  local targets = {}
  for i, size in ipairs { 1600, 1024, 640, 320, 128 } do
    targets[i] = { width = size, height = size, quality = 70, format = format }
  end
  return targets
end

local jobs = {
  ["fit-1024"] = { width = 1024, height = 1024, quality = 70, format = "jpeg" },
  ["cover-300"] = { width = 300, height = 300, fit = "cover", quality = 70, format = "jpeg" },
  ["five-sizes"] = five "jpeg",
  ["webp-320"] = { width = 320, quality = 75, format = "webp" },
  ["png-320"] = { width = 320, format = "png" },
}

local file <close> = assert(io.open(path, "rb"))
local bytes = file:read "a"
for _ = 1, math.tointeger(count) do
  local photo <close> = image.open(bytes)
  photo:render(jobs[job])
end
