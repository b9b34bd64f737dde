-- `lunette invoke [EVENT.json | -]`: one event through the handler; the result on standard output.

local failure = require "failure"
local host = require "host"
local places = require "commands.places"

local event_bytes_max = 6 * 1024 * 1024 -- what Lambda takes

local function read_event(path)
  local is_file = path ~= nil and path ~= "-"
  local name = is_file and path or "standard input"
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
  local result
  local ok, err = host.load_handler()
  if ok then
    places.declare()
    result, err = host.invoke(event)
  end
  if not result then
    io.stderr:write(tostring(err), "\n")
    if err.traceback then io.stderr:write(err.traceback, "\n") end
    return 1
  end
  io.stdout:write(result, "\n")
  return 0
end
