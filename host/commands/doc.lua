-- `lunette doc [NAME]`: prints the API. Called by host/commands.c.

local failure = require "failure"
local manual = require "commands.manual"

return function(_, operands)
  local text, wrong = manual.text(operands[1])
  if not text then failure.raise { code = "usage", message = wrong } end
  io.stdout:write(text, "\n")
  return 0
end
