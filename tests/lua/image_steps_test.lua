-- Steps as a script chains them: on a photo before its renders, in a list after a target's resize.

local t = ...
local image = require "image"
local task = require "task"

-- A BMP of one colour, its bytes in the order blue, green, red.
local function flat(width, height, colour)
  local row = colour:rep(width) .. ("\0"):rep(-(width * 3) % 4)
  local pixels = row:rep(height)
  return "BM" .. string.pack("<I4I4I4I4i4i4I2I2I4I4I4I4I4I4", 54 + #pixels, 0, 54, 40, width, height,
    1, 24, 0, 0, 0, 0, 0, 0) .. pixels
end

local red, blue, white = "\0\0\255", "\255\0\0", "\255\255\255"

-- The colours of a picture and how much of it they are: "#ff0000 0.75, #0000ff 0.25".
local function colours(picture)
  local photo <close> = image.open(picture.bytes)
  local parts = {}
  for i, colour in ipairs(photo:colours()) do
    parts[i] = ("%s %.2f"):format(colour.colour, colour.share)
  end
  return table.concat(parts, ", ")
end

-- A font, or nil where this system has none.
local function dejavu()
  local file <close> = io.open("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "rb")
  return file and file:read "a"
end

t.test("a list of steps follows the resize, on any number of targets", function()
  local photo <close> = image.open(flat(80, 60, red))
  local frame = image.steps():border { width = 10, colour = "#0000ff" }
  t.equal(tostring(frame), "steps (border 10 #0000ff)")
  local made = photo:render {
    { width = 40, format = "png", after = frame }, { width = 20, format = "png", after = frame },
    { width = 20, format = "png" },
  }
  t.equal({ made[1].width, made[1].height, made[2].width, made[2].height, made[3].width },
    { 60, 50, 40, 35, 20 })
  t.equal(colours(made[1]), "#0000ff 0.60, #ff0000 0.40")
  local plan = photo:plan { width = 40, after = frame }
  t.equal({ plan.targets[1].width, plan.targets[1].height }, { 60, 50 })
  t.equal(photo:encode({ format = "png", after = frame }).width, 100)
end)

t.test("a photo's own steps come before the resize", function()
  local photo <close> = image.open(flat(80, 60, red))
  t.ok(photo:border { width = 10 } == photo)
  t.equal({ photo.width, photo.height }, { 100, 80 })
  local made = photo:render { width = 50 }
  t.equal({ made.width, made.height }, { 50, 40 })
end)

t.test("a watermark is a photo or bytes, where gravity says", function()
  local bytes = flat(20, 20, blue)
  local logo <close> = image.open(bytes)
  local photo <close> = image.open(flat(40, 40, red))
  for _, mark in ipairs { logo, bytes } do
    local made = photo:encode { format = "png",
      after = image.steps():composite { image = mark, gravity = "southeast" } }
    t.equal(colours(made), "#ff0000 0.75, #0000ff 0.25")
    made = photo:encode { format = "png", after = image.steps()
      :composite { image = mark, gravity = "southeast" }
      :crop { x = 20, y = 20, width = 20, height = 20 } }
    t.equal(colours(made), "#0000ff 1.00")
  end
  local half = photo:encode { format = "png",
    after = image.steps():composite { image = logo, scale = 1, opacity = 0.5 } }
  t.equal(colours(half), "#800080 1.00")
  local tiled = photo:encode { format = "png",
    after = image.steps():composite { image = logo, tile = true } }
  t.equal(colours(tiled), "#0000ff 1.00")
end)

t.test("what steps borrow lives as long as they do", function()
  local photo <close> = image.open(flat(100, 100, red))
  local mark = image.steps()
  do
    local logo <close> = image.open(flat(50, 50, blue))
    mark:composite { image = logo }
    photo:composite { image = flat(25, 25, white), gravity = "northwest" }
  end
  collectgarbage()
  local made = task.map({ 1, 2, 3, 4 }, function(i)
    local steps = i % 2 == 0 and mark or image.steps():composite { image = flat(50, 50, blue) }
    collectgarbage()
    return colours(photo:render { width = 100, format = "png", after = steps })
  end, { concurrency = 4 })
  for i = 1, 4 do t.equal(made[i], "#ff0000 0.69, #0000ff 0.25, #ffffff 0.06", i) end
end)

t.test("masks and round corners cut out", function()
  local photo <close> = image.open(flat(40, 40, red))
  local circle = photo:encode { format = "png", after = image.steps():round(20) }
  t.equal(image.probe(circle.bytes).alpha, true)
  local on_black = photo:encode { format = "jpeg", quality = 95, background = "#000000",
    after = image.steps():round(20) }
  t.equal(image.probe(on_black.bytes).format, "jpeg")
  t.equal(colours(photo:encode { format = "png", after = image.steps():mask(flat(9, 9, white)) }),
    "#ff0000 1.00")
  t.equal(colours(photo:encode { format = "png", after = image.steps():mask(flat(9, 9, "\0\0\0")) }),
    "")
end)

t.test("steps complain of what makes no sense, with the field's name", function()
  local photo <close> = image.open(flat(40, 40, red))
  local turned <close> = image.open(flat(4, 4, red)):flip()
  for _, object in ipairs { photo, image.steps() } do
    t.raises("field 'image' is missing", object.composite, object, {})
    t.raises("an opened photo or a file's bytes expected, got table", object.composite, object,
      { image = {} })
    t.raises("the overlay has steps of its own", object.composite, object, { image = turned })
    t.raises("composite: not an image", object.composite, object, { image = "x" })
    t.raises("field 'opacity' is 2, expected 0 to 1", object.composite, object,
      { image = flat(4, 4, red), opacity = 2 })
    t.raises("field 'scale' is 0, expected above 0", object.composite, object,
      { image = flat(4, 4, red), scale = 0 })
    t.raises("mask: not an image", object.mask, object, "x")
    t.raises("field 'colour' is 'red', expected a colour like", object.border, object,
      { width = 1, colour = "red" })
    t.raises("'blue' is no colour like", object.tint, object, "blue")
    t.raises("round: the radius must be", object.round, object, 0)
  end
  for _, wrong in ipairs { {}, "round", photo } do
    t.raises("field 'after' is a " .. type(wrong) .. ", expected steps", photo.render, photo,
      { width = 1, after = wrong })
  end
  local steps = image.steps()
  for _ = 1, 32 do steps:flip() end
  t.equal(t.raises("32 steps", steps.flip, steps).code, "limit")
  local err = t.raises("crop: 30 x 1 at 0, 0 does not lie within the picture's 20 x 20", photo.render,
    photo, { width = 20, after = image.steps():crop { x = 0, y = 0, width = 30, height = 1 } })
  t.equal({ err.code, err.operation }, { "usage", "image.render" })
end)

t.test("an overlay's limits are those of any photo", function()
  local photo <close> = image.open(flat(40, 40, red))
  local small <close> = image.open { bytes = flat(40, 40, blue), limits = { side = 100 } }
  t.equal(colours(photo:encode { format = "png", after = image.steps():composite { image = small } }),
    "#0000ff 1.00")
  t.equal(t.raises("image limit 'side'", photo.composite, photo,
    { image = flat(1, 20000, blue) }).code, "limit")
  local cut <close> = image.open(flat(40, 40, blue):sub(1, -100))
  local err = t.raises("composite: truncated or damaged bmp", photo.encode, photo,
    { after = image.steps():composite { image = cut } })
  t.equal(err.code, "bad_image")
end)

t.test("a list's text is another one wherever its pictures would be", function()
  local logo = flat(4, 4, red)
  local ways = {
    {}, { "flip" }, { "flop" }, { "grayscale" }, { "sepia" }, { "blur", 1 }, { "blur", 1.1 },
    { "sharpen", 1 }, { "round", 4 }, { "pixelate", 4 }, { "rotate", 90 }, { "rotate", 180 },
    { "tint", "#000001" }, { "tint", "#000002" }, { "border", { width = 1 } },
    { "border", { width = 1, colour = "#ffffff" } }, { "mask", logo }, { "mask", flat(4, 4, blue) },
    { "crop", { x = 0, y = 0, width = 2, height = 2 } },
    { "crop", { x = 1, y = 0, width = 2, height = 2 } }, { "composite", { image = logo } },
    { "composite", { image = flat(4, 4, blue) } }, { "composite", { image = logo, x = 1 } },
    { "composite", { image = logo, y = 1 } }, { "composite", { image = logo, scale = 0.5 } },
    { "composite", { image = logo, opacity = 0.5 } }, { "composite", { image = logo, tile = true } },
    { "composite", { image = logo, gravity = "north" } },
  }
  local font = dejavu()
  for _, change in ipairs { {}, { text = "b" }, { size = 11 }, { gravity = "north" }, { x = 1 },
    { y = 1 }, { colour = "#000000" }, { opacity = 0.5 }, { outline = "#ffffff" },
    { outline = "#ffffff", outline_width = 2 }, { background = "#ffffff" },
    { background = "#ffffff", background_opacity = 0.5 }, { padding = 1 } } do
    local options = { text = "a", font = font, size = 10 }
    for field, value in pairs(change) do options[field] = value end
    if font then ways[#ways + 1] = { "annotate", options } end
  end
  local function text_of(way)
    local steps = image.steps()
    if way[1] then steps[way[1]](steps, way[2]) end
    return tostring(steps)
  end
  local seen = {}
  for i, way in ipairs(ways) do
    local text = text_of(way)
    t.equal(text_of(way), text)
    t.ok(not seen[text], ("%d is the same as %s: %s"):format(i, seen[text], text))
    seen[text] = i
  end
  t.equal(tostring(image.steps():flip():round(3)), "steps (flip; round 3)")
end)

t.test("texts are written, and are as wide as the picture at most", function()
  local font = dejavu() or t.skip "no DejaVu Sans"
  local photo <close> = image.open(flat(90, 40, red))
  local credit = image.steps():annotate { text = "WWW", font = font, size = 500, colour = "#0000ff" }
  font = nil -- luacheck: ignore
  collectgarbage()
  local made = photo:encode { format = "png", after = credit }
  t.equal({ made.width, made.height }, { 90, 40 })
  local shown <close> = image.open(made.bytes)
  local found = shown:colours { count = 2 }
  t.equal(#found, 2)
  t.ok(found[2].share > 0.1, found[2].share)
  local boxed = photo:encode { format = "png", after = image.steps():annotate {
    text = "i", font = dejavu(), size = 10, colour = "#0000ff", background = "#0000ff",
    padding = 200 } }
  t.equal(colours(boxed), "#0000ff 1.00")
end)

t.test("annotate complains of what makes no sense", function()
  local font = dejavu() or t.skip "no DejaVu Sans"
  local photo <close> = image.open(flat(90, 40, red))
  local function fails(text, change)
    local options = { text = "a", font = font, size = 10 }
    for field, value in pairs(change) do options[field] = value end
    t.equal(t.raises(text, photo.annotate, photo, options).code, "usage")
  end
  fails("annotate: font: these bytes are no TrueType or OpenType font", { font = "x" })
  fails("annotate: font: the file is cut off", { font = font:sub(1, 9999) })
  fails("field 'text' is not UTF-8", { text = "\xff" })
  fails("field 'text' has 0 bytes, expected 1 to 1000", { text = "" })
  fails("field 'size' is 0, expected 1 to 1000", { size = 0 })
  fails("field 'outline_width' is 11, expected 1 to 10", { outline_width = 11 })
  fails("field 'background' is 'white', expected a colour", { background = "white" })
  t.raises("field 'font' is missing", photo.annotate, photo, { text = "a", size = 1 })
end)

t.test("trim cuts an even margin off, before anything else is planned", function()
  local photo <close> = image.open(flat(40, 20, red))
  photo:border { width = 6, colour = "#fcfcff" }:border { width = 2, colour = "#ffffff" }
  t.equal({ photo.width, photo.height }, { 56, 36 })
  t.ok(photo:trim() == photo)
  t.equal({ photo.width, photo.height }, { 40, 20 })
  t.equal(colours(photo:encode { format = "png" }), "#ff0000 1.00")
  t.equal(photo:trim().width, 40) -- of one colour it stays

  local exact <close> = image.open(flat(40, 20, red))
  exact:border { width = 6, colour = "#fcfcff" }:border { width = 2, colour = "#ffffff" }
  t.equal(exact:trim({ tolerance = 0 }).width, 52)
  t.raises("field 'tolerance' is 256, expected 0 to 255", exact.trim, exact, { tolerance = 256 })
  t.raises("other steps meanwhile", task.all, {
    function() exact:trim() end, function() exact:flip() end,
  })
  local cut <close> = image.open(flat(40, 20, red):sub(1, -100))
  t.equal(t.raises("damaged bmp", cut.trim, cut).operation, "image.trim")
  t.raises("trim", function() return image.steps():trim() end)
end)
