-- What a person is told of a failure that is no event's: one line that says where and what. The way
-- there is logged, at the level debug.

local failure = require "failure"
local log = require "log"

local complaint = {}

-- These name their place by themselves.
local plain_codes = { syntax = true, bad_handler = true, no_handler = true }

--- The error as text, without lines of what is built in.
function complaint.text(err)
  local where = failure.field(err, "where")
  if where and where:find("^lunette/") then err.where = nil end
  return plain_codes[failure.field(err, "code")] and err.message or tostring(err)
end

--- Writes it to standard error.
function complaint.write(err)
  io.stderr:write(complaint.text(err), "\n")
  for line in (failure.field(err, "traceback") or ""):gmatch("[^\n\t]+") do log.debug(line) end
end

return complaint
