-- In the handler's Lua state, while it is stopped: what a function has in hand. Called by
-- debugging.lua through debugger.ask; `co` is the coroutine that was stopped, `level` 0 the
-- function that runs, 1 the one that called it.

local show = require "repl.show"

local frame = {}

local upvalues_max = 255

-- Calls f(name, value, setter) for each of the level's variables, the innermost last.
local function each_local(co, level, f)
  local i = 1
  while true do
    local name, value = debug.getlocal(co, level, i)
    if not name then return end
    local index = i
    if name:sub(1, 1) ~= "(" then
      f(name, value, function(new) debug.setlocal(co, level, index, new) end)
    end
    i = i + 1
  end
end

local function each_upvalue(co, level, f)
  local func = debug.getinfo(co, level, "f").func
  for i = 1, upvalues_max do
    local name, value = debug.getupvalue(func, i)
    if not name then return end
    f(name, value, function(new) debug.setupvalue(func, i, new) end)
  end
end

local function variables(co, level)
  local found = {}
  local function keep(name, value, set) found[name] = { value = value, set = set } end
  each_upvalue(co, level, keep)
  each_local(co, level, keep)
  return found
end

--- "name = value" lines: the function's own variables, then those from around it.
function frame.locals(co, level, width)
  local lines = {}
  local function add(name, value)
    if name == "_ENV" then return end
    lines[#lines + 1] = ("%s = %s"):format(name, show.value(value, width))
  end
  each_local(co, level, add)
  each_upvalue(co, level, function(name, value)
    if type(value) ~= "function" and type(value) ~= "table" then add(name, value) end
  end)
  return table.concat(lines, "\n")
end

--- "handler.lua:12 in function 'created'", or nil when there is no such level.
function frame.place(co, level)
  local info = debug.getinfo(co, level, "Sln")
  if not info then return nil end
  local name = info.name and (" in '%s'"):format(info.name) or ""
  return ("%s:%d%s"):format(info.short_src, math.max(info.currentline, 0), name)
end

-- Names are those of the level, then the globals.
local function environment(co, level)
  local found = variables(co, level)
  return setmetatable({}, {
    __index = function(_, name)
      if found[name] then return found[name].value end
      return _G[name]
    end,
    __newindex = function(_, name, value)
      if not found[name] then error(("there is no variable '%s' here"):format(name), 0) end
      found[name].set(value)
      found[name].value = value
    end,
  })
end

--- Runs the text at that level: what it gives, as the prompt shows it.
function frame.evaluate(co, level, text, width)
  local env = environment(co, level)
  local chunk = load("return " .. text, "=here", "t", env)
  local wrong
  if not chunk then chunk, wrong = load(text, "=here", "t", env) end
  if not chunk then error(wrong, 0) end
  local results, lines = table.pack(chunk()), {}
  for i = 1, results.n do lines[i] = show.value(results[i], width) end
  return table.concat(lines, "\n")
end

return frame
