-- An object that isn't there: what a store says then, and a look that takes it for an answer.
--
--   absence.is(err)               was it raised for want of the object?
--   absence.look(head, options)   what `head` (s3.head) says, or nil when it isn't there

local failure = require "failure"

local absence = {}

function absence.is(err)
  local code = failure.field(err, "code")
  return code == "NoSuchKey" or code == "NotFound"
end

function absence.look(head, options)
  local ok, object = pcall(head, options)
  if ok then return object end
  if absence.is(object) then return nil end
  error(object, 0)
end

return absence
