-- Any Lua value as text for a person: as wide as the terminal, as deep as is useful. Pure, but for
-- looking at a picture's header.

local image = require "image"
local json = require "json"
local layout = require "commands.table"

local show = {}

local limits = { depth = 6, items = 40, text = 300 }
local picture_bytes_min = 16

local function is_name(key)
  return type(key) == "string" and key:find("^[%a_][%w_]*$") ~= nil
end

--- `JPEG 4032x3024 sRGB 2.3 MB` of a picture's bytes, or nil.
function show.picture(bytes)
  if #bytes < picture_bytes_min then return nil end
  local ok, info = pcall(image.probe, bytes)
  if not ok then return nil end
  local colours = info.channels == 1 and "grey" or info.channels == 4 and "CMYK"
    or info.profile_bytes > 0 and "with a profile" or "sRGB"
  local frames = info.frames > 1 and (" %d frames"):format(info.frames) or ""
  return ("%s %s %s%s %s"):format(info.format:upper(), layout.pixels(info.width, info.height),
    colours, frames, layout.bytes(info.size))
end

local escapes = { ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r", ['"'] = '\\"', ["\\"] = "\\\\" }

local function escape(text)
  return (text:gsub('[%c"\\\127]', function(c)
    return escapes[c] or ("\\x%02X"):format(c:byte())
  end))
end

-- Bytes that are no UTF-8 are written as \xNN, and so is nothing else.
local function quote(text)
  local out, at = {}, 1
  while at <= #text do
    local length, bad = utf8.len(text, at)
    local last = length and #text or bad - 1
    out[#out + 1] = escape(text:sub(at, last))
    if not length then out[#out + 1] = ("\\x%02X"):format(text:byte(bad)) end
    at = last + (length and 1 or 2)
  end
  return '"' .. table.concat(out) .. '"'
end

local function text_of(text)
  local picture = show.picture(text)
  if picture then return "<" .. picture .. ">" end
  if #text <= limits.text then return quote(text) end
  local cut = text:sub(1, limits.text):gsub("[\xC2-\xF4][\x80-\xBF]*$", "")
  return ("%s... (%s)"):format(quote(cut), layout.bytes(#text))
end

-- What s3.get gives with `as = "bytes"`.
local function is_bytes(value)
  return type(value) == "userdata" and getmetatable(value) == "bytes"
end

local function plain(value)
  local kind = type(value)
  if kind == "string" then return text_of(value) end
  if value == json.null then return "null" end
  if is_bytes(value) then return text_of(tostring(value)) end
  if kind == "function" then
    local where = debug.getinfo(value, "S")
    if where.what == "C" then return "function (built in)" end
    return ("function (%s:%d)"):format(where.short_src, where.linedefined)
  end
  local text = tostring(value)
  local format, width, height = text:match("^photo %((%w+) (%d+) x (%d+)%)$")
  if not format then return text end
  return ("photo %s %s"):format(format:upper(), layout.pixels(width, height))
end

local function has_text(value)
  local meta = getmetatable(value)
  return type(meta) == "table" and meta.__tostring ~= nil
end

local ranks = { number = 1, string = 2 }

local function before(a, b)
  local kind_a, kind_b = type(a), type(b)
  if kind_a ~= kind_b then return (ranks[kind_a] or 3) < (ranks[kind_b] or 3) end
  if ranks[kind_a] then return a < b end
  return tostring(a) < tostring(b)
end

-- The keys besides 1..#value, in order.
local function keys_of(value, length)
  local keys = {}
  for key in next, value do
    local is_item = math.type(key) == "integer" and key >= 1 and key <= length
    if not is_item then keys[#keys + 1] = key end
  end
  table.sort(keys, before)
  return keys
end

local render

local function entries_of(value, state)
  local entries, length = {}, rawlen(value)
  for i = 1, math.min(length, limits.items) do
    entries[i] = render(rawget(value, i), state)
  end
  for _, key in ipairs(keys_of(value, length)) do
    if #entries >= limits.items then break end
    local name = is_name(key) and key or ("[%s]"):format(plain(key))
    entries[#entries + 1] = name .. " = " .. render(rawget(value, key), state)
  end
  local left = length + #keys_of(value, length) - #entries
  if left > 0 then entries[#entries + 1] = ("... %d more"):format(left) end
  return entries
end

local function width_of(text)
  return utf8.len(text) or #text
end

-- What fits goes onto one line; an entry of several lines has its own.
local function fill(entries, width)
  local lines, line = {}, nil
  for i, entry in ipairs(entries) do
    local text = entry .. (i < #entries and "," or "")
    local is_long = text:find("\n", 1, true)
    if line and not is_long and width_of(line) + 1 + width_of(text) <= width then
      line = line .. " " .. text
    else
      lines[#lines + 1] = line
      line = text
    end
    if is_long then
      lines[#lines + 1] = line
      line = nil
    end
  end
  lines[#lines + 1] = line
  return lines
end

local function braces(entries, state)
  if #entries == 0 then return "{}" end
  local indent = ("  "):rep(state.depth)
  local lines = fill(entries, state.width - #indent - 4)
  if #lines == 1 and not lines[1]:find("\n", 1, true) then return "{ " .. lines[1] .. " }" end
  local inner = "\n" .. indent .. "  "
  return "{" .. inner .. table.concat(lines, inner) .. "\n" .. indent .. "}"
end

function render(value, state)
  if type(value) ~= "table" or has_text(value) then return plain(value) end
  if state.open[value] then return "{ itself }" end
  if state.depth >= limits.depth then return next(value) == nil and "{}" or "{ ... }" end
  state.open[value], state.depth = true, state.depth + 1
  local entries = entries_of(value, state)
  state.open[value], state.depth = nil, state.depth - 1
  return braces(entries, state)
end

--- The value as text, in lines of `width` characters where that is possible.
function show.value(value, width)
  return render(value, { width = width or 80, depth = 0, open = {} })
end

return show
