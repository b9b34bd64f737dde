-- What a photo says about its maker and its place: gone, but for the copyright, unless it is asked
-- to be kept. Every way in which a file can say it, to every format that is written.

local t = ...
local image = require "image"
local picture = t.helper "picture"

local made = { width = 32, height = 24, at = function(x, y) return x * 7, y * 9, 90, 255 end }
local owner <const> = "(c) 2026 Ada Example"
local secret <const> = "SECRET"

local function encoded(options)
  local photo <close> = image.open(picture.png(made))
  return photo:encode(options).bytes
end

local jpeg = encoded { format = "jpeg" }
local thumbnail = picture.jpeg_with(jpeg, { { 0xfe, secret .. " thumbnail" } })

local function exif(copyright)
  return picture.exif { orientation = 1, copyright = copyright, place = secret .. " place",
    thumbnail = thumbnail }
end

local xmp = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF "
  .. "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description "
  .. "xmlns:exif='http://ns.adobe.com/exif/1.0/' exif:GPSLatitude='SECRET 52,31N'/></rdf:RDF>"
  .. "</x:xmpmeta>"

local rights = "<dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>" .. owner
  .. "</rdf:li></rdf:Alt></dc:rights>"

-- Of one frame, and these chunks behind it.
local function animated_webp(chunks)
  local function chunk(name, content)
    return name .. string.pack("<s4", content) .. ("\0"):rep(#content % 2)
  end
  local size = string.pack("<I3I3", made.width - 1, made.height - 1)
  local frame = encoded { format = "webp", lossless = true }
  local body = chunk("VP8X", string.pack("<I4", 0x02 | 0x04 | 0x08) .. size)
    .. chunk("ANIM", string.pack("<I4I2", 0, 0))
    .. chunk("ANMF", string.pack("<I3I3", 0, 0) .. size .. string.pack("<I3B", 100, 2)
      .. frame:sub(13))
  for _, extra in ipairs(chunks) do body = body .. chunk(extra[1], extra[2]) end
  return "RIFF" .. string.pack("<s4", "WEBP" .. body)
end

-- IPTC's city (2:90) within Photoshop's resources, and a thumbnail there (0x040c).
local iptc = string.pack(">BBBI2", 0x1c, 2, 90, 11) .. "SECRET city"
local function resource(id, content)
  return "8BIM" .. string.pack(">I2I2I4", id, 0, #content) .. content .. ("\0"):rep(#content % 2)
end
local resources = "Photoshop 3.0\0" .. resource(0x0404, iptc)
  .. resource(0x040c, ("\0"):rep(28) .. thumbnail)

local function gif_with(bytes)
  local at = bytes:find("\x2c", 13 + 3 * (2 << (bytes:byte(11) & 7)), true)
  local function blocks(text)
    return string.pack("s1", text) .. "\0"
  end
  return bytes:sub(1, at - 1) .. "\x21\xfe" .. blocks(secret .. " comment") .. "\x21\xff"
    .. string.pack("s1", "XMP DataXMP") .. blocks(secret .. " xmp") .. bytes:sub(at)
end

-- What says it, the file, and whether it also says whose it is.
local sources = {
  { "EXIF of a JPEG", picture.jpeg_with(jpeg, { { 0xe1, "Exif\0\0" .. exif(owner) } }), true },
  { "XMP of a JPEG",
    picture.jpeg_with(jpeg, { { 0xe1, "http://ns.adobe.com/xap/1.0/\0" .. xmp } }) },
  { "Photoshop's resources of a JPEG", picture.jpeg_with(jpeg, { { 0xed, resources } }) },
  { "a JPEG's comment", picture.jpeg_with(jpeg, { { 0xfe, secret .. " comment" } }) },
  { "an unknown segment of a JPEG", picture.jpeg_with(jpeg, { { 0xe9, secret .. " maker" } }) },
  { "EXIF of a PNG", picture.png(made, { before = { { "eXIf", exif(owner) } } }), true },
  { "texts of a PNG", picture.png(made, { before = {
    { "tEXt", "Comment\0" .. secret }, { "tEXt", "Copyright\0" .. owner },
    { "iTXt", "XML:com.adobe.xmp\0\0\0\0\0" .. xmp }, { "tEXt", "Software\0" .. secret },
    { "tIME", "\x07\xea\1\1\1\1\1" } } }), true },
  { "a private chunk of a PNG", picture.png(made, { before = { { "prVt", secret } } }) },
  { "EXIF of a WebP", picture.webp_with(encoded { format = "webp" },
    { { "EXIF", exif(owner) } }), true },
  { "XMP of a WebP", picture.webp_with(encoded { format = "webp" },
    { { "XMP ", xmp .. rights } }), true },
  { "texts of a TIFF", picture.tiff(made, { entries = {
    { 270, 2, 19, secret .. " description\0" }, { 271, 2, 13, secret .. " maker\0" },
    { 700, 1, #xmp, xmp }, { 33723, 7, #iptc, iptc },
    { 0x8298, 2, #owner + 1, owner .. "\0" } } }) },
  { "a GIF's comment", gif_with(encoded { format = "gif" }) },
  { "EXIF and XMP of an animated WebP", animated_webp { { "EXIF", exif(owner) }, { "XMP ", xmp } },
    true },
}

local function has(bytes, text) return bytes:find(text, 1, true) ~= nil end

-- The names of a file's parts.
local parts = {
  jpeg = function(bytes)
    local names, at = {}, 3
    while true do
      local marker, length = string.unpack(">I2I2", bytes, at)
      if marker == 0xffda then return names end
      names[#names + 1] = ("%04x"):format(marker)
      at = at + 2 + length
    end
  end,
  png = function(bytes)
    local names = {}
    for i, chunk in ipairs(picture.chunks(bytes)) do names[i] = chunk[1] end
    return names
  end,
  webp = function(bytes)
    local names, at = {}, 13
    while at < #bytes do
      local name, length = string.unpack("<c4I4", bytes, at)
      names[#names + 1] = name
      at = at + 8 + length + length % 2
    end
    return names
  end,
}

local pixels_only = {
  jpeg = { "ffe0", "ffdb", "ffc0", "ffc2", "ffc4", "ffdd" },
  png = { "IHDR", "PLTE", "tRNS", "IDAT", "IEND", "gAMA", "cHRM", "sRGB", "bKGD", "pHYs", "sBIT" },
  webp = { "VP8 ", "VP8L", "VP8X", "ALPH" },
}
local with_copyright = { jpeg = "ffe1", png = "eXIf", webp = "EXIF" }

for _, names in pairs(pixels_only) do
  for _, name in ipairs(names) do names[name] = true end
end

t.test("the sources say what they are meant to say", function()
  for _, row in ipairs(sources) do
    t.ok(has(row[2], secret), row[1])
    t.ok(image.probe(row[2]).metadata_bytes >= 0, row[1])
  end
end)

t.test("nothing of it survives, in any format, and the copyright does", function()
  for _, row in ipairs(sources) do
    local photo <close> = image.open(row[2])
    for _, format in ipairs { "jpeg", "png", "webp", "gif" } do
      for _, width in ipairs { 32, 16 } do
        local what = ("%s, to %s"):format(row[1], format)
        local bytes = photo:render { width = width, format = format }.bytes
        t.ok(not has(bytes, secret), what .. " without it")
        if format ~= "gif" then
          t.equal(has(bytes, owner), row[3] or has(row[2], owner), what .. ", its copyright")
          for _, name in ipairs(parts[format](bytes)) do
            t.ok(pixels_only[format][name] or name == with_copyright[format]
              and has(bytes, owner), what .. ", part " .. name)
          end
        end
      end
    end
  end
end)

t.test("a PNG's chunk that is larger than it can be is left out, or refused", function()
  local function width_with(name)
    local bytes = picture.png(made, { before = { { name, ("\0"):rep(5000000) } } })
    local photo <close> = image.open(bytes)
    return photo:render({ width = 16 }).width
  end
  for _, name in ipairs { "gAMA", "pHYs", "tRNS" } do t.equal(width_with(name), 16, name) end
  for _, name in ipairs { "PLTE", "AbCd" } do t.raises("bad_image", width_with, name) end
end)

t.test("keep_metadata keeps EXIF and XMP, and what the file looks like stays upright", function()
  local said_in_xmp = { [2] = true, [10] = true, [13] = true }
  for i, formats in pairs { [1] = { "jpeg", "png", "webp" }, [2] = { "jpeg", "webp" },
    [6] = { "jpeg", "png", "webp" }, [9] = { "jpeg", "png", "webp" }, [10] = { "jpeg", "webp" },
    [13] = { "jpeg", "webp" } } do
    local row = sources[i]
    local photo <close> = image.open(row[2])
    for _, format in ipairs(formats) do
      local bytes = photo:render { width = 16, format = format, keep_metadata = true }.bytes
      t.ok(has(bytes, secret), ("%s, kept in %s"):format(row[1], format))
      t.ok(not said_in_xmp[i] or has(bytes, "GPSLatitude"), row[1] .. ", its XMP")
      t.equal(image.probe(bytes).orientation, 1)
    end
  end
  local turned = picture.jpeg_with(jpeg,
    { { 0xe1, "Exif\0\0" .. picture.exif { orientation = 6, place = secret } } })
  local photo <close> = image.open(turned)
  local kept = photo:encode { keep_metadata = true }
  t.equal({ kept.width, kept.height }, { 24, 32 })
  t.equal({ image.probe(kept.bytes).orientation, has(kept.bytes, secret) }, { 1, true })
end)
