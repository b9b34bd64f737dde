-- photo:render(targets, receive): pictures are handed out one by one, as soon as they are ready.
local t = ...
local host = require "host"
local image = require "image"
local json = require "json"
local task = require "task"

-- Noise, so that nothing about it is quick to encode.
local function noise(width, height)
  local state, rows = 1, {}
  for y = 1, height do
    local row = {}
    for x = 1, width * 3 // 4 do
      state = (state * 1664525 + 1013904223) & 0xffffffff
      row[x] = string.pack("<I4", state)
    end
    rows[y] = table.concat(row)
  end
  local pixels = table.concat(rows)
  return string.pack("<c2I4I4I4I4i4i4I2I2I4I4I4I4I4I4", "BM", 54 + #pixels, 0, 54, 40, width, height,
    1, 24, 0, 0, 0, 0, 0, 0) .. pixels
end

local bytes = noise(640, 480)
local targets = {
  { width = 100, height = 100, fit = "cover", format = "webp", name = "thumb" },
  { width = 600, format = "jpeg", progressive = true, name = "large" },
  { width = 300, format = "png", name = "medium" },
  { width = 50, format = "gif", name = "small" },
}
-- No WebP is wider than 16,383 pixels: it fails when it is encoded.
local too_wide = { width = 16384, height = 2, fit = "fill", enlarge = true, format = "webp" }

-- Counts its closings.
local function closing(counter)
  return setmetatable({}, { __close = function() counter.n = counter.n + 1 end })
end

t.test("each picture is given to the function, whose results come back in the targets' order",
  function()
    local photo <close> = image.open(bytes)
    local alone, seen = photo:render(targets), {}
    local results = photo:render(targets, function(picture, index)
      t.equal(picture, alone[index])
      t.equal(picture.name, targets[index].name)
      seen[#seen + 1] = index
      task.sleep(10 - 2 * index)
      return index .. picture.format, "only the first result counts"
    end)
    t.equal(results, { "1webp", "2jpeg", "3png", "4gif" })
    table.sort(seen)
    t.equal(seen, { 1, 2, 3, 4 })
  end)

t.test("one target's function gives one result, no target calls none", function()
  local photo <close> = image.open(bytes)
  t.equal(photo:render({ width = 9 }, function(picture, index) return picture.width + index end), 10)
  t.equal(photo:render({ width = 9 }, function() end), nil)
  t.equal(photo:render({}, error), {})
  local got = photo:render({ { width = 9 }, { width = 8 } }, function(_, i) return i == 2 or nil end)
  t.equal({ got[1], got[2] }, { nil, true })
end)

t.test("only functions receive", function()
  local photo <close> = image.open(bytes)
  t.raises("bad argument #3 to 'render' (a function expected, got table)", function()
    photo:render(targets, {})
  end)
  t.raises("field 'widht'", photo.render, photo, { { widht = 1 } }, print)
end)

t.test("a picture is handed out while others are still made", function()
  local photo <close> = image.open(bytes)
  local many, first_s = {}, nil
  for i = 1, 12 do many[i] = { width = 640 - i, format = "webp", lossless = true } end
  local started = os.clock() -- the processor's time: a busy machine takes none of it
  photo:render(many, function() first_s = first_s or os.clock() end)
  local first, all = first_s - started, os.clock() - started
  t.ok(first < all / 2, ("the first one after %.3f of %.3f s of work"):format(first, all))
end)

t.test("receivers overlap with one another and with the render", function()
  local photo <close> = image.open(bytes)
  local running, most, until_ms = 0, 0, host.now_ms() + 10000
  photo:render({ { width = 1 }, { width = 2 }, { width = 3 }, { width = 4 } }, function()
    running = running + 1
    most = math.max(most, running)
    while most < 4 and host.now_ms() < until_ms do task.sleep(1) end
    running = running - 1
  end)
  t.equal(most, 4)
end)

t.test("a function's error stops the render and the other functions", function()
  local photo <close> = image.open(bytes)
  local closed, begun = { n = 0 }, 0
  local slow = {}
  for i = 1, 64 do slow[i] = { width = 640 - i, format = "webp", lossless = true } end
  local started = host.now_ms()
  t.raises("not this one", photo.render, photo, slow, function()
    local _ <close> = closing(closed)
    begun = begun + 1
    if begun == 2 then error "not this one" end
    task.sleep(60000)
  end)
  t.equal(closed.n, begun)
  t.ok(begun < 64, "all were made")
  t.ok(host.now_ms() - started < 30000, "the others went on")
  t.equal(photo:render({ width = 10 }).width, 10) -- memory and threads are there again
end)

t.test("the render's error cancels the functions", function()
  local photo <close> = image.open(bytes)
  local closed = { n = 0 }
  local err = t.raises("", photo.render, photo, { targets[2], too_wide, targets[3] }, function()
    local _ <close> = closing(closed)
    task.sleep(60000)
  end)
  t.equal({ err.code, err.operation }, { "unsupported", "image.render" })
  t.ok(closed.n < 3, "the bad one was handed out")
end)

t.test("cancelling its task stops it", function()
  local photo <close> = image.open(bytes)
  for _, after_ms in ipairs { 0, 1, 5, 20, 60 } do
    local closed, begun = { n = 0 }, 0
    t.raises("enough", task.all, {
      function()
        photo:render(targets, function()
          local _ <close> = closing(closed)
          begun = begun + 1
          task.sleep(60000)
        end)
      end,
      function()
        task.sleep(after_ms)
        error "enough"
      end,
    })
    t.equal(closed.n, begun)
  end
  t.equal(#photo:render(targets), 4)
end)

t.test("receivers may render, and open photos", function()
  local photo <close> = image.open(bytes)
  local widths = photo:render(targets, function(picture)
    local inner <close> = image.open(picture.bytes)
    return inner:render({ { width = 20 }, { width = 10 } }, function(smaller) return smaller.width end)
  end)
  t.equal(widths, { { 20, 10 }, { 20, 10 }, { 20, 10 }, { 20, 10 } })
end)

t.test("it works where nothing can be yielded, and in the script's own coroutines", function()
  local photo <close> = image.open(bytes)
  local function render()
    return photo:render(targets, function(picture)
      task.sleep(2)
      return picture.width
    end)
  end
  local widths = { 100, 600, 300, 50 }
  t.equal(coroutine.wrap(render)(), widths)
  local made
  table.sort({ 2, 1 }, function(a, b)
    made = render()
    return a < b
  end)
  t.equal(made, widths)
end)

t.test("the photo may be closed while its pictures are made", function()
  local photo = image.open(bytes)
  local count = #photo:render(targets, function()
    photo:close()
    return true
  end)
  t.equal(count, 4)
end)

t.test("the deadline ends it, and names the render once", function()
  local path = t.folder() .. "/handler.lua"
  local file = assert(io.open(path, "wb"))
  file:write [[
    local image, task = require "image", require "task"
    return function(event)
      local photo <close> = image.open((event:gsub("%x%x", function(pair)
        return string.char(tonumber(pair, 16))
      end)))
      local many = {}
      for i = 1, 64 do many[i] = { width = 4000 - i, enlarge = true, format = "webp" } end
      photo:render(many, function() task.sleep(60000) end)
    end]]
  file:close()
  t.ok(host.load_handler(path))
  local small <close> = image.open(bytes)
  local gif = small:render({ width = 100, format = "gif" }).bytes
  local hex = gif:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)
  -- On a busy machine the time may be up before the render has begun.
  local err, times, started
  for _, timeout_ms in ipairs { 500, 2000, 8000 } do
    started = host.now_ms()
    err = select(2, host.invoke(json.encode(hex), { timeout_ms = timeout_ms }))
    t.equal(err.code, "deadline")
    times = select(2, err.message:gsub("image.render", ""))
    if times == 1 then break end
  end
  t.equal(times, 1, err.message)
  t.ok(host.now_ms() - started < 40000, "it went on")
end)
