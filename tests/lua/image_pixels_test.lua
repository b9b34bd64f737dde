-- What comes out of the engine, pixel by pixel: orientation in every format that has it, exact
-- colours, filters' and alpha's edges. Files and pixels are written and read by picture.lua.

local t = ...
local image = require "image"
local picture = t.helper "picture"

-- A picture without any symmetry: every corner and side has its own colour.
local function scene(width, height)
  return { width = width, height = height, at = function(x, y)
    return 20 + 200 * x / (width - 1), 230 - 190 * y / (height - 1),
      x < width / 3 and y < height / 3 and 240 or 60, 255
  end }
end

local function near(got, want, tolerance, what)
  t.equal({ got.width, got.height }, { want.width, want.height }, what)
  for y = 0, want.height - 1 do
    for x = 0, want.width - 1 do
      local a, b = { got.at(x, y) }, { want.at(x, y) }
      for i = 1, 4 do
        if math.abs(a[i] - (b[i] or 255)) > tolerance then
          error(("%s: pixel %d, %d is %s, expected %s"):format(what, x, y,
            table.concat(a, " "), table.concat(b, " ")), 2)
        end
      end
    end
  end
end

-- How a picture stored with orientation 1 to 8 is displayed (EXIF 2.32, tag 0x0112).
local function turned(made, orientation)
  local w, h = made.width, made.height
  local from = ({
    function(x, y) return x, y end,
    function(x, y) return w - 1 - x, y end,
    function(x, y) return w - 1 - x, h - 1 - y end,
    function(x, y) return x, h - 1 - y end,
    function(x, y) return y, x end,
    function(x, y) return y, h - 1 - x end,
    function(x, y) return w - 1 - y, h - 1 - x end,
    function(x, y) return w - 1 - y, x end,
  })[orientation]
  local swapped = orientation >= 5
  return { width = swapped and h or w, height = swapped and w or h,
    at = function(x, y) return made.at(from(x, y)) end }
end

local stored = scene(48, 32)

local function encoded(format, options)
  local photo <close> = image.open(picture.png(stored))
  options.format = format
  return photo:encode(options).bytes
end

-- One file a format, with an orientation; how far its codec may be from the truth.
local oriented = {
  { "jpeg", 12, function(orientation)
    return picture.jpeg_with(encoded("jpeg", { quality = 95 }),
      { { 0xe1, "Exif\0\0" .. picture.exif { orientation = orientation } } })
  end },
  { "png", 1, function(orientation)
    return picture.png(stored,
      { before = { { "eXIf", picture.exif { orientation = orientation } } } })
  end },
  { "webp, lossless", 1, function(orientation)
    return picture.webp_with(encoded("webp", { lossless = true }),
      { { "EXIF", picture.exif { orientation = orientation } } })
  end },
  { "webp, with JPEG's prefix", 1, function(orientation)
    return picture.webp_with(encoded("webp", { lossless = true }),
      { { "EXIF", "Exif\0\0" .. picture.exif { orientation = orientation } } })
  end },
  { "tiff", 1, function(orientation)
    return picture.tiff(stored, { orientation = orientation })
  end },
}

t.test("every orientation is displayed upright, in every format that has it", function()
  for _, row in ipairs(oriented) do
    local name, tolerance, make = table.unpack(row)
    for orientation = 1, 8 do
      local what = name .. ", orientation " .. orientation
      local bytes, want = make(orientation), turned(stored, orientation)
      local info = image.probe(bytes)
      t.equal({ info.orientation, info.width, info.height, info.stored_width, info.stored_height },
        { orientation, want.width, want.height, 48, 32 }, what)
      near(picture.shown(image, bytes), want, tolerance, what)
      -- Turned while it is resized, as a JPEG of a JPEG, and as a cut-out.
      local half = picture.shown(image, bytes, { width = want.width // 2, filter = "box" })
      near(half, { width = want.width // 2, height = want.height // 2, at = function(x, y)
        local sum = { 0, 0, 0 }
        for i = 0, 3 do
          for k, value in ipairs { want.at(2 * x + i % 2, 2 * y + i // 2) } do
            if k < 4 then sum[k] = sum[k] + value / 4 end
          end
        end
        return sum[1], sum[2], sum[3], 255
      end }, tolerance + 1, what .. ", halved")
    end
  end
end)

t.test("a JPEG made of a JPEG is upright too, and says nothing of an orientation", function()
  for orientation = 1, 8 do
    local bytes, want = oriented[1][3](orientation), turned(stored, orientation)
    local photo <close> = image.open(bytes)
    local made = photo:encode { quality = 95 }
    t.equal({ image.probe(made.bytes).orientation, made.format }, { 1, "jpeg" })
    near(picture.shown(image, made.bytes), want, 16, "orientation " .. orientation)
    local cut = photo:render { width = 16, height = 16, fit = "cover", gravity = "northwest",
      quality = 95 }
    local corner = picture.shown(image, cut.bytes)
    local scale = math.min(want.width, want.height) / 16
    near({ width = 1, height = 1, at = function() return corner.at(2, 2) end },
      { width = 1, height = 1, at = function()
        return want.at(math.floor(2.5 * scale), math.floor(2.5 * scale))
      end }, 24, "cut, orientation " .. orientation)
  end
end)

t.test("what needs no change is not changed: pixels come through exactly", function()
  local made = scene(37, 23)
  local exact = { width = 37, height = 23, at = function(x, y)
    local r, g, b = made.at(x, y)
    return math.floor(r + 0.5), math.floor(g + 0.5), math.floor(b + 0.5), 255
  end }
  for name, bytes in pairs { png = picture.png(exact),
    png_alpha = picture.png(exact, { channels = 4 }),
    png_16 = picture.png(exact, { depth = 16 }), tiff = picture.tiff(exact),
    tiff_16 = picture.tiff(exact, { depth = 16 }), bmp = picture.bmp(exact) } do
    near(picture.shown(image, bytes), exact, 0, name .. " to png")
    local photo <close> = image.open(bytes)
    local webp = photo:encode { format = "webp", lossless = true }
    near(picture.shown(image, webp.bytes), exact, 0, name .. " to webp")
  end
end)

t.test("16 bits are rounded to 8, not cut", function()
  for value = 0, 255, 5 do
    for _, fraction in ipairs { -0.4, 0.4 } do
      local grey = math.max(0, math.min(255, value + fraction))
      local made = { width = 2, height = 1, at = function() return grey, grey, grey, 255 end }
      local want = { width = 2, height = 1, at = function() return value, value, value, 255 end }
      near(picture.shown(image, picture.png(made, { depth = 16 })), want, 0, "png " .. grey)
      near(picture.shown(image, picture.tiff(made, { depth = 16 })), want, 0, "tiff " .. grey)
    end
  end
end)

-- ---- alpha ------------------------------------------------------------------------------------

t.test("what is transparent gives no colour to its neighbours", function()
  -- Red where it can be seen, green where it can't.
  local made = { width = 64, height = 64, at = function(x, y)
    if (x // 8 + y // 8) % 2 == 0 then return 255, 0, 0, 255 end
    return 0, 255, 0, 0
  end }
  for _, format in ipairs { "png", "tiff" } do
    local bytes = picture[format](made, { channels = 4 })
    for _, filter in ipairs { "lanczos", "mitchell", "catrom", "triangle", "box", "nearest" } do
      for _, width in ipairs { 13, 24, 48, 100 } do
        local what = ("%s, %s to %d"):format(format, filter, width)
        local shown = picture.shown(image, bytes,
          { width = width, filter = filter, enlarge = true })
        for y = 0, shown.height - 1 do
          for x = 0, shown.width - 1 do
            local r, g, b, a = shown.at(x, y)
            if a > 8 and (r < 250 or g > 5 or b > 5) then
              error(("%s: pixel %d, %d is %d %d %d %d"):format(what, x, y, r, g, b, a))
            end
          end
        end
      end
    end
  end
end)

t.test("transparency is laid on the background, in the measure of its alpha", function()
  local made = { width = 256, height = 2, at = function(x) return 200, 100, 0, x end }
  local bytes = picture.png(made, { channels = 4 })
  local photo <close> = image.open(bytes)
  for _, row in ipairs { { "#000000", 0, 0, 0 }, { "#ffffff", 255, 255, 255 },
    { "#10c0f0", 16, 192, 240 } } do
    local out = photo:render { format = "jpeg", quality = 100, background = row[1] }
    near(picture.shown(image, out.bytes), { width = 256, height = 2, at = function(x)
      local function mixed(front, back) return front * x / 255 + back * (1 - x / 255) end
      return mixed(200, row[2]), mixed(100, row[3]), mixed(0, row[4]), 255
    end }, 3, "on " .. row[1])
  end
  local shown = picture.shown(image, bytes)
  for x = 1, 255 do t.equal({ shown.at(x, 1) }, { 200, 100, 0, x }) end
  t.equal({ select(4, shown.at(0, 0)) }, { 0 })
end)

-- ---- cut where it matters ---------------------------------------------------------------------

-- Grey, with a patch of stripes at x, y.
local function with_patch(width, height, left, top)
  return { width = width, height = height, at = function(x, y)
    if x >= left and x < left + 24 and y >= top and y < top + 24 then
      return (x - left) * 10, 255 * ((x + y) // 2 % 2), 40, 255
    end
    return 128, 128, 128, 255
  end }
end

t.test("a cut by entropy or attention keeps what is to be seen, also of what is turned", function()
  for _, gravity in ipairs { "entropy", "attention" } do
    for _, left in ipairs { 0, 60, 130, 168 } do
      local made = with_patch(192, 64, left, 20)
      for _, file in ipairs { picture.png(made), picture.tiff(made, { orientation = 6 }),
        picture.tiff(made, { orientation = 3 }) } do
        local upright = picture.shown(image, file)
        local target = { width = 64, height = 64, fit = "cover", gravity = gravity, format = "png" }
        local photo <close> = image.open(file)
        local first, second = photo:render(target), photo:render(target)
        t.ok(first.bytes == second.bytes)
        local shown = picture.read(first.bytes)
        t.equal({ shown.width, shown.height }, { 64, 64 })
        local function count(of)
          local sum = 0
          for y = 0, of.height - 1 do
            for x = 0, of.width - 1 do
              if select(3, of.at(x, y)) < 100 then sum = sum + 1 end
            end
          end
          return sum
        end
        local colourful, all = count(shown), count(upright)
        t.ok(colourful >= all * 0.95, ("%s at %d: %d of %d pixels"):format(gravity, left,
          colourful, all))
      end
    end
  end
end)
