-- Crops, turns and mirrors before a resize, which the engine takes together with EXIF's orientation
-- and does while it decodes or resizes: the same pictures as one after the other.

local t = ...
local image = require "image"
local picture = t.helper "picture"

-- A picture without any symmetry, smooth enough for a JPEG.
local function scene(width, height)
  return { width = width, height = height, at = function(x, y)
    return 20 + 200 * x // (width - 1), 230 - 190 * y // (height - 1),
      math.floor(128 + 90 * math.sin(x / 9) * math.cos(y / 7)), 255
  end }
end

local function apply(photo, step)
  local name, argument = next(step)
  if argument == true then photo[name](photo) else photo[name](photo, argument) end
end

-- Each step by itself, on a file of its own without any loss.
local function one_by_one(bytes, steps)
  local upright <close> = image.open(bytes)
  local result = upright:encode({ format = "png" }).bytes
  for _, step in ipairs(steps) do
    local photo <close> = image.open(result)
    apply(photo, step)
    result = photo:encode({ format = "png" }).bytes
  end
  return result
end

-- The largest and the mean difference of two PNGs of the same size.
local function difference(a, b)
  local one, other = picture.read(a), picture.read(b)
  t.equal({ one.width, one.height }, { other.width, other.height })
  local most, total = 0, 0
  for y = 0, one.height - 1 do
    for x = 0, one.width - 1 do
      local p, q = { one.at(x, y) }, { other.at(x, y) }
      for i = 1, 3 do
        local apart = math.abs(p[i] - q[i])
        most, total = math.max(most, apart), total + apart
      end
    end
  end
  return most, total / (3 * one.width * one.height)
end

-- Chains of steps that fit a picture of this size as it is displayed.
local function chains(random, width, height)
  local steps = {}
  for _ = 1, random(1, 5) do
    local kind = random(1, 4)
    if kind == 1 and width > 20 and height > 20 then
      local w, h = random(10, width), random(10, height)
      steps[#steps + 1] = { crop = { x = random(0, width - w), y = random(0, height - h),
        width = w, height = h } }
      width, height = w, h
    elseif kind == 2 then
      local angle = 90 * random(1, 3)
      steps[#steps + 1] = { rotate = angle }
      if angle ~= 180 then width, height = height, width end
    else
      steps[#steps + 1] = kind == 3 and { flip = true } or { flop = true }
    end
  end
  return steps, width, height
end

local function name_of(steps)
  local words = {}
  for i, step in ipairs(steps) do
    local name, argument = next(step)
    words[i] = type(argument) ~= "table" and name .. tostring(argument) or
      ("crop %dx%d+%d+%d"):format(argument.width, argument.height, argument.x, argument.y)
  end
  return table.concat(words, ", ")
end

local made = picture.png(scene(90, 64))

-- Of each kind a file with an orientation; how far a whole decode and one in rows may be apart.
local files = {
  png = function() return made end,
  webp = function(orientation)
    local photo <close> = image.open(made)
    return picture.webp_with(photo:encode({ format = "webp", lossless = true }).bytes,
      { { "EXIF", picture.exif { orientation = orientation } } })
  end,
  tiff = function(orientation)
    return picture.tiff(scene(90, 64), { orientation = orientation })
  end,
  jpeg = function(orientation)
    local photo <close> = image.open(made)
    local plain = photo:encode { format = "jpeg", quality = 95, chroma = "4:4:4" }
    local exif = "Exif\0\0" .. picture.exif { orientation = orientation }
    return picture.jpeg_with(plain.bytes, { { 0xe1, exif } })
  end,
}

local function compare(kind, bytes, steps, target, tolerance)
  local photo <close> = image.open(bytes)
  for _, step in ipairs(steps) do apply(photo, step) end
  local plain <close> = image.open(one_by_one(bytes, steps))
  local what = ("%s, orientation %d: %s"):format(kind, photo:info().orientation, name_of(steps))
  local most, mean = difference(photo:render(target).bytes, plain:render(target).bytes)
  t.ok(most <= tolerance.most and mean <= tolerance.mean,
    ("%s: %d at most, %.2f on average, which"):format(what, most, mean))
end

local exact = { most = 0, mean = 0 }
-- A resize goes along the stored rows first, and what is turned has others.
local resized = { most = 1, mean = 0.5 }

t.test("without any loss they are the same, to the pixel", function()
  local random = math.random
  math.randomseed(4711)
  for _, kind in ipairs { "png", "webp", "tiff" } do
    for i = 1, 16 do
      local orientation = kind == "png" and 1 or (i - 1) % 8 + 1
      local width, height = 90, 64
      if orientation >= 5 then width, height = height, width end
      local steps = chains(random, width, height)
      compare(kind, files[kind](orientation), steps, { format = "png" }, exact)
      compare(kind, files[kind](orientation), steps,
        { width = 30, height = 30, fit = i % 2 == 0 and "cover" or "inside", format = "png" },
        resized)
    end
  end
end)

t.test("a JPEG's are the same but for roundings", function()
  math.randomseed(815)
  for i = 1, 24 do
    local orientation = (i - 1) % 8 + 1
    local width, height = 90, 64
    if orientation >= 5 then width, height = height, width end
    compare("jpeg", files.jpeg(orientation), chains(math.random, width, height),
      { width = 40, height = 40, format = "png" }, { most = 8, mean = 1.5 })
  end
end)

t.test("of what was cut off nothing is seen, at any scale and at any place", function()
  -- White, and in it a black field that is cut out: no grey at its edges.
  local function field(left, top)
    return { width = 640, height = 480, at = function(x, y)
      local inside = x >= left and x < left + 320 and y >= top and y < top + 240
      local v = inside and 0 or 255
      return v, v, v, 255
    end }
  end
  for _, place in ipairs { { 160, 120 }, { 161, 127 }, { 163, 124 }, { 164, 125 } } do
    local source <close> = image.open(picture.png(field(place[1], place[2])))
    for _, format in ipairs { "png", "jpeg", "webp" } do
      local bytes = source:encode({ format = format, quality = 95 }).bytes
      for _, size in ipairs { 320, 160, 120, 60, 33, 20 } do
        local photo <close> = image.open(bytes)
        photo:crop { x = place[1], y = place[2], width = 320, height = 240 }
        local seen = picture.read(photo:render({ width = size, format = "png" }).bytes)
        t.equal(seen.width, size)
        for y = 0, seen.height - 1 do
          for x = 0, seen.width - 1 do
            local v = seen.at(x, y)
            if v > 12 then
              error(("%s at %d, %d, %d wide: pixel %d, %d is %d"):format(format, place[1],
                place[2], size, x, y, v))
            end
          end
        end
      end
    end
  end
end)

t.test("colours at half of the size are as in the whole photo, up to an odd edge", function()
  local ramp = { width = 64, height = 64, at = function(x, y)
    return 4 * x, 120, 252 - 4 * y, 255
  end }
  local source <close> = image.open(picture.png(ramp))
  local bytes = source:encode({ format = "jpeg", quality = 95, chroma = "4:2:0" }).bytes
  for _, place in ipairs { { 21, 21 }, { 20, 21 }, { 21, 20 } } do
    compare("jpeg", bytes, { { crop = { x = place[1], y = place[2], width = 21, height = 21 } } },
      { format = "png" }, { most = 3, mean = 0.7 })
  end
end)

t.test("of a small crop all is seen", function()
  local halves = { width = 64, height = 64, at = function(x)
    local v = x < 27 and 0 or 255
    return v, v, v, 255
  end }
  local source <close> = image.open(picture.png(halves))
  local bytes = source:encode({ format = "jpeg", quality = 95 }).bytes
  compare("jpeg", bytes, { { crop = { x = 21, y = 21, width = 12, height = 12 } } },
    { width = 1, format = "png" }, { most = 8, mean = 8 })
end)

t.test("steps after them are done to what is left", function()
  math.randomseed(99)
  for _, kind in ipairs { "png", "jpeg" } do
    for _ = 1, 8 do
      local steps = chains(math.random, 90, 64)
      steps[#steps + 1] = { grayscale = true }
      steps[#steps + 1] = { flop = true }
      compare(kind, files[kind](1), steps, { width = 40, format = "png" },
        kind == "png" and resized or { most = 8, mean = 1.5 })
    end
  end
end)

t.test("a cascade, and a crop to what is seen, are of what is left", function()
  local bytes = files.png(1)
  local photo <close> = image.open(bytes)
  local steps = { { rotate = 90 }, { crop = { x = 4, y = 10, width = 60, height = 70 } } }
  for _, step in ipairs(steps) do apply(photo, step) end
  local plain <close> = image.open(one_by_one(bytes, steps))
  local targets = { { width = 56, format = "png" }, { width = 20, format = "png" },
    { width = 16, height = 30, fit = "cover", gravity = "attention", format = "png" } }
  local a, b = photo:render(targets), plain:render(targets)
  for i = 1, #targets do
    local most, mean = difference(a[i].bytes, b[i].bytes)
    t.ok(most <= resized.most and mean <= resized.mean, ("target %d: %d, %f"):format(i, most, mean))
  end
end)

t.test("a photo that is cropped takes no more memory than one that isn't", function()
  local grey = picture.png { width = 8, height = 8, at = function() return 9, 9, 9 end }
  local large <close> = image.open(grey)
  local bytes = large:render({ width = 2400, height = 1800, fit = "fill", enlarge = true,
    format = "jpeg" }).bytes
  local whole <close> = image.open(bytes)
  local cropped <close> = image.open(bytes)
  cropped:crop { x = 300, y = 200, width = 1800, height = 1200 }:rotate(90)
  local target = { width = 800 }
  local least, most = whole:plan(target).memory_bytes, cropped:plan(target).memory_bytes
  t.ok(most < 2 * least, ("%d bytes of the cropped one, %d of the whole one, which"):format(
    most, least))
end)

-- A WebP of these stills (without loss, all of one size) one after the other, with an orientation.
local function animated_webp(stills, width, height, orientation)
  local function chunk(kind, content)
    return string.pack("<c4s4", kind, content) .. ("\0"):rep(#content % 2)
  end
  local size = string.pack("<I3I3", width - 1, height - 1)
  local body = chunk("VP8X", string.pack("<I4", 0x0a) .. size)
    .. chunk("ANIM", string.pack("<I4I2", 0, 0))
  for _, still in ipairs(stills) do
    body = body .. chunk("ANMF", string.pack("<I3I3", 0, 0) .. size .. string.pack("<I3B", 100, 2)
      .. still:sub(still:find "VP8L", -1))
  end
  body = body .. chunk("EXIF", picture.exif { orientation = orientation })
  return string.pack("<c4s4", "RIFF", "WEBP" .. body)
end

t.test("the frames of an animation are turned and cut alike", function()
  local function quarters(colours)
    return { width = 24, height = 16, at = function(x, y)
      return table.unpack(colours[(x < 12 and 1 or 2) + (y < 8 and 0 or 2)])
    end }
  end
  local red, green, blue, white = { 255, 0, 0 }, { 0, 255, 0 }, { 0, 0, 255 }, { 255, 255, 255 }
  local stills = {}
  for i, colours in ipairs { { red, green, blue, white }, { white, blue, green, red } } do
    local photo <close> = image.open(picture.png(quarters(colours)))
    stills[i] = photo:encode({ format = "webp", lossless = true }).bytes
  end
  for orientation = 1, 8 do
    local bytes = animated_webp(stills, 24, 16, orientation)
    local photo <close> = image.open(bytes)
    local what = "orientation " .. orientation
    local gif = photo:render { format = "gif", animated = true }
    t.equal({ gif.frames, gif.width, gif.height }, { 2, photo.width, photo.height }, what)
    local first <close> = image.open(gif.bytes)
    t.equal({ difference(first:encode({ format = "png" }).bytes,
      photo:encode({ format = "png" }).bytes) }, { 0, 0.0 }, what)
    for _, steps in ipairs { { { rotate = 90 } },
      { { crop = { x = 2, y = 3, width = 12, height = 10 } }, { flip = true } },
      { { grayscale = true }, { crop = { x = 2, y = 3, width = 12, height = 10 } } } } do
      local still <close> = image.open(bytes)
      local moving <close> = image.open(bytes)
      for _, step in ipairs(steps) do
        apply(still, step)
        apply(moving, step)
      end
      local gif_made <close> = image.open(moving:render({ format = "gif", animated = true }).bytes)
      t.equal(gif_made.frames, 2)
      t.equal({ difference(gif_made:encode({ format = "png" }).bytes,
        still:encode({ format = "png" }).bytes) }, { 0, 0.0 }, what .. ", " .. name_of(steps))
    end
  end
end)

t.test("a margin is found as it is displayed", function()
  local white, inner = { 255, 255, 255, 255 }, scene(60, 40)
  local framed = { width = 78, height = 52, at = function(x, y)
    if x < 5 or y < 9 or x >= 65 or y >= 49 then return table.unpack(white) end
    return inner.at(x - 5, y - 9)
  end }
  for orientation = 1, 8 do
    local photo <close> = image.open(picture.tiff(framed, { orientation = orientation }))
    local upright <close> = image.open(photo:encode({ format = "png" }).bytes)
    local turned <close> = image.open(picture.tiff(framed, { orientation = orientation }))
    turned:rotate(90):trim()
    photo:trim()
    upright:trim()
    t.equal({ photo.width, photo.height }, { upright.width, upright.height })
    t.equal({ turned.height, turned.width }, { upright.width, upright.height })
    t.equal({ difference(photo:encode({ format = "png" }).bytes,
      upright:encode({ format = "png" }).bytes) }, { 0, 0.0 }, "orientation " .. orientation)
  end
end)

t.test("the margin of a large photo is found in the memory of one decode", function()
  local white, black = ("\xff"):rep(12000000), ("\0"):rep(12000000)
  local bytes = string.pack("<c2I4I4I4I4i4i4I2I2I4I4I4I4I4I4", "BM", 54 + 3 * #white, 0, 54, 40,
    4000, 3000, 1, 24, 0, 0, 0, 0, 0, 0) .. white .. black .. white
  local photo <close> = image.open(bytes)
  t.equal({ photo:trim().width, photo.height }, { 4000, 1000 })
end)
