-- What the commands of one prompt share: where text goes, the names that a person sees, the last
-- results and runs.

local failure = require "failure"
local host = require "host"
local picture = require "repl.picture"
local show = require "repl.show"

local session = {}
session.__index = session

local results_kept = 9
local previews_max = 8

local modules = {
  "dynamodb", "env", "events", "hash", "image", "json", "log", "manifest", "metrics", "s3", "task",
  "uuid",
}

local function print_line(...)
  local texts = table.pack(...)
  for i = 1, texts.n do texts[i] = tostring(texts[i]) end
  io.stdout:write(table.concat(texts, "\t"), "\n")
end

-- The modules are there under their names; what is assigned stays here, globals are as in scripts.
local function new_environment()
  local is_module = {}
  for _, name in ipairs(modules) do is_module[name] = true end
  local env = { print = print_line }
  env._G = env
  return setmetatable(env, { __index = function(_, name)
    if is_module[name] then return require(name) end
    return _G[name]
  end })
end

--- `options`: the command line's; `terminal`: does a person watch?
function session.new(options, terminal)
  return setmetatable({
    options = options, terminal = terminal, env = new_environment(), modules = modules,
    needs = {},
  }, session)
end

--- The width that text may have.
function session:width()
  return self.terminal and host.columns() or 100
end

--- A line, or several, for the person.
function session.say(_, text)
  io.stdout:write(text, "\n")
  io.stdout:flush()
end

--- The same of a failure.
function session:complain(text)
  if self.terminal then
    local plain = os.getenv "NO_COLOR"
    return self:say(plain and text or text:gsub("^[^\n]*", "\27[31m%0\27[m", 1))
  end
  io.stdout:flush()
  io.stderr:write(text, "\n")
end

--- Ends the command: a person asked for what can't be.
function session.usage(_, format, ...)
  failure.raise { code = "usage", message = format:format(...) }
end

local function protocol_of(self)
  local protocol = self.terminal and picture.protocol()
  if picture.typed ~= "" then
    self.source:type(picture.typed)
    picture.typed = ""
  end
  return protocol
end

-- The picture, where the terminal can show one.
local function preview(self, bytes)
  local protocol = protocol_of(self)
  local escape = protocol and picture.escape(protocol, bytes)
  if escape then io.stdout:write(escape, "\n") end
  return escape ~= nil
end

--- Shows pictures that were written, where the terminal can. `bytes_of(effect)` reads one.
function session:preview(effects, bytes_of)
  if not protocol_of(self) then return end
  for i = 1, math.min(#effects, previews_max) do
    if preview(self, bytes_of(effects[i])) then self:say(effects[i].key) end
  end
end

-- The bytes of what is a picture by itself: a photo, what a render made, an object's body.
local function bytes_in(value)
  if type(value) == "table" then
    local inner = rawget(value, "bytes") or rawget(value, "body")
    return type(inner) == "string" and bytes_in(inner) or nil
  end
  if type(value) == "string" then return show.picture(value) and value or nil end
  local ok, made = pcall(function() return value:render { width = 400, height = 400 } end)
  return ok and made.bytes or nil
end

--- A value, as the prompt shows it.
function session:show(value)
  if value == nil then return end
  self:say(show.value(value, self:width()))
  local kind = type(value)
  if self.terminal and (kind == "string" or kind == "userdata" or kind == "table") then
    local bytes = bytes_in(value)
    if bytes then preview(self, bytes) end
  end
end

--- `_` and `_1` are the last result, `_2` the one before it.
function session:keep_result(value)
  for i = results_kept, 2, -1 do self.env["_" .. i] = rawget(self.env, "_" .. i - 1) end
  self.env._1, self.env._, self.env.result = value, value, value
end

return session
