-- `lunette repl`: reads, runs and shows, until the end. Called by host/commands/repl.lua.

local commands = require "repl.commands"
local complete = require "repl.complete"
local debugging = require "repl.debugging"
local effects = require "repl.effects"
local excerpt = require "repl.excerpt"
local failure = require "failure"
local host = require "host"
local input = require "repl.input"
local places = require "commands.places"
local prompt = require "prompt"
local sessions = require "repl.session"

local first_prompt, next_prompt = "> ", ">> "

-- A wrong command is one line, also where the REPL's own Lua found it.
local function describe(err)
  if prompt.was_interrupted() then return "stopped by Ctrl-C" end
  if failure.field(err, "code") == "usage" then
    local where = failure.field(err, "where")
    if not where or where:find("^lunette/") then return failure.field(err, "message") end
  end
  return excerpt.of(err)
end

-- Lines are added until they are Lua; nil when there is none to run.
local function read_chunk(session, source, line)
  local text = line
  while true do
    local chunk, incomplete, wrong = input.compile(text, "=prompt", session.env)
    if chunk then return chunk end
    local more, why
    if incomplete then more, why = source:read(next_prompt) end
    if why == "cancelled" then return nil end
    if not more then
      session:complain(wrong)
      return nil, "failed"
    end
    text = text .. "\n" .. more
  end
end

local function show_results(session, results)
  for i = 2, results.n do session:show(results[i]) end
  if results.n > 1 and results[2] ~= nil then session:keep_result(results[2]) end
end

local function run_lua(session, source, line)
  local chunk, failed = read_chunk(session, source, line)
  if not chunk then return not failed end
  local results = table.pack(prompt.guard(chunk))
  local ok, err = results[1], results[2]
  if ok then ok, err = prompt.guard(show_results, session, results) end
  if not ok then session:complain(describe(err)) end
  return ok
end

local function run_command(session, line)
  local ok, result = prompt.guard(commands.run, session, line)
  if not ok then
    session:complain(describe(result))
    return false
  end
  return result
end

local without_dot = { help = ".help", quit = ".quit", exit = ".quit" }

-- Who does not know yet that commands have a dot asks for help without one. A name that means
-- something in Lua keeps its meaning.
local function with_dot(session, line)
  local name, rest = line:match("^%s*(%l+)(.-)%s*$")
  local command = without_dot[name]
  if not command or not rest:find("^%s*[%w_.]*$") or rawget(session.env, name) ~= nil
    or rawget(_G, name) ~= nil then
    return line
  end
  return command .. rest
end

local function run_line(session, source, line)
  if not line:find("%S") or line:find("^%s*%-%-[^%[]") then return true end
  line = with_dot(session, line)
  if commands.is_command(line) then return run_command(session, line) end
  return run_lua(session, source, line)
end

-- Until the end of what there is to read, or without a person until the first failure.
local function loop(session, source)
  while not session.is_over do
    local line, why = source:read(first_prompt)
    if not line and why == "end" then return 0 end
    session.failed = false -- as what was done while the handler stood still may have
    local ok = not line or run_line(session, source, line)
    if not (ok and not session.failed) and not session.terminal then return 1 end
  end
  return 0
end

local function open_source(session, path)
  if session.terminal then
    return input.terminal(complete.new(session))
  end
  if not path then return input.file(io.stdin) end
  local problem = host.file_problem(path)
  if problem then failure.raise { code = "usage", message = path .. ": " .. problem } end
  return input.file(assert(io.open(path, "rb")))
end

return function(options, operands)
  local session = sessions.new(options, not operands[1] and input.is_possible())
  local source = open_source(session, operands[1])
  session.source = source
  places.declare_buckets()
  effects.open()
  debugging.open(session)
  if session.terminal then
    session:say(("lunette %s, rules: %s. .help lists the commands, Ctrl-D leaves."):format(
      host.version, host.handler_name()))
  end
  local status = loop(session, source)
  effects.close()
  source:close()
  if session.terminal then io.stdout:write("\n") end
  return status
end
