-- `lunette check [MODULE.lua...]`: loads the rules as a start of the function would, and reads the
-- modules given; says in one line what is wrong.

local complaint = require "commands.complaint"
local failure = require "failure"
local host = require "host"

-- Nil, or "FILE:LINE: what the parser says".
local function wrong_syntax(path)
  local file, why = io.open(path, "rb")
  if not file then failure.raise { code = "usage", message = why } end
  local text = file:read("a")
  file:close()
  local chunk, wrong = load(text or "", "@" .. path, "t")
  return not chunk and wrong or nil
end

return function(_, operands)
  for _, path in ipairs(operands) do
    local wrong = wrong_syntax(path)
    if wrong then
      io.stderr:write(wrong, "\n")
      return 1
    end
  end
  local ok, why = host.load_handler()
  if not ok then
    -- Of a module that isn't there Lua also says, line by line, where it looked.
    io.stderr:write((complaint.text(why):match("^[^\n]*"):gsub(":$", "")), "\n")
    return 1
  end
  return 0
end
