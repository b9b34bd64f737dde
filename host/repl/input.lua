-- Where lines come from: the editor on a terminal, else a file or standard input; and the way from
-- lines to a complete chunk of Lua.

local host = require "host"
local system = require "system"

local input = {}
input.__index = input

local history_lines = 1000

-- ---- history -----------------------------------------------------------------------------------

-- $XDG_STATE_HOME/lunette/history, or nil where there is no place for it.
local function history_path()
  local state = os.getenv "XDG_STATE_HOME"
  if not state or state:sub(1, 1) ~= "/" then
    local home = os.getenv "HOME"
    if not home or home == "" then return nil end
    state = home .. "/.local/state"
  end
  local folder = state .. "/lunette"
  return system.make_folder(folder) and folder .. "/history" or nil
end

local function load_history(editor, path)
  local lines = {}
  local file = path and io.open(path, "r")
  if not file then return end
  for line in file:lines() do lines[#lines + 1] = line end
  file:close()
  for i = math.max(1, #lines - history_lines + 1), #lines do editor:remember(lines[i]) end
end

-- Written line by line, so that several prompts at a time lose nothing.
local function remember(self, line)
  if not line:find("%S") or line == self.remembered then return end
  self.editor:remember(line)
  self.remembered = line
  local file = self.history and io.open(self.history, "a")
  if file then
    file:write(line, "\n")
    file:close()
  end
end

-- ---- lines -------------------------------------------------------------------------------------

--- Reads from the terminal; `complete` is editor:on_complete's function.
function input.terminal(complete)
  local editor = require("editor").open()
  local self = setmetatable({ editor = editor, history = history_path() }, input)
  load_history(editor, self.history)
  editor:on_complete(complete)
  return self
end

--- Reads from a file that is open.
function input.file(file)
  return setmetatable({ file = file, line = 0 }, input)
end

--- Can a person type here?
function input.is_possible()
  return host.is_terminal(0) and host.is_terminal(1)
end

--- A line; or nil, "end" or "cancelled".
function input:read(prompt)
  if not self.editor then
    local line = self.file:read("l")
    self.line = self.line + 1
    return line, "end"
  end
  local line, why = self.editor:read(prompt)
  if line then remember(self, line) end
  return line, why
end

--- As if a person had typed it now.
function input:type(text)
  if self.editor then self.editor:push(text) end
end

--- Ends it: the terminal is as it was.
function input:close()
  if self.editor then self.editor:close() end
end

-- ---- chunks ------------------------------------------------------------------------------------

-- An expression becomes `return EXPRESSION`.
local function compile(text, name, env)
  return load("return " .. text:gsub("^%s*=", ""), name, "t", env) or load(text, name, "t", env)
end

--- A function of the text; nil, true when it is not complete yet; or nil, false and the mistake.
function input.compile(text, name, env)
  local chunk = compile(text, name, env)
  if chunk then return chunk end
  local _, wrong = load(text, name, "t", env)
  if wrong:find("<eof>$") then return nil, true, wrong end
  return nil, false, wrong
end

return input
