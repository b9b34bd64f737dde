-- Pictures for the image tests, written and read here and not by the engine that is tested: what
-- each pixel is, in files of any kind. `t.helper "picture"`.
--
-- A picture is { width =, height =, at = function(x, y) -> red, green, blue, alpha }, 0 to 255.

local picture = {}

-- ---- checksums --------------------------------------------------------------------------------

local crc_table = {}
for i = 0, 255 do
  local c = i
  for _ = 1, 8 do c = c & 1 == 1 and 0xedb88320 ~ c >> 1 or c >> 1 end
  crc_table[i] = c
end

local function crc32(bytes)
  local c = 0xffffffff
  for i = 1, #bytes do c = crc_table[(c ~ bytes:byte(i)) & 255] ~ c >> 8 end
  return c ~ 0xffffffff
end

local function adler32(bytes)
  local a, b = 1, 0
  for i = 1, #bytes do
    a = (a + bytes:byte(i)) % 65521
    b = (b + a) % 65521
  end
  return b << 16 | a
end

-- ---- inflate (RFC 1951) -----------------------------------------------------------------------

-- A code as { [length] = { [bits] = symbol } }.
local function huffman(lengths)
  local count, code, next_code, codes = {}, 0, {}, {}
  for _, length in pairs(lengths) do count[length] = (count[length] or 0) + 1 end
  count[0] = 0
  for bits = 1, 15 do
    code = (code + (count[bits - 1] or 0)) << 1
    next_code[bits], codes[bits] = code, {}
  end
  for symbol = 0, 319 do
    local length = lengths[symbol] or 0
    if length > 0 then
      codes[length][next_code[length]] = symbol
      next_code[length] = next_code[length] + 1
    end
  end
  return codes
end

local length_base, length_extra, distance_base, distance_extra = {}, {}, {}, {}
do
  local base = 3
  for i = 0, 27 do
    length_extra[i] = i < 8 and 0 or i // 4 - 1
    length_base[i] = base
    base = base + (1 << length_extra[i])
  end
  length_base[28], length_extra[28] = 258, 0
  base = 1
  for i = 0, 29 do
    distance_extra[i] = i < 4 and 0 or i // 2 - 1
    distance_base[i] = base
    base = base + (1 << distance_extra[i])
  end
end

local fixed_lengths, fixed_distances = {}, {}
for i = 0, 287 do fixed_lengths[i] = i < 144 and 8 or i < 256 and 9 or i < 280 and 7 or 8 end
for i = 0, 29 do fixed_distances[i] = 5 end

local function inflate(bytes)
  local position, held, have = 3, 0, 0 -- after zlib's header
  local out = {}

  local function bits(count)
    while have < count do
      held = held | bytes:byte(position) << have
      position, have = position + 1, have + 8
    end
    local value = held & (1 << count) - 1
    held, have = held >> count, have - count
    return value
  end

  local function symbol(codes)
    local code = 0
    for length = 1, 15 do
      code = code << 1 | bits(1)
      local found = codes[length][code]
      if found then return found end
    end
    error "no such code"
  end

  local function read_codes()
    local literals, distances, count = bits(5) + 257, bits(5) + 1, bits(4) + 4
    local order = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 }
    local lengths, all = {}, {}
    for i = 1, count do lengths[order[i]] = bits(3) end
    local codes = huffman(lengths)
    while #all < literals + distances do
      local value, again = symbol(codes), 1
      if value == 16 then value, again = all[#all], 3 + bits(2)
      elseif value == 17 then value, again = 0, 3 + bits(3)
      elseif value == 18 then value, again = 0, 11 + bits(7) end
      for _ = 1, again do all[#all + 1] = value end
    end
    local first, second = {}, {}
    for i = 1, literals do first[i - 1] = all[i] end
    for i = 1, distances do second[i - 1] = all[literals + i] end
    return huffman(first), huffman(second)
  end

  local function block(literals, distances)
    while true do
      local value = symbol(literals)
      if value == 256 then return end
      if value < 256 then
        out[#out + 1] = value
      else
        local length = length_base[value - 257] + bits(length_extra[value - 257])
        local code = symbol(distances)
        local distance = distance_base[code] + bits(distance_extra[code])
        for _ = 1, length do out[#out + 1] = out[#out - distance + 1] end
      end
    end
  end

  repeat
    local last, kind = bits(1), bits(2)
    if kind == 0 then
      held, have = 0, 0
      local length = string.unpack("<I2", bytes, position)
      for i = position + 4, position + 3 + length do out[#out + 1] = bytes:byte(i) end
      position = position + 4 + length
    elseif kind == 1 then
      block(huffman(fixed_lengths), huffman(fixed_distances))
    else
      block(read_codes())
    end
  until last == 1
  return out
end

-- ---- reading PNG ------------------------------------------------------------------------------

--- All chunks, in order, as { type, content }.
function picture.chunks(bytes)
  assert(bytes:sub(1, 8) == "\x89PNG\r\n\x1a\n", "no PNG")
  local list, position = {}, 9
  while position < #bytes do
    local length, kind = string.unpack(">I4c4", bytes, position)
    list[#list + 1] = { kind, bytes:sub(position + 8, position + 7 + length) }
    assert(string.unpack(">I4", bytes, position + 8 + length)
      == crc32(bytes:sub(position + 4, position + 7 + length)), "a chunk's checksum")
    position = position + 12 + length
  end
  return list
end

local function paeth(a, b, c)
  local pa, pb, pc = math.abs(b - c), math.abs(a - c), math.abs(a + b - 2 * c)
  if pa <= pb and pa <= pc then return a end
  return pb <= pc and b or c
end

local function unfilter(raw, rows, stride, step)
  local at = 1
  local before = {}
  local result = {}
  for y = 0, rows - 1 do
    local filter, row = raw[at], {}
    for i = 1, stride do
      local left, up, corner = row[i - step] or 0, before[i] or 0, before[i - step] or 0
      local guess = filter == 1 and left or filter == 2 and up or filter == 3 and (left + up) // 2
        or filter == 4 and paeth(left, up, corner) or 0
      row[i] = raw[at + i] + guess & 255
    end
    at, before, result[y] = at + stride + 1, row, row
  end
  return result
end

--- Reads a PNG that is not interlaced, of at most 8 bits a channel.
function picture.read(bytes)
  local header, palette, transparency, data = nil, "", nil, {}
  for _, chunk in ipairs(picture.chunks(bytes)) do
    if chunk[1] == "IHDR" then header = chunk[2]
    elseif chunk[1] == "PLTE" then palette = chunk[2]
    elseif chunk[1] == "tRNS" then transparency = chunk[2]
    elseif chunk[1] == "IDAT" then data[#data + 1] = chunk[2] end
  end
  local width, height, depth, colour, _, _, interlaced = string.unpack(">I4I4BBBBB", header)
  assert(depth <= 8 and interlaced == 0, "a PNG of a kind that is not read here")
  local channels = ({ [0] = 1, [2] = 3, [3] = 1, [4] = 2, [6] = 4 })[colour]
  local rows = unfilter(inflate(table.concat(data)), height, (width * channels * depth + 7) // 8,
    math.max(1, channels * depth // 8))

  local function sample(x, y, channel)
    if depth == 8 then return rows[y][x * channels + channel] end
    local bit = x * depth
    return rows[y][bit // 8 + 1] >> (8 - depth - bit % 8) & (1 << depth) - 1
  end
  local function at(x, y)
    local first = sample(x, y, 1)
    if colour == 3 then
      local r, g, b = palette:byte(first * 3 + 1, first * 3 + 3)
      return r, g, b, transparency and transparency:byte(first + 1) or 255
    elseif channels <= 2 then
      local grey = first * 255 // ((1 << depth) - 1)
      local clear = transparency and string.unpack(">I2", transparency) == first
      return grey, grey, grey, channels == 2 and sample(x, y, 2) or clear and 0 or 255
    end
    local r, g, b = first, sample(x, y, 2), sample(x, y, 3)
    local clear = transparency and transparency == string.pack(">I2I2I2", r, g, b)
    return r, g, b, channels == 4 and sample(x, y, 4) or clear and 0 or 255
  end
  return { width = width, height = height, at = at }
end

--- What a file of any kind shows, made by the engine with this target (default: as it is).
function picture.shown(image, bytes, target)
  local photo <close> = image.open(bytes)
  local wanted = { format = "png" }
  for key, value in pairs(target or {}) do wanted[key] = value end
  return picture.read(photo:render(wanted).bytes)
end

-- ---- writing ----------------------------------------------------------------------------------

local function chunk(kind, content)
  return string.pack(">I4", #content) .. kind .. content
    .. string.pack(">I4", crc32(kind .. content))
end

local function deflate_stored(raw)
  local parts = { "\x78\x01" }
  for start = 1, #raw, 65535 do
    local part = raw:sub(start, start + 65534)
    parts[#parts + 1] = string.pack("<BI2I2", start + 65535 > #raw and 1 or 0, #part,
      ~#part & 0xffff) .. part
  end
  parts[#parts + 1] = string.pack(">I4", adler32(raw))
  return table.concat(parts)
end

-- The channels of every pixel, `depth` bits each; values come as 0 to 255 and may have fractions.
local function rows_of(made, channels, depth, order, prefix)
  local rows, form, scale = {}, depth == 16 and order .. "I2" or "B", depth == 16 and 257 or 1
  for y = 0, made.height - 1 do
    local row = { prefix }
    for x = 0, made.width - 1 do
      local values = { made.at(x, y) }
      if channels <= 2 then values[2] = values[4] end
      for i = 1, channels do
        row[#row + 1] = form:pack(math.floor((values[i] or 255) * scale + 0.5))
      end
    end
    rows[#rows + 1] = table.concat(row)
  end
  return table.concat(rows)
end

--- PNG. options: depth (8 or 16), channels (1 to 4, default 3), before (chunks before the pixels).
function picture.png(made, options)
  options = options or {}
  local channels, depth = options.channels or 3, options.depth or 8
  local parts = { "\x89PNG\r\n\x1a\n", chunk("IHDR", string.pack(">I4I4BBBBB", made.width,
    made.height, depth, ({ 0, 4, 2, 6 })[channels], 0, 0, 0)) }
  for _, extra in ipairs(options.before or {}) do parts[#parts + 1] = chunk(extra[1], extra[2]) end
  parts[#parts + 1] = chunk("IDAT", deflate_stored(rows_of(made, channels, depth, ">", "\0")))
  parts[#parts + 1] = chunk("IEND", "")
  return table.concat(parts)
end

--- An iCCP chunk's content.
function picture.png_profile(profile)
  return "made here\0\0" .. deflate_stored(profile)
end

local function directory(order, entries, start)
  local form = order .. "I2I2I4"
  local heap, after = {}, start + 2 + #entries * 12 + 4
  local parts = { (order .. "I2"):pack(#entries) }
  table.sort(entries, function(a, b) return a[1] < b[1] end)
  for _, entry in ipairs(entries) do
    local tag, kind, count, value = table.unpack(entry)
    parts[#parts + 1] = form:pack(tag, kind, count)
    if #value > 4 then
      parts[#parts + 1] = (order .. "I4"):pack(after)
      value = value .. ("\0"):rep(#value % 2)
      heap[#heap + 1], after = value, after + #value
    else
      parts[#parts + 1] = value .. ("\0"):rep(4 - #value)
    end
  end
  return table.concat(parts), table.concat(heap)
end

local function u16(tag, ...)
  local values = {}
  for i, value in ipairs { ... } do values[i] = string.pack("<I2", value) end
  return { tag, 3, #values, table.concat(values) }
end

local function u32(tag, value) return { tag, 4, 1, string.pack("<I4", value) } end

--- TIFF, not compressed. options: depth, channels (4: with alpha), orientation, profile, entries
--- ({ tag, type, count, bytes }, little-endian).
function picture.tiff(made, options)
  options = options or {}
  local channels, depth = options.channels or 3, options.depth or 8
  local raw = rows_of(made, channels, depth, "<", "")
  local depths = {}
  for i = 1, channels do depths[i] = depth end
  local entries = { u32(256, made.width), u32(257, made.height), u16(258, table.unpack(depths)),
    u16(259, 1), u16(262, options.cmyk and 5 or channels <= 2 and 1 or 2), u32(273, 8),
    u16(277, channels), u32(278, made.height), u32(279, #raw), u16(284, 1) }
  if options.orientation then entries[#entries + 1] = u16(274, options.orientation) end
  if not options.cmyk and channels % 2 == 0 then entries[#entries + 1] = u16(338, 2) end
  if options.profile then
    entries[#entries + 1] = { 34675, 7, #options.profile, options.profile }
  end
  for _, entry in ipairs(options.entries or {}) do entries[#entries + 1] = entry end
  raw = raw .. ("\0"):rep(#raw % 2)
  local fixed, heap = directory("<", entries, 8 + #raw)
  return string.pack("<c2I2I4", "II", 42, 8 + #raw) .. raw .. fixed .. string.pack("<I4", 0) .. heap
end

--- BMP of 24 bits.
function picture.bmp(made)
  local rows = {}
  for y = made.height - 1, 0, -1 do
    local row = {}
    for x = 0, made.width - 1 do
      local r, g, b = made.at(x, y)
      row[#row + 1] = string.char(b, g, r)
    end
    rows[#rows + 1] = table.concat(row) .. ("\0"):rep(-(made.width * 3) % 4)
  end
  local pixels = table.concat(rows)
  return string.pack("<c2I4I4I4I4i4i4I2I2I4I4I4I4I4I4", "BM", 54 + #pixels, 0, 54, 40, made.width,
    made.height, 1, 24, 0, 0, 0, 0, 0, 0) .. pixels
end

-- ---- metadata ---------------------------------------------------------------------------------

--- An EXIF block. options: orientation, copyright, place (text in a GPS directory), thumbnail
--- (bytes of a JPEG in the second directory).
function picture.exif(options)
  local entries = {}
  if options.orientation then entries[#entries + 1] = u16(0x112, options.orientation) end
  if options.copyright then
    entries[#entries + 1] = { 0x8298, 2, #options.copyright + 1, options.copyright .. "\0" }
  end
  local pointer = u32(0x8825, 0)
  if options.place then entries[#entries + 1] = pointer end
  local fixed, heap = directory("<", entries, 8)
  local after = 8 + #fixed + 4 + #heap
  local gps, thumbnail = "", ""
  if options.place then -- GPSLatitudeRef, GPSProcessingMethod
    local place_fixed, place_heap = directory("<", { { 1, 2, 2, "N\0" },
      { 27, 7, #options.place, options.place } }, after)
    gps = place_fixed .. string.pack("<I4", 0) .. place_heap
    pointer[4] = string.pack("<I4", after)
    fixed, heap = directory("<", entries, 8)
  end
  if options.thumbnail then
    local start = after + #gps
    local second = directory("<", { u16(259, 6), u32(0x201, start + 2 + 3 * 12 + 4),
      u32(0x202, #options.thumbnail) }, start)
    thumbnail = second .. string.pack("<I4", 0) .. options.thumbnail
  end
  return string.pack("<c2I2I4", "II", 42, 8) .. fixed
    .. string.pack("<I4", options.thumbnail and after + #gps or 0) .. heap .. gps .. thumbnail
end

--- A JPEG with these segments, { marker, content }, put before its others.
function picture.jpeg_with(bytes, segments)
  local parts = { bytes:sub(1, 2) }
  for _, segment in ipairs(segments) do
    parts[#parts + 1] = string.pack(">BBI2", 0xff, segment[1], 2 + #segment[2]) .. segment[2]
  end
  parts[#parts + 1] = bytes:sub(3)
  return table.concat(parts)
end

--- A WebP with these chunks, { type, content }: ICCP goes before the picture, others after it.
function picture.webp_with(bytes, chunks)
  local kind = bytes:sub(13, 16)
  assert(kind == "VP8 " or kind == "VP8L", "a simple WebP expected")
  local width, height, flags
  if kind == "VP8 " then
    width, height = string.unpack("<I2I2", bytes, 27)
    width, height, flags = width & 0x3fff, height & 0x3fff, 0
  else
    local bits = string.unpack("<I4", bytes, 22)
    width, height, flags = (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1, (bits >> 28 & 1) << 4
  end
  local before, after = "", ""
  for _, extra in ipairs(chunks) do
    local whole = extra[1] .. string.pack("<s4", extra[2]) .. ("\0"):rep(#extra[2] % 2)
    if extra[1] == "ICCP" then before = before .. whole else after = after .. whole end
    flags = flags | (({ ICCP = 0x20, EXIF = 0x08, ["XMP "] = 0x04 })[extra[1]] or 0)
  end
  local content = "WEBPVP8X" .. string.pack("<I4I4I3I3", 10, flags, width - 1, height - 1) .. before
    .. bytes:sub(13) .. after
  return "RIFF" .. string.pack("<s4", content)
end

return picture
