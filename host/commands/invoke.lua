-- `lunette invoke [EVENT.json | -]`: one event through the handler; the result on standard output.

local complaint = require "commands.complaint"
local failure = require "failure"
local host = require "host"
local json = require "json"
local places = require "commands.places"

local event_bytes_max = 6 * 1024 * 1024 -- what Lambda takes

local function name_of(path)
  return path ~= nil and path ~= "-" and path or "standard input"
end

-- Nil, or what is wrong: "event.json:2:7: the event can't be read: expected a value, found '}'".
local function wrong_event(text, name)
  local ok, err = pcall(json.decode, text)
  if ok then return nil end
  local wrong = failure.field(err, "message") or tostring(err)
  local what, byte = wrong:match("^(.-),? at byte (%d+)")
  if not what and wrong:find("the end of the text", 1, true) then what, byte = wrong, #text + 1 end
  if what then
    local before = text:sub(1, tonumber(byte) - 1)
    local _, line_feeds = before:gsub("\n", "")
    name = ("%s:%d:%d"):format(name, line_feeds + 1, #before:match("[^\n]*$") + 1)
  end
  return ("%s: the event can't be read: %s"):format(name, what or wrong)
end

local function read_event(path)
  local is_file = path ~= nil and path ~= "-"
  local name = name_of(path)
  local file, why = io.stdin, nil
  if is_file then file, why = io.open(path, "rb") end
  if not file then failure.raise { code = "usage", message = why } end
  local text, failed = file:read(event_bytes_max + 1)
  if is_file then file:close() end
  if failed then failure.raise { code = "usage", message = name .. ": " .. failed } end
  if text and #text > event_bytes_max then
    failure.raise { code = "usage", message =
      ("%s is larger than %d bytes, the most that Lambda takes"):format(name, event_bytes_max) }
  end
  return text or ""
end

return function(_, operands)
  local event = read_event(operands[1])
  local wrong = wrong_event(event, name_of(operands[1]))
  if wrong then
    io.stderr:write(wrong, "\n")
    return 1
  end
  local ok, why = host.load_handler()
  if not ok then
    complaint.write(why)
    return 1
  end
  places.declare()
  local result, err = host.invoke(event)
  if not result then
    io.stderr:write(complaint.text(err), "\n")
    if err.traceback then io.stderr:write(err.traceback, "\n") end
    return 1
  end
  io.stdout:write(result, "\n")
  return 0
end
