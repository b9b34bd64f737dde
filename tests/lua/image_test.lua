-- The module `image` inside the real binary.

local t = ...
local image = require "image"
local task, s3, hash = require "task", require "s3", require "hash"

-- A 24-bit BMP with four quarters: red, green above blue, white.
local function bmp(width, height)
  local rows = {}
  local colours = { "\0\0\255", "\0\255\0", "\255\0\0", "\255\255\255" }
  local padding = ("\0"):rep(-(width * 3) % 4)
  for y = height - 1, 0, -1 do
    local first = y * 2 < height and 1 or 3
    rows[#rows + 1] = colours[first]:rep((width + 1) // 2) .. colours[first + 1]:rep(width // 2)
      .. padding
  end
  local pixels = table.concat(rows)
  return string.pack("<c2I4I4I4I4i4i4I2I2I4I4I4I4I4I4", "BM", 54 + #pixels, 0, 54, 40, width, height,
    1, 24, 0, 0, 0, 0, 0, 0) .. pixels
end

-- The same as an image of this kind.
local function sample(width, height, format)
  local photo <close> = image.open(bmp(width, height))
  return photo:encode({ format = format }).bytes
end

t.test("probe says what the header says", function()
  local info = image.probe(sample(60, 40, "png"))
  t.equal(info.format, "png")
  t.equal(info.content_type, "image/png")
  t.equal({ info.width, info.height, info.stored_width, info.stored_height }, { 60, 40, 60, 40 })
  t.equal({ info.orientation, info.frames, info.animated, info.alpha }, { 1, 1, false, false })
  t.equal(info.size, #sample(60, 40, "png"))
end)

t.test("probe and open refuse what is no image, and say what it looks like", function()
  for _, fn in ipairs { image.probe, image.open } do
    local err = t.raises("it looks like an XML or SVG document", fn, "<?xml version='1.0'?><svg/>")
    t.equal(err.code, "bad_image")
    t.equal(t.raises("no bytes at all", fn, "").code, "bad_image")
    t.equal(t.raises("a string, bytes or a table expected, got nil", fn).code, "usage")
    t.equal(t.raises("field 'bytes' is missing", fn, {}).code, "usage")
  end
  t.equal(t.raises("image", image.open, "x").operation, "image.open")
end)

t.test("what s3.get gives as bytes is a file, too", function()
  local text = sample(60, 40, "png")
  s3.put { bucket = "uploads", key = "image-test.png", body = text }
  local function body()
    return s3.get({ bucket = "uploads", key = "image-test.png", as = "bytes" }).body
  end
  t.equal(image.probe(body()).width, 60)
  t.equal(image.probe({ bytes = body() }).width, 60)
  t.raises("bytes", image.open, { bytes = body(), limits = { bytes = #text - 1 } })
  local of_text <close> = image.open(text)
  local of_body <close> = image.open(body()) -- nobody else has them
  local before = image.open(body())
  collectgarbage()
  t.equal(of_body:encode({ format = "png" }).bytes, of_text:encode({ format = "png" }).bytes)
  t.equal({ of_body:sha256(), of_body:phash() }, { of_text:sha256(), of_text:phash() })
  t.equal(hash.sha256(body()), of_text:sha256())
  t.equal(hash.hmac_sha256 { key = "k", text = body() }, hash.hmac_sha256 { key = "k", text = text })
  local laid = image.open(text)
  laid:composite { image = body(), gravity = "center" }
  collectgarbage()
  t.equal(laid:encode({ format = "png" }).bytes, of_text:encode({ format = "png" }).bytes)
  t.raises("the photo is closed", function()
    before:close()
    collectgarbage()
    return before:render { width = 10 }
  end)
end)

t.test("render resamples by the filter that is named", function()
  local photo <close> = image.open(bmp(8, 8))
  local made_by = {}
  for _, filter in ipairs { "lanczos", "mitchell", "catrom", "cubic", "triangle", "bilinear", "box",
    "nearest" } do
    local made = photo:render { width = 64, enlarge = true, filter = filter, format = "png" }
    t.equal({ made.width, made.height }, { 64, 64 })
    made_by[filter] = made.bytes
  end
  t.equal(photo:render({ width = 64, enlarge = true, format = "png" }).bytes, made_by.lanczos)
  t.equal(made_by.catrom, made_by.cubic)
  t.equal(made_by.triangle, made_by.bilinear)
  t.equal(made_by.box, made_by.nearest) -- enlarged by a whole number
  for _, other in ipairs { "mitchell", "catrom", "triangle", "box" } do
    t.equal(made_by.lanczos == made_by[other], false)
  end
  t.raises("field 'filter' is 'sinc'", function() photo:render { width = 4, filter = "sinc" } end)
end)

t.test("plan says how targets will be made", function()
  local photo <close> = image.open(sample(1200, 800, "jpeg"))
  local targets = {
    { width = 60, height = 60, fit = "cover", name = "thumb", format = "webp" },
    { width = 600 }, { width = 200 }, { width = 150 },
  }
  local plan = photo:plan(targets)
  t.equal({ plan.divisor, plan.width, plan.height }, { 1, 1200, 800 })
  t.equal(plan.targets, {
    { width = 60, height = 60, format = "webp", turn = 4, source = 3 },
    { width = 600, height = 400, format = "jpeg", turn = 1 },
    { width = 200, height = 133, format = "jpeg", turn = 2, source = 2 },
    { width = 150, height = 100, format = "jpeg", turn = 3, source = 2 },
  })
  t.equal(tostring(plan), ([[
jpeg 1200 x 800, decoded to 1200 x 800, %d MB at most
  target 2: jpeg 600 x 400 of the photo
  target 3: jpeg 200 x 133 of target 2
  target 4: jpeg 150 x 100 of target 2
  target 1: webp 60 x 60 of target 3, thumb]]):format((plan.memory_bytes + 1048575) // 1048576))
  for i, made in ipairs(photo:render(targets)) do
    t.equal({ made.width, made.height, made.format },
      { plan.targets[i].width, plan.targets[i].height, plan.targets[i].format })
  end
  t.equal(photo:plan({ width = 100 }).divisor, 8)
  t.equal(photo:plan({}).targets, {})
end)

t.test("plan raises what render raises", function()
  local photo <close> = image.open(bmp(8, 8))
  t.raises("'plan[2]' (unknown field 'size'", function() photo:plan { { width = 1 }, { size = 1 } } end)
  t.equal(t.raises("lossless", function() photo:plan { format = "jpeg", lossless = true } end).code,
    "usage")
end)

t.test("a script lowers limits and can't raise them", function()
  local bytes = sample(60, 40, "png")
  local err = t.raises("image limit 'pixels': 2400 asked, 2399 allowed; the script has "
    .. "lowered it, with limits.pixels", image.open,
    { bytes = bytes, limits = { pixels = 2399 } })
  t.equal(err.code, "limit")
  image.open({ bytes = bytes, limits = { pixels = 2400 } }):close()
  t.raises("limits.side is 20000, more than the 16384 that the environment allows", image.open,
    { bytes = bytes, limits = { side = 20000 } })
  t.raises("bad argument #1 to 'open' (unknown field 'pixel', did you mean 'pixels'?", image.open,
    { bytes = bytes, limits = { pixel = 1 } })
end)

t.test("formats says what is read and written", function()
  local formats = image.formats()
  for _, name in ipairs { "jpeg", "png", "webp", "gif" } do
    t.ok(formats[name].read and formats[name].write, name)
  end
  for _, name in ipairs { "tiff", "bmp" } do
    t.ok(formats[name].read, name)
    t.equal(formats[name].write, false)
  end
  t.equal(formats.jpeg.extension, "jpg")
  t.equal(formats.svg, nil)
end)

t.test("one target gives one picture", function()
  local photo <close> = image.open(sample(400, 300, "jpeg"))
  local out = photo:render { width = 100, height = 100, format = "webp", quality = 70, name = "s" }
  t.equal({ out.width, out.height, out.format, out.extension, out.content_type, out.frames,
    out.name }, { 100, 75, "webp", "webp", "image/webp", 1, "s" })
  t.equal(out.size, #out.bytes)
  local info = image.probe(out.bytes)
  t.equal({ info.format, info.width, info.height }, { "webp", 100, 75 })
end)

t.test("a list gives a list, an empty one too", function()
  local photo <close> = image.open(sample(400, 300, "jpeg"))
  local out = photo:render { { width = 200 }, { height = 10, format = "png" },
    { width = 50, height = 50, fit = "cover" } }
  t.equal(#out, 3)
  t.equal({ out[1].width, out[1].height, out[1].format }, { 200, 150, "jpeg" })
  t.equal({ out[2].width, out[2].height, out[2].format }, { 13, 10, "png" })
  t.equal({ out[3].width, out[3].height }, { 50, 50 })
  t.equal(photo:render {}, {})
end)

t.test("render names the field that is wrong, and the target", function()
  local photo <close> = image.open(sample(40, 30, "png"))
  local function fails(text, target) return t.raises(text, photo.render, photo, target) end
  fails("bad argument #2 to 'render' (a target or a list of targets expected, got nil)")
  fails("bad argument #2 to 'render' (unknown field 'widht', did you mean 'width'?", { widht = 1 })
  fails("'render' (field 'width' is 0, expected 1 to", { width = 0 })
  fails("'render' (field 'quality' is 101, expected 1 to 100)", { quality = 101 })
  fails("#2 to 'render[2]' (field 'fit' is 'crop', expected one of inside, cover, contain, fill,",
    { { width = 1 }, { fit = "crop" } })
  fails("field 'format' is 'svg', expected one of jpeg, jpg, png, webp, gif", { format = "svg" })
  fails("field 'background' is 'white', expected a colour like \"#ffffff\"",
    { background = "white" })
  fails("not fields of both", { { width = 1 }, width = 2 })
  fails("without holes", { { width = 1 }, [3] = { width = 1 } })
  local many = {}
  for i = 1, 65 do many[i] = { width = i } end
  fails("65 targets, expected at most 64", many)
  t.equal(fails("image limit 'side': 20000 asked", { width = 20000 }).code, "limit")
  t.equal(fails("image limit 'side'", { width = 20000 }).operation, "image.render")
end)

t.test("check says of targets what render says, without a photo", function()
  local photo <close> = image.open(sample(40, 30, "png"))
  local slips = { 5, { widht = 1 }, { width = 0 }, { { width = 1 }, { fit = "crop" } },
    { background = "white" }, { { width = 1 }, width = 2 }, { after = {} } }
  for _, slip in ipairs(slips) do
    local said = select(2, pcall(photo.render, photo, slip)).message
    t.equal(t.raises("bad argument #1 to 'check", image.check, slip).message:match "%(.*", said:match "%(.*")
  end
  for _, target in ipairs { {}, { width = 1 }, { { width = 1, name = "x" }, { fit = "cover" } } } do
    t.equal(select("#", image.check(target)), 0)
  end
end)

t.test("contain pads with the background, encode keeps the size", function()
  local photo <close> = image.open(sample(40, 30, "png"))
  local out = photo:render { width = 50, height = 50, fit = "contain", background = "transparent" }
  t.equal({ out.width, out.height, image.probe(out.bytes).alpha }, { 50, 50, true })
  out = photo:render { width = 50, height = 50, fit = "contain", background = "#102030" }
  t.equal(image.probe(out.bytes).alpha, false)
  t.raises("transparent background is not possible in jpeg", photo.render, photo,
    { width = 50, height = 50, fit = "contain", background = "transparent", format = "jpeg" })
  out = photo:encode()
  t.equal({ out.width, out.height, out.format }, { 40, 30, "png" })
  t.equal(photo:encode({ format = "jpg" }).extension, "jpg")
  t.raises("#2 to 'encode' (unknown field 'width'", photo.encode, photo, { width = 10 })
end)

t.test("quality, progressive and lossless do what they say", function()
  local photo <close> = image.open(sample(200, 150, "png"))
  photo:blur(3)
  local high, low = photo:encode { format = "jpeg", quality = 95 },
    photo:encode { format = "jpeg", quality = 20 }
  t.ok(low.size < high.size, "low quality is smaller")
  for _, format in ipairs { "jpeg", "png", "gif" } do
    for _, progressive in ipairs { true, false } do
      local out = photo:encode { format = format, progressive = progressive }
      t.equal(image.probe(out.bytes).progressive, progressive, format)
    end
  end
  local lossy, lossless = photo:encode { format = "webp" },
    photo:encode { format = "webp", lossless = true }
  t.equal({ lossy.bytes:sub(13, 16), lossless.bytes:sub(13, 16) }, { "VP8 ", "VP8L" })
  t.raises("lossless is for webp and png, not jpeg", photo.encode, photo,
    { format = "jpeg", lossless = true })
end)

-- One of the photos that `make samples` makes: knobs show on nothing plain.
local function photograph()
  local file <close> = assert(io.open(os.getenv "SAMPLES" .. "/harbour.jpg", "rb"))
  return image.open(file:read "a"):crop { x = 100, y = 100, width = 400, height = 300 }
end

t.test("max_bytes gives the best quality that keeps to it, and says which", function()
  local photo <close> = photograph()
  t.equal(photo:encode({ format = "jpeg" }).quality, 80)
  t.equal(photo:encode({ format = "png" }).quality, nil)
  for _, format in ipairs { "jpeg", "webp" } do
    local wanted = photo:encode { format = format, quality = 57 }
    local out = photo:encode { format = format, max_bytes = wanted.size }
    -- A WebP of a little more quality may be a little smaller, and then is not found.
    local least = format == "webp" and 50 or 57
    t.ok(out.quality >= least and out.size <= wanted.size, format .. " " .. out.quality)
    local better = photo:encode { format = format, quality = out.quality + 1 }
    t.ok(better.size > wanted.size, format .. " of higher quality")
    t.equal(out.bytes, photo:encode({ format = format, quality = out.quality }).bytes)
    local failed = t.raises("10 allowed; make it smaller, or lower min_quality",
      photo.encode, photo, { format = format, max_bytes = 10, min_quality = 40 })
    t.equal(failed.code, "limit")
    -- What is told is the smallest; a WebP of a little more quality may be that.
    local told = math.tointeger(failed.message:match "bytes at quality (%d+),")
    t.ok(told == 40 or format == "webp" and told > 40 and told < 45, failed.message)
  end
  t.raises("max_bytes: the png of 400 x 300 has", photo.encode, photo,
    { format = "png", max_bytes = 10 })
end)

-- The sampling factors of a baseline JPEG's first colour.
local function sampling(bytes)
  local frame = assert(bytes:find("\xff[\xc0\xc2]\0\17\8"))
  return bytes:byte(frame + 11)
end

t.test("a JPEG's chroma is halved below quality 90, or as asked", function()
  local photo <close> = image.open(sample(40, 30, "png"))
  for _, case in ipairs {
    { 0x22, quality = 89 }, { 0x11, quality = 90 }, { 0x22, quality = 95, chroma = "4:2:0" },
    { 0x11, quality = 50, chroma = "4:4:4" }, { 0x22, quality = 50, chroma = "auto" },
  } do
    local out = photo:encode { format = "jpeg", quality = case.quality, chroma = case.chroma }
    t.equal(sampling(out.bytes), case[1], ("%d %s"):format(case.quality, case.chroma))
  end
end)

t.test("WebP's knobs turn something", function()
  local photo <close> = photograph()
  local function size(options)
    options.format = "webp"
    return photo:encode(options).size
  end
  t.ok(size { effort = 6 } < size { effort = 0 }, "effort")
  t.ok(size { near_lossless = true, quality = 20 } < size { lossless = true }, "near_lossless")
  t.ok(size { smart_subsample = true } ~= size {}, "smart_subsample")
  t.raises("near_lossless is for webp, not jpeg", photo.encode, photo,
    { format = "jpeg", near_lossless = true })
end)

t.test("steps chain, change the size and are checked at once", function()
  local photo <close> = image.open(bmp(80, 60))
  t.equal(tostring(photo), "photo (bmp 80 x 60)")
  local same = photo:crop { x = 0, y = 0, width = 40, height = 30 }:rotate(90):flip():flop()
    :grayscale():blur(1.5):sharpen(1):pixelate(4)
  t.ok(same == photo)
  t.equal({ photo.width, photo.height, photo.format }, { 30, 40, "bmp" })
  t.equal(photo:info().width, 80)
  local out = photo:render { width = 15 }
  t.equal({ out.width, out.height, out.format }, { 15, 20, "jpeg" })

  t.raises("crop: 31 x 1 at 0, 0 does not lie within the picture's 30 x 40", photo.crop, photo,
    { x = 0, y = 0, width = 31, height = 1 })
  t.raises("field 'height' is missing", photo.crop, photo, { x = 0, y = 0, width = 31 })
  t.raises("the angle must be 90, 180 or 270, not 45", photo.rotate, photo, 45)
  t.raises("sigma must be above 0 and at most 100", photo.blur, photo, 0)
  t.raises("sigma must be above 0 and at most 100", photo.sharpen, photo, 0 / 0)
  t.raises("the block must be 1 to 1024 pixels", photo.pixelate, photo, 0)
  t.equal({ photo.width, photo.height }, { 30, 40 })
  for _ = 9, 32 do photo:flip() end
  t.equal(t.raises("a photo takes 32 steps", photo.flip, photo).code, "limit")
end)

t.test("a misspelt field of a photo is an error", function()
  local photo <close> = image.open(bmp(8, 8))
  t.raises("a photo has no field 'widht'; fields: width, height", function() return photo.widht end)
  t.raises("field", function() return photo[1] end)
  t.equal({ photo.alpha, photo.animated, photo.frames, photo.content_type },
    { false, false, 1, "image/bmp" })
end)

t.test("a closed photo says so, and closing twice is allowed", function()
  local photo = image.open(bmp(8, 8))
  photo:close()
  photo:close()
  t.equal(tostring(photo), "photo (closed)")
  t.raises("the photo is closed", photo.render, photo, {})
  t.raises("the photo is closed", photo.flip, photo)
  t.equal(photo.width, 8)
end)

t.test("renders run side by side, and closing does not disturb one that runs", function()
  local bytes = sample(400, 300, "jpeg")
  local photo = image.open(bytes)
  local widths = {}
  for i = 1, 24 do widths[i] = i * 4 end
  local out = task.map(widths, function(width)
    local picture = photo:render { width = width }
    photo:close() -- the first to end closes it for all that are yet to begin
    return picture
  end, { concurrency = 24 })
  for i, picture in ipairs(out) do t.equal(picture.width, i * 4) end
end)

t.test("a damaged photo is opened by its header and refused by its pixels", function()
  local bytes = sample(400, 300, "jpeg")
  local photo <close> = image.open(bytes:sub(1, #bytes // 2))
  t.equal(photo.width, 400)
  local err = t.raises("truncated or damaged jpeg", photo.render, photo, { width = 100 })
  t.equal({ err.code, err.operation, err.retryable }, { "bad_image", "image.render", false })
end)

t.test("the first failure cancels renders that run beside it", function()
  local photo <close> = image.open(bmp(2000, 2000))
  local err = t.raises("stop here", task.all, {
    function() return photo:blur(60):render { width = 1000 } end,
    function() task.sleep(30) error "stop here" end,
  })
  t.ok(err)
end)

t.test("the same work gives the same bytes", function()
  local bytes = sample(123, 77, "jpeg")
  for _, format in ipairs { "jpeg", "png", "webp", "gif" } do
    local first <close> = image.open(bytes)
    local second <close> = image.open(bytes)
    local target = { width = 50, format = format }
    t.ok(first:render(target).bytes == second:render(target).bytes, format)
  end
end)

t.test("HEIC and AVIF are read where the library can", function()
  if not os.execute("command -v heif-enc >/dev/null") then t.skip("no heif-enc") end
  local folder = t.folder()
  -- No PNG: of one with a palette it makes no AVIF.
  local file = assert(io.open(folder .. "/in.jpg", "wb"))
  file:write(sample(64, 48, "jpeg"))
  file:close()
  for _, format in ipairs { "heic", "avif" } do
    if not image.formats()[format].read then t.skip("no " .. format) end
    t.ok(os.execute(("heif-enc %s -o '%s/out' '%s/in.jpg' >/dev/null 2>&1"):format(
      format == "avif" and "-A" or "", folder, folder)), "heif-enc")
    local bytes = t.read(folder .. "/out")
    local photo <close> = image.open(bytes)
    t.equal({ photo.format, photo.width, photo.height }, { format, 64, 48 })
    local out = photo:render { width = 32 }
    t.equal({ out.format, out.width, out.height }, { photo.alpha and "png" or "jpeg", 32, 24 })
    local cut <close> = image.open(bytes:sub(1, -20))
    t.equal(t.raises(format, cut.render, cut, {{}}).code, "bad_image")
    t.equal(t.raises(format, image.open, bytes:sub(1, 100)).code, "bad_image")
  end
end)

t.test("dropped pictures do not pile up beside a photo", function()
  local noise, state = {}, 1
  for i = 1, 256 * 256 do
    state = (state * 1664525 + 1013904223) & 0xffffffff
    noise[i] = string.pack("<I3", state >> 8)
  end
  local picture = bmp(256, 256):sub(1, 54) .. table.concat(noise)
  local held = ("x"):rep(16 << 20)
  local photo <close> = image.open(picture)
  collectgarbage()
  local before, most = collectgarbage "count", 0
  for _ = 1, 60 do
    t.ok(#photo:render({ format = "png" }).bytes > 150000)
    most = math.max(most, collectgarbage "count")
  end
  t.ok(most - before < 8 << 10, most - before .. " KiB")
  t.equal(#held, 16 << 20)
end)
