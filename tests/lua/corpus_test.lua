-- Real files that nobody here made (../shared/corpus), each with what must become of it.

local t = ...
local image = require "image"
local picture = t.helper "picture"

-- What becomes of each file: format, displayed width and height, what else the header says, and what
-- its four quarters show, as red, green, blue and alpha in the mean (of the first frame, in sRGB,
-- upright; by Pillow 13 with littlecms). Or with which code and words it is refused: by its header,
-- or once it is rendered; `damaged` is what comes of it with allow_damaged, where that differs.
local expected = {
  ["photos/photo_6mp.jpg"] = { "jpeg", 2725, 2225,
    shows = "765344ff 473932ff 6c5344ff 6d523cff" },
  ["photos/iphone_8mp.jpg"] = { "jpeg", 3264, 2448,
    shows = "95908bff 6f7a68ff ae9ea4ff 969098ff" },
  ["photos/cmyk_no_profile.jpg"] = { "jpeg", 500, 333, channels = 4, profile_bytes = 0,
    shows = "64756bff 5e6e68ff 679053ff 8b9e90ff" },
  ["photos/cmyk_with_profile.jpg"] = { "jpeg", 500, 333, channels = 4,
    shows = "72736eff 6b6d6aff 758466ff 93968fff" },
  ["photos/icc_profile_big.jpg"] = { "jpeg", 425, 250, progressive = true,
    shows = "004692ff 034d9aff 659fc3ff 87b5d2ff" },
  ["photos/multiple_exif.jpg"] = { "jpeg", 1, 1, channels = 1,
    shows = "000000ff 000000ff 000000ff 000000ff" },
  ["photos/16bit_grey_alpha.png"] = { "png", 109, 96, depth = 16, channels = 1, alpha = true,
    shows = "00000007 00000007 00000007 00000007" },
  ["photos/display_p3.png"] = { "png", 8, 8, alpha = true,
    shows = "ff0000ff ff0000ff ff0000ff ff0000ff" },
  ["photos/rgba_paper.png"] = { "png", 1024, 768, alpha = true,
    shows = "af1b0c1a 2b2b271b bc604f0a a4391a1a" },
  ["photos/photo.webp"] = { "webp", 1024, 772, alpha = false,
    shows = "6194b2ff 568db2ff 7dadc1ff 71969aff" },
  ["photos/alpha.webp"] = { "webp", 300, 300, alpha = true,
    shows = "a74c8e3e aa90503e 546caf3e 56b16f3e" },
  ["animated/dispose_background.gif"] = { "gif", 192, 168, frames = 3, animated = true,
    shows = "b4b4a7de b6b6a9e1 d5d5ac27 e2dead87" },
  ["animated/dispose_previous.gif"] = { "gif", 100, 100, frames = 3, animated = true,
    shows = "ffdfd9ff ffdfd9ff ffdfdaff ffdfdaff" },
  ["animated/rotating_squares.gif"] = { "gif", 80, 80, frames = 30, animated = true,
    differing = 9, shows = "44add159 6687a459 6687a459 6687a459" },
  ["animated/loop3.webp"] = { "webp", 370, 285, frames = 10, animated = true,
    shows = "fffffdff fffffdff fdfdfbff fdfdfbff" },
  ["broken/truncated.jpg"] = { "jpeg", 2725, 2225, render = "bad_image",
    says = "truncated or damaged jpeg: Premature end of JPEG file",
    damaged = "807f7eff 7e7e7eff 808080ff 808080ff" },
  ["broken/truncated.png"] = { "png", 294, 240, render = "bad_image",
    says = "truncated or damaged png: ", damaged = "1b1411ff 0b0908ff 000000ff 000000ff" },
  ["broken/truncated.gif"] = { refused = "bad_image",
    says = "truncated or damaged gif: a block is cut off",
    damaged = "c5c5c5ff d6d6d6ff d5d5d5ff e8e8e8ff" },
  ["broken/corrupt_header.jpg"] = { refused = "bad_image",
    says = "truncated or damaged jpeg: a segment of its header is cut off" },
  ["broken/gif_uninitialised_palette.gif"] = { refused = "bad_image",
    says = "truncated or damaged gif: a frame without a palette" },
  ["bombs/65536x65536.png"] = { refused = "limit", says = "image limit 'side': 65536 asked, 16384 "
    .. "allowed; raise it with the environment variable LUNETTE_MAX_SIDE" },
  ["bombs/lottapixel.jpg"] = { refused = "limit", says = "image limit 'side': 64250 asked, 16384 "
    .. "allowed; raise it with the environment variable LUNETTE_MAX_SIDE" },
  ["bombs/decompression_bomb.gif"] = { refused = "bad_image",
    says = "truncated or damaged gif: a block is cut off" },
  ["disguised/mvg_runs_command.jpg"] = { refused = "bad_image",
    says = "it looks like an MVG drawing" },
  ["disguised/postscript_sleeps.jpg"] = { refused = "bad_image",
    says = "it looks like a PostScript document" },
  ["disguised/svg_reads_local_file.jpg"] = { refused = "bad_image",
    says = "it looks like an XML or SVG document" },
  ["disguised/xbm_leak.jpg"] = { refused = "bad_image",
    says = "it looks like an XBM or C source file" },
}
for i = 1, 8 do
  expected["photos/orientation/landscape_" .. i .. ".jpg"] = { "jpeg", 1800, 1200, orientation = i,
    shows = "8aa8cbff 5d6c7eff 515f67ff 525c68ff" }
end

local function each(visit)
  local names = {}
  for name in pairs(expected) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do visit(name, expected[name], t.read(t.corpus(name))) end
end

t.test("every file of the corpus is in the table", function()
  t.corpus("README.md")
  local list = assert(io.popen("cd ../shared/corpus && "
    .. "find photos animated broken bombs disguised -type f"))
  local count = 0
  for name in list:lines() do
    t.ok(expected[name], name .. " in the table")
    count = count + 1
  end
  list:close()
  for _ in pairs(expected) do count = count - 1 end
  t.equal(count, 0, "files without a row")
end)

t.test("every file of the corpus is what the table says, or is refused as it says", function()
  each(function(name, want, bytes)
    local ok, info = pcall(image.probe, bytes)
    if want.refused then
      t.equal({ ok, not ok and info.code }, { false, want.refused }, name)
      if not info.message:find(want.says, 1, true) then
        t.equal(info.message, want.says, name)
      end
      return
    end
    if not ok then error(name .. ": " .. tostring(info)) end
    t.equal({ info.format, info.width, info.height }, { want[1], want[2], want[3] }, name)
    for _, field in ipairs { "channels", "depth", "alpha", "frames", "animated", "orientation",
      "progressive", "profile_bytes" } do
      if want[field] ~= nil then t.equal(info[field], want[field], name .. ", " .. field) end
    end
  end)
end)

-- Resizing to the four quarters comes after a first resize, since colours are converted after that.
local function quarters(source)
  local photo <close> = image.open(source)
  local small = photo:render { width = 200, height = 200, format = "png" }
  local shown = picture.shown(image, small.bytes,
    { width = 2, height = 2, fit = "fill", filter = "box", enlarge = true })
  local colours = {}
  for i = 0, 3 do
    colours[#colours + 1] = ("%02x%02x%02x%02x"):format(shown.at(i % 2, i // 2))
  end
  return table.concat(colours, " ")
end

-- Colours of what can hardly be seen are coarse: they were divided by a small alpha.
local function check_quarters(name, source, want)
  local got = quarters(source)
  for i = 1, 4 do
    local function numbers(text)
      local at = (i - 1) * 9
      local list = {}
      for k = 1, 4 do list[k] = tonumber(text:sub(at + 2 * k - 1, at + 2 * k), 16) end
      return list
    end
    local a, b = numbers(got), numbers(want)
    for k = 1, 4 do
      if math.abs(a[k] - b[k]) > (b[4] < 64 and 4 or 2) then
        error(("%s shows %s, expected %s"):format(name, got, want), 2)
      end
    end
  end
end

t.test("every photo of the corpus shows what it shows elsewhere", function()
  each(function(name, want, bytes)
    if want.shows then check_quarters(name, bytes, want.shows) end
  end)
end)

t.test("what is broken is refused in these words, or shown as far as it goes when that is allowed",
  function()
    each(function(name, want, bytes)
      if want.render then
        local photo <close> = image.open(bytes)
        local err = t.raises(want.says, photo.render, photo, { width = 20 })
        t.equal(err.code, want.render, name)
      end
      if want.damaged then
        check_quarters(name, { bytes = bytes, allow_damaged = true }, want.damaged)
      elseif want.refused then
        t.equal(pcall(quarters, { bytes = bytes, allow_damaged = true }), false, name)
      end
    end)
  end)

t.test("every photo of the corpus is made into every format, the broken ones are refused", function()
  each(function(name, want, bytes)
    if want.refused then return end
    local photo <close> = image.open(bytes)
    for _, format in ipairs { "jpeg", "png", "webp", "gif" } do
      local what = name .. " to " .. format
      local ok, out = pcall(photo.render, photo, { width = 200, height = 200, format = format })
      if want.render then
        t.equal({ ok, out.code }, { false, want.render }, what)
      else
        if not ok then error(what .. ": " .. tostring(out)) end
        local scale = math.min(1, 200 / want[2], 200 / want[3])
        t.ok(math.abs(out.width - want[2] * scale) <= 0.5, what)
        t.ok(math.abs(out.height - want[3] * scale) <= 0.5, what)
        local info = image.probe(out.bytes)
        t.equal({ info.format, info.width, info.height, info.orientation },
          { format, out.width, out.height, 1 }, what)
        t.ok(info.channels ~= 4 and info.profile_bytes == 0 and info.depth <= 8, what)
      end
    end
  end)
end)

t.test("animated GIFs keep their frames when asked", function()
  each(function(name, want, bytes)
    if want.refused or want[1] ~= "gif" then return end
    local photo <close> = image.open(bytes)
    local out = photo:render { width = want[2] // 2, animated = true }
    -- Those that show what the one before them shows are joined with it.
    local kept = want.differing or want.frames
    t.equal({ out.frames, out.width }, { kept, want[2] // 2 }, name)
    t.equal(image.probe(out.bytes).frames, kept, name)
  end)
  local photo <close> = image.open(t.read(t.corpus("animated/loop3.webp")))
  local out = photo:render { width = 100, animated = true, format = "gif" }
  t.equal({ out.format, out.width, out.frames, image.probe(out.bytes).frames }, { "gif", 100, 10, 10 })
  t.equal(t.raises("only GIF is written with several frames, not webp", photo.render, photo,
    { animated = true }).code, "unsupported")
end)

t.test("hostile files need less than 100 MB", function()
  t.corpus("bombs/lottapixel.jpg")
  local status = t.read("/proc/self/status")
  -- A sanitizer's shadow memory makes its program's numbers meaningless.
  if tonumber(status:match("VmPeak:%s*(%d+) kB")) > 1 << 30 then t.skip("under a sanitizer") end
  each(function(name, _, bytes)
    if not name:find("^b") and not name:find("^d") then return end
    local ok, photo = pcall(image.open, bytes)
    if ok then
      pcall(photo.render, photo, { width = 200, height = 200 })
      photo:close()
    end
  end)
  local peak_kb = tonumber(t.read("/proc/self/status"):match("VmHWM:%s*(%d+) kB"))
  t.ok(peak_kb < 100 * 1024, "a peak of " .. peak_kb .. " kB")
end)
