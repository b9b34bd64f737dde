-- What a photo tells of itself: EXIF, the name of its profile, its colours and hashes.

local t = ...
local image = require "image"
local task = require "task"

-- An EXIF block with the camera's model, which way up, and a place on the equator.
local function exif_block(orientation)
  local gps = string.pack(">I2 I2I2I4c4 I2I2I4I4 I2I2I4c4 I2I2I4I4 I4", 4,
    1, 2, 2, "N\0\0\0", 2, 5, 3, 104, 3, 2, 2, "W\0\0\0", 4, 5, 3, 104, 0)
  local first = string.pack(">c2I2I4 I2 I2I2I4c4 I2I2I4I2I2 I2I2I4I4 I4", "MM", 42, 8, 3,
    0x0110, 2, 4, "Box\0", 0x0112, 3, 1, orientation, 0, 0x8825, 4, 1, 50, 0)
  return first .. gps .. string.pack(">I4I4I4I4I4I4", 1, 2, 30, 1, 0, 1)
end

local said = { model = "Box", orientation = 6 }
local said_all = { model = "Box", orientation = 6, gps = { latitude = 1.0, longitude = -1.0 } }

local plain = "BM" .. string.pack("<I4I4I4I4i4i4I2I2I4I4I4I4I4I4", 58, 0, 54, 40, 1, 1, 1, 24, 0, 0,
  0, 0, 0, 0) .. "\0\0\0\0"

local function encoded(format)
  local photo <close> = image.open(plain)
  return photo:encode({ format = format, lossless = format == "webp" or nil }).bytes
end

-- Files that carry the block, each as its format wants it.
local carriers = {
  jpeg = function(block)
    local bytes = encoded "jpeg"
    return bytes:sub(1, 2) .. string.pack(">I2I2", 0xffe1, #block + 8) .. "Exif\0\0" .. block
      .. bytes:sub(3)
  end,
  png = function(block)
    local bytes = encoded "png"
    return bytes:sub(1, 33) .. string.pack(">I4", #block) .. "eXIf" .. block
      .. require("hash").crc32("eXIf" .. block, { encoding = "raw" }) .. bytes:sub(34)
  end,
  webp = function(block)
    local chunks = "VP8X" .. string.pack("<I4I4I3I3", 10, 8, 0, 0) .. encoded("webp"):sub(13)
      .. "EXIF" .. string.pack("<I4", #block) .. block
    return "RIFF" .. string.pack("<I4", #chunks + 4) .. "WEBP" .. chunks
  end,
}

t.test("exif is read wherever a format keeps it, the place only when asked", function()
  for format, carry in pairs(carriers) do
    local photo <close> = image.open(carry(exif_block(6)))
    t.equal(photo:exif(), said, format)
    t.equal(photo:exif { gps = false }, said, format)
    t.equal(photo:exif { gps = true }, said_all, format)
    t.equal(photo:info().orientation, 6, format)
  end
end)

t.test("a photo that says nothing has an empty table", function()
  for _, format in ipairs { "jpeg", "png", "webp", "gif" } do
    local photo <close> = image.open(encoded(format))
    t.equal(photo:exif { gps = true }, {}, format)
    t.equal(photo:info().profile, nil, format)
  end
  local photo <close> = image.open(carriers.png("MM\0\42\0\0\1\0"))
  t.equal(photo:exif(), {})
end)

t.test("exif complains of what it does not know", function()
  local photo <close> = image.open(plain)
  t.raises("'exif' (unknown field 'place', fields: gps)", photo.exif, photo, { place = true })
  t.raises("field 'gps' is a string, expected a boolean", photo.exif, photo, { gps = "yes" })
  photo:close()
  t.raises("the photo is closed", photo.exif, photo)
end)

t.test("HEIC and AVIF keep it among their items", function()
  if not os.execute("command -v heif-enc >/dev/null") then t.skip("no heif-enc") end
  local folder = t.folder()
  local file = assert(io.open(folder .. "/in.jpg", "wb"))
  file:write(carriers.jpeg(exif_block(6)))
  file:close()
  for _, format in ipairs { "heic", "avif" } do
    if not image.formats()[format].read then t.skip("no " .. format) end
    t.ok(os.execute(("heif-enc %s -o '%s/out' '%s/in.jpg' >/dev/null 2>&1"):format(
      format == "avif" and "-A" or "", folder, folder)), "heif-enc")
    local photo <close> = image.open(t.read(folder .. "/out"))
    t.equal(photo:exif().model, "Box", format)
    t.equal(photo:exif({ gps = true }).gps, said_all.gps, format)
    t.equal(photo:info().orientation, 1, format)
  end
end)

t.test("cameras and profiles of the corpus", function()
  local phone <close> = image.open(t.read(t.corpus "photos/iphone_8mp.jpg"))
  local exif = phone:exif { gps = true }
  t.equal({ exif.make, exif.model, exif.iso, exif.exposure_seconds, exif.taken },
    { "Apple", "iPhone 6", 32, 0.025, "2015-04-10T20:12:23.016" })
  t.equal(("%.4f %.4f %.0f"):format(exif.gps.latitude, exif.gps.longitude, exif.gps.altitude_m),
    "40.4470 -3.7248 640")
  local profiles = {
    ["16bit_grey_alpha.png"] = "Greyscale D50",
    ["cmyk_with_profile.jpg"] = "U.S. Web Coated (SWOP) v2",
    ["display_p3.png"] = "Display P3",
    ["icc_profile_big.jpg"] = "TIFF RGB",
  }
  for name, profile in pairs(profiles) do
    t.equal(image.probe(t.read(t.corpus("photos/" .. name))).profile, profile, name)
  end
end)

-- A BMP of these rows of pixels, 12 wide.
local function striped(rows)
  local pixels = {}
  for i = #rows, 1, -1 do pixels[#pixels + 1] = rows[i]:rep(12) end
  local body = table.concat(pixels)
  return "BM" .. string.pack("<I4I4I4I4i4i4I2I2I4I4I4I4I4I4", 54 + #body, 0, 54, 40, 12, #rows, 1, 24,
    0, 0, 0, 0, 0, 0) .. body
end

local red, blue = "\20\10\200", "\200\10\20"

t.test("colours come by their share, and steps don't change them", function()
  local photo <close> = image.open(striped { red, red, red, blue })
  local colours = { { colour = "#c80a14", share = 0.75 }, { colour = "#140ac8", share = 0.25 } }
  t.equal(photo:colours(), colours)
  t.equal(photo:grayscale():colours(), colours)
  t.equal(#photo:colours { count = 1 }, 1)
  t.raises("field 'count' is 17, expected 1 to 16", photo.colours, photo, { count = 17 })
  t.raises("unknown field 'cont', did you mean 'count'?", photo.colours, photo, { cont = 1 })
end)

t.test("hashes are of the picture, the digest of the file", function()
  local hash = require "hash"
  local bytes = striped { red, blue, red, red, blue, blue, blue, red }
  local photo <close> = image.open(bytes)
  local text, raw = photo:thumbhash()
  t.ok(#raw >= 5 and #raw <= 25 and #text % 4 == 0)
  t.equal(photo:sha256(), hash.sha256(bytes))
  local again <close> = image.open(photo:encode({ format = "png" }).bytes)
  t.equal(again:thumbhash(), text)
  t.equal(again:phash(), photo:phash())
  t.ok(again:sha256() ~= photo:sha256())
  t.equal(image.distance(photo:phash(), again:phash()), 0)
end)

t.test("distance counts bits, of hashes only", function()
  t.equal(image.distance("00000000000000ff", "0000000000000000"), 8)
  t.equal(image.distance("ffffffffffffffff", "0000000000000000"), 64)
  for _, wrong in ipairs { "", "ff", "00000000000000FF", "00000000000000fg", 1, {} } do
    t.raises("16 hex digits expected, as photo:phash() gives", image.distance, wrong,
      "0000000000000000")
    t.raises("#2 to 'distance'", image.distance, "0000000000000000", wrong)
  end
end)

t.test("looks run side by side, closed or not, and fail as renders do", function()
  local bytes = striped { red, blue, red }
  local photo = image.open(bytes)
  local made = task.map({ "colours", "thumbhash", "phash", "sha256", "phash" }, function(name)
    local first = photo[name](photo)
    photo:close()
    return first
  end, { concurrency = 5 })
  t.equal(made[3], made[5])
  t.raises("the photo is closed", photo.phash, photo)

  local cut <close> = image.open(bytes:sub(1, -20))
  for _, name in ipairs { "colours", "thumbhash", "phash" } do
    local err = t.raises("truncated or damaged bmp", cut[name], cut)
    t.equal({ err.code, err.operation }, { "bad_image", "image." .. name })
  end
  t.equal(#cut:sha256(), 64)
end)

t.test("the corpus: the same scene in eight orientations, and other scenes", function()
  local scene
  for i = 1, 8 do
    local photo <close> = image.open(t.read(t.corpus("photos/orientation/landscape_" .. i .. ".jpg")))
    scene = scene or photo:phash()
    t.ok(image.distance(scene, photo:phash()) <= 4, i)
    local small <close> = image.open(photo:render({ width = 200, quality = 40 }).bytes)
    t.ok(image.distance(scene, small:phash()) <= 4, i)
  end
  for _, name in ipairs { "photo_6mp.jpg", "iphone_8mp.jpg", "cmyk_no_profile.jpg", "photo.webp" } do
    local photo <close> = image.open(t.read(t.corpus("photos/" .. name)))
    t.ok(image.distance(scene, photo:phash()) >= 16, name)
  end
end)

t.test("of a damaged photo there is what its pixels say, where a rule asks for it", function()
  local photo <close> = image.open(striped { red, red, red, red, blue, blue, blue, blue })
  local bytes = photo:render({ width = 12, format = "jpeg", quality = 95 }).bytes
  local cut = bytes:sub(1, #bytes - 12)
  local broken <close> = image.open(cut)
  t.equal(t.raises("damaged jpeg", broken.phash, broken).code, "bad_image")
  local taken <close> = image.open { bytes = cut, allow_damaged = true }
  t.equal(#taken:phash(), 16)
end)
