-- Every kind of render of every photo that is named, each as a line with its digest: what two builds
-- must agree on to the last bit. Of a WebP the line has the picture itself, as PNG: libwebp's scaling is
-- not the same to the last bit everywhere, and renders.py says how far it may be off.
-- `lunette run tests/layer/renders.lua PHOTO...`

local hash, image = require "hash", require "image"

local digits = {}
for byte in ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"):gmatch "." do
  digits[#digits + 1] = byte
end

local function base64(bytes)
  local filled = bytes .. ("\0"):rep(-#bytes % 3)
  local text = filled:gsub("...", function(three)
    local number = (">I3"):unpack(three)
    return digits[(number >> 18) + 1] .. digits[(number >> 12 & 63) + 1]
      .. digits[(number >> 6 & 63) + 1] .. digits[(number & 63) + 1]
  end)
  return text:sub(1, #text - -#bytes % 3) .. ("="):rep(-#bytes % 3)
end

local jobs = {
  { "jpeg", {}, { width = 320, height = 320 } },
  { "jpeg of high quality", {}, { width = 500, quality = 95 } },
  { "progressive jpeg", {}, { width = 200, progressive = true, format = "jpeg" } },
  { "png", {}, { width = 150, format = "png" } },
  { "webp", {}, { width = 150, format = "webp" } },
  { "lossless webp", {}, { width = 90, format = "webp", lossless = true } },
  { "gif", {}, { width = 90, format = "gif" } },
  { "limited", {}, { width = 200, format = "jpeg", max_bytes = 6000 } },
  { "enlarged", {}, { width = 5000, height = 30, fit = "fill", enlarge = true, format = "png" } },
  { "padded", {}, { width = 90, height = 200, fit = "contain", background = "#336699" } },
  { "outside", {}, { width = 90, height = 60, fit = "outside" } },
  { "cut by entropy", {}, { width = 90, height = 90, fit = "cover", gravity = "entropy" } },
  { "cut by attention", {}, { width = 64, height = 200, fit = "cover", gravity = "attention" } },
  { "blurred", { { "blur", 2.5 } }, { width = 120, format = "png" } },
  { "sharpened", { { "sharpen", 1 } }, { width = 120, format = "png" } },
  { "turned and grey", { { "rotate", 90 }, { "grayscale" } }, { width = 120 } },
  { "in blocks", { { "pixelate", 12 } }, { width = 120, format = "png" } },
}
for _, filter in ipairs { "lanczos", "mitchell", "catrom", "triangle", "box", "nearest" } do
  jobs[#jobs + 1] = { filter, {}, { width = 133, filter = filter, format = "png" } }
  jobs[#jobs + 1] = { filter .. " to jpeg", {}, { width = 71, filter = filter, format = "jpeg" } }
end

for _, path in ipairs(arg) do
  local file = assert(io.open(path, "rb"))
  local ok, source = pcall(image.open, file:read "a")
  file:close()
  if ok then
    source:close()
    for _, job in ipairs(jobs) do
      local name, steps, target = table.unpack(job)
      file = assert(io.open(path, "rb"))
      local photo <close> = image.open(file:read "a")
      file:close()
      for _, step in ipairs(steps) do photo[step[1]](photo, table.unpack(step, 2)) end
      local is_webp = photo.format == "webp"
      if is_webp then
        target = { width = target.width, height = target.height, fit = target.fit, filter = target.filter,
          gravity = target.gravity, background = target.background, enlarge = target.enlarge,
          format = "png" }
      end
      local made, result = pcall(photo.render, photo, target)
      local what = not made and result.code or is_webp and "png:" .. base64(result.bytes)
        or hash.sha256(result.bytes)
      print(path:match "[^/]+$", name, what)
    end
  end
end
