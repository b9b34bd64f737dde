-- Stops the handler and looks around: `.break`, `.step`, and where it is stopped `.locals`, `.up`,
-- `.down`, `.continue`.

local debugger = require "debugger"
local excerpt = require "repl.excerpt"
local failure = require "failure"
local host = require "host"
local json = require "json"
local run = require "repl.run"
local state = require "repl.state"

local debugging = {}

local prompt_text = "stopped> "

-- Each is called in the handler's state with {level, text, width}.
local ask_frame = [[
local json, frame = require "json", require "repl.frame"
local asked, co = json.decode(...), select(2, ...)
local text = frame[asked.what](co, asked.level, asked.text or asked.width, asked.width)
return text or ""
]]

local function ask(session, what, level, text)
  local asked = { what = what, level = level, text = text, width = session:width() }
  local answer, err = debugger.ask(ask_frame, json.encode(asked))
  if not answer then error(err, 0) end
  return answer
end

-- ---- where it is stopped -----------------------------------------------------------------------

local function show_place(session, at)
  local place = ask(session, "place", at.level)
  session:say("stopped at " .. place)
  local path, line = place:match("^(.-):(%d+)")
  local lines = path and excerpt.lines(path, tonumber(line))
  if lines then session:say(lines) end
end

local function move(session, at, by)
  local level = at.level + by
  if level < 0 or ask(session, "place", level) == "" then
    session:usage(by > 0 and "nothing has called it" or "this is where it is stopped")
  end
  at.level = level
  show_place(session, at)
end

local help = [[
.locals     the variables here
.up .down   the function that called this one, and back
.step       on to the next line
.continue   on to the next breakpoint
Anything else is Lua, with the names that there are here; name = value sets one.]]

-- Each returns "step" or "continue" when the handler is to go on.
local verbs = {
  locals = function(session, at) session:say(ask(session, "locals", at.level)) end,
  up = function(session, at) move(session, at, 1) end,
  down = function(session, at) move(session, at, -1) end,
  where = function(session, at) show_place(session, at) end,
  help = function(session) session:say(help) end,
  step = function() return "step" end,
  continue = function() return "continue" end,
}

local function run_line(session, at, line)
  local name = line:match("^%s*%.(%a+)%s*$")
  if name then
    local verb = verbs[name] or session:usage("stopped: .%s can't be done here; .help", name)
    return verb(session, at)
  end
  local text = ask(session, "evaluate", at.level, line)
  if text ~= "" then session:say(text) end
end

local function talk(session)
  local at = { level = 0 }
  show_place(session, at)
  while true do
    local line, why = session.source:read(prompt_text)
    if not line and why == "end" then return false end
    if line and line:find("%S") then
      local ok, verdict = pcall(run_line, session, at, line)
      if ok and verdict then return verdict == "step" end
      if not ok then
        session:complain(failure.field(verdict, "message") or tostring(verdict))
        session.failed = true
        if not session.terminal then return false end
      end
    end
  end
end

-- ---- breakpoints -------------------------------------------------------------------------------

local function list_breaks(session)
  if #state.breaks == 0 then session:say("there is none; .break handler.lua:12 makes one") end
  for i, at in ipairs(state.breaks) do session:say(("%d  %s:%d"):format(i, at.file, at.line)) end
end

-- The handler's own file is known; a module may come from anywhere.
local function refuse_beyond(session, file, line)
  local path = host.handler_name()
  if file ~= path and file ~= path:match("[^/]*$") then return end
  local source = io.open(path)
  if not source then return end
  local count = 0
  for _ in source:lines() do count = count + 1 end
  source:close()
  if line < 1 or line > count then session:usage("%s has the lines 1 to %d", path, count) end
end

local function break_command(session, words)
  if not words[1] then return list_breaks(session) end
  if words[1] == "off" then
    state.breaks = {}
    return session:say("no breakpoint is left")
  end
  local file, line = words[1]:match("^(.-):?(%d+)$")
  if not line then session:usage(".break FILE:LINE, .break LINE of the handler, or .break off") end
  if file == "" then file = host.handler_name():match("[^/]*$") end
  refuse_beyond(session, file, tonumber(line))
  table.insert(state.breaks, { file = file, line = tonumber(line) })
  session:say(("stops at %s:%s; .run, then .locals, .step, .continue"):format(file, line))
end

local function only_stopped(session)
  session:usage("the handler is not stopped; .break FILE:LINE and .run, or .step")
end

--- Before the first run.
function debugging.open(session)
  debugger.on_pause(function()
    local ok, step = pcall(talk, session)
    if not ok then session:complain(tostring(step)) end
    return ok and step
  end)
end

debugging.commands = {
  { name = "break", usage = ".break [FILE:LINE | LINE | off]", run = break_command,
    summary = "stops the handler there" },
  { name = "step", usage = ".step", run = function(session) return run.current(session, true) end,
    summary = "runs the handler and stops at its first line; there, goes on to the next" },
  { name = "locals", usage = ".locals", run = only_stopped,
    summary = "where it is stopped: its variables; .up and .down look at the callers" },
  { name = "up", usage = ".up", run = only_stopped, summary = "where it is stopped: its caller" },
  { name = "continue", usage = ".continue", run = only_stopped,
    summary = "where it is stopped: goes on" },
}

return debugging
