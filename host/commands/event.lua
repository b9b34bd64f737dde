-- `lunette event [NAME [FIELD=VALUE...]]`: prints a sample event, or lists them.

local json = require "json"
local samples = require "commands.samples"

return function(_, operands)
  local text
  if operands[1] then
    local event = samples.build(samples.find(operands[1]), operands, 2)
    text = json.encode(event, { indent = 2 })
  else
    text = samples.list()
  end
  io.stdout:write(text, "\n")
  return 0
end
