-- What went wrong, with the lines of the script around it.

local failure = require "failure"
local host = require "host"

local excerpt = {}

local lines_around = 2

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then
    return path == "handler.lua" and host.source("scripts/handler.lua") or nil
  end
  local text = file:read("a")
  file:close()
  return text
end

--- The lines around `number`, that one marked; nil when the file can't be read.
function excerpt.lines(path, number)
  local text = read_file(path)
  if not text then return nil end
  local out, at = {}, 0
  for line in (text:gsub("\n$", "") .. "\n"):gmatch("(.-)\n") do
    at = at + 1
    if math.abs(at - number) <= lines_around then
      local marked = ("%s %4d  %s"):format(at == number and ">" or " ", at, line)
      out[#out + 1] = (marked:gsub("%s+$", ""))
    end
  end
  return #out > 0 and table.concat(out, "\n") or nil
end

-- "handler.lua", 12 of the first place in the text that is a file's.
local function place_in(text)
  for path, number in (text or ""):gmatch("([%w_./~+-]+%.lua):(%d+)") do
    if path:sub(1, 8) ~= "lunette/" then return path, tonumber(number) end
  end
end

-- Not of the traceback: whoever raises without a place means another one than that of `error`.
local function find_place(err, message)
  local path, number = place_in(failure.field(err, "where"))
  if path then return path, number end
  return place_in(message)
end

-- Without the lines that nobody here wrote: those of what is built in, and of the prompt.
local function shorten(traceback)
  local out = {}
  for line in traceback:gmatch("[^\n]+") do
    if line:find("'prompt.guard'", 1, true) then break end
    if not line:find("^%s*lunette/") then out[#out + 1] = line end
  end
  return table.concat(out, "\n")
end

--- The error as a person wants it: what, where, the lines there, the way to it.
function excerpt.of(err)
  local message = tostring(err)
  local out = { message }
  local path, number = find_place(err, message)
  local lines = path and excerpt.lines(path, number)
  if lines then out[#out + 1] = lines end
  local traceback = failure.field(err, "traceback")
  if traceback then out[#out + 1] = shorten(traceback) end
  return table.concat(out, "\n")
end

return excerpt
