-- Files that are cut off or damaged: an error by default, and what there is with allow_damaged.

local t = ...
local image = require "image"
local picture = t.helper "picture"

-- Rows that differ, so that it shows where a picture ends.
local made = { width = 64, height = 64, at = function(x, y)
  return 60 + 2 * y, 255 - 3 * y, 3 * x, 255
end }

-- The same with grain, which doesn't compress to next to nothing.
local grain = { width = 64, height = 64, at = function(x, y)
  local r, g, b = made.at(x, y)
  local noise = (x * 7919 + y * 104729 + x * y * 31) % 13
  return r + noise, math.max(0, g - noise), b + noise, 255
end }

local function encoded(options, of)
  local photo <close> = image.open(picture.png(of or made))
  return photo:encode(options).bytes
end

-- Each kind of file, and how far its upper part may be off when its end is missing: 255 where that
-- part need not be there.
local files = {
  { "jpeg", encoded { format = "jpeg", quality = 100 }, 4 },
  { "progressive jpeg", encoded { format = "jpeg", quality = 100, progressive = true }, 255 },
  { "png", picture.png(made), 0 },
  { "png of 16 bits", picture.png(made, { depth = 16 }), 0 },
  { "png with alpha", picture.png(made, { channels = 4 }), 0 },
  { "packed png", encoded({ format = "png" }, grain), 0, grain },
  { "interlaced png", encoded { format = "png", progressive = true }, 255 },
  { "webp", encoded { format = "webp", quality = 100 }, 48 },
  { "lossless webp", encoded({ format = "webp", lossless = true }, grain) }, -- can't be saved
  { "bmp", picture.bmp(made), 255 }, -- from below
}

do -- what its colours become is not of interest here
  local gif = encoded({ format = "gif" }, grain)
  files[#files + 1] = { "gif", gif, 0, picture.shown(image, gif) }
  local interlaced = encoded({ format = "gif", progressive = true }, grain)
  files[#files + 1] = { "interlaced gif", interlaced, 255 }
end

local function cut(bytes, part) return bytes:sub(1, math.floor(#bytes * part)) end

t.test("a file that is cut off is refused by default", function()
  for _, row in ipairs(files) do
    for _, part in ipairs { 0.5, 0.75, 0.9 } do
      local ok, err = pcall(function()
        local photo <close> = image.open(cut(row[2], part))
        photo:render { width = 32 }
      end)
      t.equal({ ok, err and err.code }, { false, "bad_image" }, row[1] .. " cut to " .. part)
    end
  end
end)

t.test("with allow_damaged it shows what there is, in its full size", function()
  for _, row in ipairs(files) do
    local name, bytes, tolerance, of = table.unpack(row)
    for _, part in ipairs(tolerance and { 0.6, 0.75, 0.9 } or {}) do
      local shown = picture.shown(image, { bytes = cut(bytes, part), allow_damaged = true })
      t.equal({ shown.width, shown.height }, { 64, 64 }, name)
      for y = 0, 15 do
        for x = 0, 63 do
          local got, want = { shown.at(x, y) }, { (of or made).at(x, y) }
          for i = 1, 3 do
            if math.abs(got[i] - want[i]) > tolerance then
              error(("%s cut to %g: pixel %d, %d is %s, expected %s"):format(name, part, x, y,
                table.concat(got, " "), table.concat(want, " ")))
            end
          end
        end
      end
    end
  end
end)

t.test("what is missing of a PNG is black, and transparent where it can be", function()
  for channels, want in pairs { [3] = { 0, 0, 0, 255 }, [4] = { 0, 0, 0, 0 } } do
    local bytes = cut(picture.png(made, { channels = channels }), 0.5)
    local shown = picture.shown(image, { bytes = bytes, allow_damaged = true })
    t.equal({ shown.at(40, 60) }, want)
  end
end)

t.test("allow_damaged changes nothing of a sound file", function()
  for _, row in ipairs(files) do
    for _, format in ipairs { "png", "jpeg", "webp" } do
      local plain <close> = image.open(row[2])
      local allowed <close> = image.open { bytes = row[2], allow_damaged = true }
      t.ok(plain:render { width = 40, format = format }.bytes
        == allowed:render { width = 40, format = format }.bytes, row[1])
    end
  end
end)

t.test("a PNG with wrong checksums, or damage in the middle, is shown up to there", function()
  local bytes = picture.png(made)
  local at = bytes:find("IDAT", 1, true)
  local function changed(position)
    return bytes:sub(1, position - 1) .. string.char(bytes:byte(position) ~ 0xff)
      .. bytes:sub(position + 1)
  end
  local damaged = { header = changed(30), pixels = changed(at + 4 + 40 * 193),
    ends = changed(#bytes - 12) }
  for name, file in pairs(damaged) do
    local photo <close> = image.open(file)
    local ok, err = pcall(photo.encode, photo)
    if name == "pixels" then t.equal({ ok, err.code }, { false, "bad_image" }) end
    local shown = picture.shown(image, { bytes = file, allow_damaged = true })
    t.equal({ shown.at(20, 30) }, { made.at(20, 30) }, name)
  end
end)

t.test("a GIF that is damaged within is shown up to there, and transparent from there on", function()
  local photo <close> = image.open(picture.png({ width = 40, height = 40, at = function(x, y)
    return x * 6, y * 6, (x * y) % 256, x < 2 and 0 or 255
  end }, { channels = 4 }))
  local bytes = photo:encode { format = "gif" }.bytes
  local whole = picture.shown(image, bytes)
  local shown = picture.shown(image, { bytes = cut(bytes, 0.8), allow_damaged = true })
  for x = 0, 39 do t.equal({ shown.at(x, 3) }, { whole.at(x, 3) }) end
  t.equal(select(4, shown.at(20, 39)), 0)
end)

t.test("an animation plays up to where it is cut off", function()
  local bytes = t.read(os.getenv "SAMPLES" .. "/phases.gif")
  local frames = image.probe(bytes).frames
  t.ok(frames >= 4)
  t.equal(t.raises("truncated or damaged gif", function()
    local whole <close> = image.open(cut(bytes, 0.6))
    whole:render { animated = true }
  end).code, "bad_image")
  local photo <close> = image.open { bytes = cut(bytes, 0.6), allow_damaged = true }
  local out = photo:render { animated = true, width = 40 }
  t.ok(out.frames >= 2 and out.frames < frames, out.frames .. " of " .. frames .. " frames")
  t.equal(image.probe(out.bytes).frames, out.frames)
end)

t.test("where nothing is left it stays an error, and limits stay limits", function()
  local function fails(code, bytes, limits)
    local ok, err = pcall(function()
      local photo <close> = image.open { bytes = bytes, allow_damaged = true, limits = limits }
      photo:render { width = 10 }
    end)
    t.equal({ ok, err.code }, { false, code })
  end
  fails("bad_image", "")
  fails("bad_image", "not an image")
  for _, row in ipairs(files) do fails("bad_image", row[2]:sub(1, 16)) end
  fails("limit", files[3][2], { pixels = 100 })
  -- A file that promises to be much longer than its picture could need.
  local webp = files[8][2]
  fails("bad_image", webp:sub(1, 4) .. "\xf0\xff\xff\x7f" .. webp:sub(9, 200))
  t.raises("field 'allow_damaged' is a string, expected a boolean", image.open,
    { bytes = "", allow_damaged = "yes" })
end)
