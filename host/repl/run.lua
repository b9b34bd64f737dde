-- Runs the handler on the current event, and tells what came of it. `.run`, `.cold`.

local excerpt = require "repl.excerpt"
local failure = require "failure"
local host = require "host"
local json = require "json"
local places = require "commands.places"
local policy = require "repl.policy"
local prompt = require "prompt"
local state = require "repl.state"
local summary = require "repl.summary"
local system = require "system"

local run = {}

local repeats_max = 10000

-- Set for a fresh process by the one that starts it: host.now_ms() then.
local spawned_variable = "LUNETTE_REPL_SPAWNED_MS"

-- Both in the handler's state.
local begin = [[
require("repl.inside").begin(require("json").decode(...))
return "null"
]]
local report = 'return require("json").encode(require("repl.inside").report())'

local function decode(text)
  local ok, value = pcall(json.decode, text)
  if ok then return value end
  return text
end

--- Runs the handler once; `goes_on`: .undo takes the run before back, too; `step`: stops at
--- its first line. Returns the run:
--- {outcome = "ok" or "failed", result, error, milliseconds, parts, effects, writes,
--- peak_bytes, memory_mb}.
function run.once(event_json, goes_on, step)
  state.ask(begin, goes_on == true)
  system.forget_peak()
  local started_ms = host.now_ms()
  local text, err = state.invoke(event_json, step)
  local milliseconds = host.now_ms() - started_ms
  local this = state.ask(report)
  this.milliseconds, this.peak_bytes = milliseconds, system.peak_bytes()
  this.parts = summary.parts(this.before, this.after)
  this.memory_mb = prompt.limits().memory_mb
  state.settings.touched = this.touched
  this.outcome, this.error = text and "ok" or "failed", err
  this.result = text and decode(text)
  return this
end

local function current_event(session)
  local event = rawget(session.env, "event")
  if event == nil then
    failure.raise { code = "usage",
      message = "there is no event yet: .event s3-put KEY makes one, .drop FILE does it all" }
  end
  return json.encode(event)
end

-- The handler as its files are now; false when it can't be loaded, which has been told.
function run.refresh(session)
  local ok, why = pcall(state.refresh)
  if not ok then
    session:complain(excerpt.of(why))
    return false
  end
  if why then places.declare() end -- `.env` may have named others
  if why == "changed" then session:say("reloaded " .. host.handler_name()) end
  return true, why
end

local function keep(session, this)
  policy.note(session.needs, this.effects)
  session.previous, session.last = session.last, this
  session.env.run = this
  if this.outcome == "ok" then session:keep_result(this.result) end
end

local function tell(session, this)
  if this.outcome == "ok" then
    session:show(this.result)
  else
    session:complain(excerpt.of(this.error))
  end
  session:say(summary.line(this))
end

-- How long ago the process was started, when another one wants to know.
local function start_ms()
  local spawned_ms = tonumber(os.getenv(spawned_variable))
  return spawned_ms and host.now_ms() - spawned_ms
end

--- Runs it on the current event, and tells; false when it failed.
function run.current(session, step)
  local event_json = current_event(session)
  if not run.refresh(session) then return false end
  local begun_ms = start_ms()
  local this = run.once(event_json, false, step)
  this.event, this.start_ms = decode(event_json), begun_ms
  keep(session, this)
  tell(session, this)
  return this.outcome == "ok"
end

local function repeat_run(session, count)
  local event_json, times = current_event(session), {}
  local ok, why = run.refresh(session)
  if not ok then return false end
  if why then run.once(event_json) end -- the first one in a new state is not warm
  local this
  for i = 1, count do
    this = run.once(event_json, i > 1 or why ~= nil)
    times[i] = this.milliseconds
    if this.outcome ~= "ok" then break end
  end
  this.event = decode(event_json)
  keep(session, this)
  tell(session, this)
  session:say(summary.repeats(times))
  return this.outcome == "ok"
end

-- ---- a fresh process ---------------------------------------------------------------------------

local function quoted(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

-- The command line that begins as this one did, with the limits as they are now.
local function command_line(session, script)
  local limits = prompt.limits()
  local words = { spawned_variable .. "=" .. ("%.3f"):format(host.now_ms()), "exec",
    quoted(system.program()), "repl", "--memory", limits.memory_mb,
    "--timeout", math.max(1, limits.timeout_ms // 1000) }
  for _, name in ipairs { "handler", "store" } do
    local value = session.options[name]
    if value then words[#words + 1] = ("--%s=%s"):format(name, quoted(value)) end
  end
  if session.options.aws then words[#words + 1] = "--aws" end
  for _, name in ipairs { "table", "bucket" } do
    for _, value in ipairs(session.options[name] or {}) do
      words[#words + 1] = ("--%s=%s"):format(name, quoted(value))
    end
  end
  words[#words + 1] = quoted(script)
  return table.concat(words, " ") .. " 2>&1"
end

local function write_file(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
  return path
end

local function run_cold(session)
  local event_path = write_file(current_event(session))
  local script_path = write_file((".event load %s\n.run\n"):format(event_path))
  local process <close> = assert(io.popen(command_line(session, script_path), "r"))
  for line in process:lines() do
    if not line:find("^event: ") then session:say(line) end
  end
  local ok = process:close()
  os.remove(event_path)
  os.remove(script_path)
  return ok == true
end

run.commands = {
  {
    name = "run", usage = ".run [COUNT]",
    summary = "runs the handler on the event; with a count again and again, warm",
    run = function(session, words)
      if not words[1] then return run.current(session) end
      local count = math.tointeger(tonumber(words[1]))
      if not count or count < 1 or count > repeats_max then
        session:usage(".run takes a count from 1 to %d", repeats_max)
      end
      return repeat_run(session, count)
    end,
  },
  {
    name = "cold", usage = ".cold",
    summary = "runs it in a fresh process, and tells how long that took to start",
    run = run_cold,
  },
  {
    name = "reload", usage = ".reload",
    summary = "loads the handler anew now; it happens by itself when a file has changed",
    run = function(session)
      state.forget()
      return (run.refresh(session))
    end,
  },
}

return run
