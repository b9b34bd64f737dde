-- lunette run SCRIPT [ARGUMENT...]: a script with all modules, for tests and chores. An integer
-- that it returns is the exit status.

local failure = require "failure"

local function print_line(...)
  local texts = table.pack(...)
  for i = 1, texts.n do texts[i] = tostring(texts[i]) end
  io.stdout:write(table.concat(texts, "\t"), "\n")
end

return function(_, operands)
  local path = operands[1]
  rawset(_G, "print", print_line)
  rawset(_G, "arg", table.move(operands, 1, #operands, 0, {}))
  local file, why = io.open(path, "rb")
  if not file then failure.raise { code = "usage", message = why } end
  local text = file:read("a")
  file:close()
  local chunk, wrong = load(text, "@" .. path, "t")
  if not chunk then failure.raise { code = "syntax", message = wrong } end
  local status = chunk(table.unpack(arg))
  return math.type(status) == "integer" and status or 0
end
