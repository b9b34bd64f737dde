-- The pixels of a GIF with one frame, for picture.lua: sixels, too, have their colours by number.
-- Pure. Reads what this program writes, no more.

local gif = {}

-- The bytes of the sub-blocks that begin at `at`, and where they end.
local function read_blocks(bytes, at)
  local parts = {}
  while true do
    local length = bytes:byte(at)
    if not length then error("the GIF ends too early", 0) end
    if length == 0 then return table.concat(parts), at + 1 end
    parts[#parts + 1] = bytes:sub(at + 1, at + length)
    at = at + 1 + length
  end
end

-- A function that reads codes of a given width, the lowest bit first.
local function bit_reader(bytes)
  local at, held, count = 1, 0, 0
  return function(width)
    while count < width do
      held = held | (bytes:byte(at) or 0) << count
      at, count = at + 1, count + 8
    end
    local code = held & (1 << width) - 1
    held, count = held >> width, count - width
    return at <= #bytes + 1 and code or nil
  end
end

-- LZW as GIF has it: a string of one byte for each pixel.
local function unpack_pixels(bytes, start_width, wanted)
  local clear, stop = 1 << start_width, (1 << start_width) + 1
  local read, out, total = bit_reader(bytes), {}, 0
  local width, words, previous
  local function reset()
    width, words, previous = start_width + 1, {}, nil
    for i = 0, clear - 1 do words[i] = string.char(i) end
    words[clear], words[stop] = "", ""
  end
  reset()
  while total < wanted do
    local code = read(width)
    if not code or code == stop then break end
    if code == clear then
      reset()
    else
      local word = words[code] or previous .. previous:sub(1, 1)
      if previous then words[#words + 1] = previous .. word:sub(1, 1) end
      if #words + 1 == 1 << width and width < 12 then width = width + 1 end
      out[#out + 1], total, previous = word, total + #word, word
    end
  end
  return table.concat(out):sub(1, wanted)
end

local function read_palette(bytes, at, flags)
  local colours = {}
  if flags & 0x80 == 0 then return colours, at end
  for i = 0, (2 << (flags & 7)) - 1 do
    colours[i] = { bytes:byte(at + 3 * i, at + 3 * i + 2) }
  end
  return colours, at + 3 * (#colours + 1)
end

--- {width, height, colours = {[0] = {r, g, b}, ...}, pixels = a byte each, row by row}
function gif.read(bytes)
  local colours, at = read_palette(bytes, 14, bytes:byte(11))
  while bytes:byte(at) == 0x21 do -- extensions
    local _, after = read_blocks(bytes, at + 2)
    at = after
  end
  local width, height, flags = ("<I2I2B"):unpack(bytes, at + 5)
  local own, after = read_palette(bytes, at + 10, flags)
  local packed = read_blocks(bytes, after + 1)
  return {
    width = width, height = height, colours = own[0] and own or colours,
    pixels = unpack_pixels(packed, bytes:byte(after), width * height),
  }
end

return gif
