-- `lunette remove KEY...`: deletes uploads from the local store, runs the handler on the event that
-- S3 would send for each, and shows what came of it.

local process = require "commands.process"

return function(options, operands)
  return process(options, operands, true)
end
