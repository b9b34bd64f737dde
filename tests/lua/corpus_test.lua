-- Real files that nobody here made (../shared/corpus), each with what must become of it.

local t = ...
local image = require "image"

-- What a file's header must say: format, displayed width and height; or the error's code.
local expected = {
  ["photos/photo_6mp.jpg"] = { "jpeg", 2725, 2225 },
  ["photos/iphone_8mp.jpg"] = { "jpeg", 3264, 2448 },
  ["photos/cmyk_no_profile.jpg"] = { "jpeg", 500, 333, channels = 4 },
  ["photos/cmyk_with_profile.jpg"] = { "jpeg", 500, 333, channels = 4 },
  ["photos/icc_profile_big.jpg"] = { "jpeg", 425, 250, progressive = true },
  ["photos/multiple_exif.jpg"] = { "jpeg", 1, 1, channels = 1 },
  ["photos/16bit_grey_alpha.png"] = { "png", 109, 96, depth = 16, channels = 1, alpha = true },
  ["photos/display_p3.png"] = { "png", 8, 8, alpha = true },
  ["photos/rgba_paper.png"] = { "png", 1024, 768, alpha = true },
  ["photos/photo.webp"] = { "webp", 1024, 772, alpha = false },
  ["photos/alpha.webp"] = { "webp", 300, 300, alpha = true },
  ["animated/dispose_background.gif"] = { "gif", 192, 168, frames = 3, animated = true },
  ["animated/dispose_previous.gif"] = { "gif", 100, 100, frames = 3, animated = true },
  ["animated/rotating_squares.gif"] = { "gif", 80, 80, frames = 30, animated = true },
  ["animated/loop3.webp"] = { "webp", 370, 285, frames = 10, animated = true },
  ["broken/truncated.jpg"] = { "jpeg", 2725, 2225, render = "bad_image" },
  ["broken/truncated.png"] = { "png", 294, 240, render = "bad_image" },
  ["broken/truncated.gif"] = "bad_image",
  ["broken/corrupt_header.jpg"] = "bad_image",
  ["broken/gif_uninitialised_palette.gif"] = "bad_image",
  ["bombs/65536x65536.png"] = "limit",
  ["bombs/lottapixel.jpg"] = "limit",
  ["bombs/decompression_bomb.gif"] = "bad_image",
  ["disguised/mvg_runs_command.jpg"] = "bad_image",
  ["disguised/postscript_sleeps.jpg"] = "bad_image",
  ["disguised/svg_reads_local_file.jpg"] = "bad_image",
  ["disguised/xbm_leak.jpg"] = "bad_image",
}
for i = 1, 8 do
  expected["photos/orientation/landscape_" .. i .. ".jpg"] = { "jpeg", 1800, 1200, orientation = i }
end

local function each(visit)
  local names = {}
  for name in pairs(expected) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do visit(name, expected[name], t.read(t.corpus(name))) end
end

t.test("every file of the corpus is what the table says, or is refused as it says", function()
  each(function(name, want, bytes)
    local ok, info = pcall(image.probe, bytes)
    if type(want) == "string" then
      t.equal({ ok, not ok and info.code }, { false, want }, name)
      return
    end
    if not ok then error(name .. ": " .. tostring(info)) end
    t.equal({ info.format, info.width, info.height }, { want[1], want[2], want[3] }, name)
    for _, field in ipairs { "channels", "depth", "alpha", "frames", "animated", "orientation",
      "progressive" } do
      if want[field] ~= nil then t.equal(info[field], want[field], name .. ", " .. field) end
    end
  end)
end)

t.test("every photo of the corpus is made into every format, the broken ones are refused", function()
  each(function(name, want, bytes)
    if type(want) == "string" then return end
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
    if type(want) == "string" or want[1] ~= "gif" then return end
    local photo <close> = image.open(bytes)
    local out = photo:render { width = want[2] // 2, animated = true }
    t.equal({ out.frames, out.width }, { want.frames, want[2] // 2 }, name)
    t.equal(image.probe(out.bytes).frames, want.frames, name)
  end)
  local photo <close> = image.open(t.read(t.corpus("animated/loop3.webp")))
  t.equal(t.raises("only GIF is read frame by frame, not webp", photo.render, photo,
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
