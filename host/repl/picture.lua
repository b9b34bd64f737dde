-- A picture in a terminal that can show one: which of the three ways it knows, and the bytes of
-- each. Pure, but for `picture.protocol`.
--
--   kitty     sw.kovidgoyal.net/kitty/graphics-protocol: PNG in pieces of base64
--   iterm2    iterm2.com/documentation-images.html: any file as base64
--   sixel     DEC's, VT330/VT340 Programmer Reference Manual, volume 2, chapter 14

local core = require "events_core"
local gif = require "repl.gif"
local image = require "image"
local sorted_keys = require "lunette.sorted_keys"

local picture = {}

local width_max, height_max = 240, 180
local piece_bytes = 4096
local answer_ms = 300

-- ---- bytes -------------------------------------------------------------------------------------

local function kitty(bytes)
  local text, out = core.base64_encode(bytes), {}
  for at = 1, #text, piece_bytes do
    local control = at == 1 and "a=T,f=100," or ""
    local more = at + piece_bytes <= #text and 1 or 0
    local piece = text:sub(at, at + piece_bytes - 1)
    out[#out + 1] = ("\27_G%sm=%d;%s\27\\"):format(control, more, piece)
  end
  return table.concat(out)
end

local function iterm2(bytes)
  return ("\27]1337;File=inline=1;size=%d:%s\a"):format(#bytes, core.base64_encode(bytes))
end

-- Six rows at a time, colour by colour: a character is a column, its six lowest bits are pixels.
local function sixel_band(still, first, out)
  local rows = math.min(6, still.height - first)
  local columns = {} -- by colour
  for row = 0, rows - 1 do
    local at = (first + row) * still.width
    for x = 1, still.width do
      local colour = still.pixels:byte(at + x)
      columns[colour] = columns[colour] or {}
      columns[colour][x] = (columns[colour][x] or 0) | 1 << row
    end
  end
  local colours = sorted_keys(columns)
  for i, colour in ipairs(colours) do
    local line = {}
    for x = 1, still.width do line[x] = string.char(63 + (columns[colour][x] or 0)) end
    out[#out + 1] = ("#%d%s%s"):format(colour, table.concat(line), i < #colours and "$" or "-")
  end
end

local function sixel(bytes)
  local still = gif.read(bytes)
  local out = { ('\27P0;1q"1;1;%d;%d'):format(still.width, still.height) }
  for i = 0, #still.colours do
    local colour = still.colours[i]
    out[#out + 1] = ("#%d;2;%d;%d;%d"):format(i, colour[1] * 100 // 255, colour[2] * 100 // 255,
      colour[3] * 100 // 255)
  end
  for first = 0, still.height - 1, 6 do sixel_band(still, first, out) end
  out[#out + 1] = "\27\\"
  return table.concat(out)
end

local protocols = {
  kitty = { encode = kitty, format = "png" },
  iterm2 = { encode = iterm2, format = "jpeg" },
  sixel = { encode = sixel, format = "gif" },
}

--- What shows the picture in `bytes`, small, by one of the protocols; nil when it is none.
function picture.escape(protocol, bytes)
  local way = protocols[protocol]
  local ok, made = pcall(function()
    local photo <close> = image.open(bytes)
    return photo:render { width = width_max, height = height_max, format = way.format }
  end)
  return ok and way.encode(made.bytes) or nil
end

-- ---- which way ---------------------------------------------------------------------------------

-- What names itself; nothing is known within a multiplexer, which may hand on less.
local function by_environment()
  local term, program = os.getenv "TERM" or "", os.getenv "TERM_PROGRAM" or ""
  if os.getenv "TMUX" or term:find("^screen") or term:find("^tmux") then return nil end
  if term == "xterm-kitty" or os.getenv "KITTY_WINDOW_ID" or program == "ghostty" then
    return "kitty"
  end
  if program == "iTerm.app" or program == "WezTerm" then return "iterm2" end
end

-- Asks for its attributes; 4 among them is sixel (VT340's manual, "Device attributes").
local function by_asking()
  if os.getenv "TERM" == "dumb" then return nil end
  local answer = require("terminal").ask("\27[c", "c", answer_ms)
  local typed, attributes = answer:match("^(.*)\27%[%?([%d;]*)c$")
  picture.typed = typed or answer
  return attributes and (";" .. attributes .. ";"):find(";4;", 1, true) and "sixel" or nil
end

local known

--- What somebody has typed while the terminal was asked: it belongs to the next line.
picture.typed = ""

--- "kitty", "iterm2", "sixel"; nil where no picture can be shown. LUNETTE_PICTURES says it, else
--- what the terminal says of itself: it is asked once.
function picture.protocol()
  if known == nil then
    local wanted = os.getenv "LUNETTE_PICTURES"
    known = protocols[wanted] and wanted or not wanted and (by_environment() or by_asking())
      or false
  end
  return known or nil
end

return picture
