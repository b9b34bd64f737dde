-- What Lambda would give the function: `.memory`, `.timeout`, `.env`.

local prompt = require "prompt"
local sorted_keys = require "lunette.sorted_keys"
local state = require "repl.state"
local system = require "system"

local memory_min_mb, memory_max_mb = 128, 10240
local timeout_max_s = 900

-- By name, as they were set here.
local variables = {}

local function memory(session, words)
  if words[1] then
    local megabytes = math.tointeger(tonumber(words[1]))
    if not megabytes or megabytes < memory_min_mb or megabytes > memory_max_mb then
      session:usage(".memory takes megabytes, from %d to %d", memory_min_mb, memory_max_mb)
    end
    prompt.limits { memory_mb = megabytes }
    state.forget()
  end
  session:say(("memory: %d MB, a half for Lua, a half for pixels"):format(
    prompt.limits().memory_mb))
end

local function timeout(session, words)
  if words[1] then
    local seconds = tonumber(words[1])
    if not seconds or seconds <= 0 or seconds > timeout_max_s then
      session:usage(".timeout takes seconds, up to %d", timeout_max_s)
    end
    prompt.limits { timeout_ms = math.max(1, math.floor(seconds * 1000)) }
  end
  session:say(("timeout: %g s"):format(prompt.limits().timeout_ms / 1000))
end

local function show_variables(session)
  local names = sorted_keys(variables)
  if #names == 0 then return session:say("nothing has been set here; .env NAME=VALUE does that") end
  for _, name in ipairs(names) do
    session:say(variables[name] and name .. "=" .. variables[name] or name .. " is not set")
  end
end

local function environment(session, words)
  if not words[1] then return show_variables(session) end
  for _, word in ipairs(words) do
    local name, value = word:match("^([%a_][%w_]*)=(.*)$")
    if not name then session:usage(".env NAME=VALUE; NAME= takes it out") end
    system.set_environment(name, value ~= "" and value or nil)
    variables[name] = value ~= "" and value or false
  end
  state.forget()
end

return {
  commands = {
    { name = "memory", usage = ".memory [MB]", run = memory,
      summary = "the function's memory; enforced as in Lambda" },
    { name = "timeout", usage = ".timeout [S]", run = timeout,
      summary = "the seconds that a run may take; enforced" },
    { name = "env", usage = ".env [NAME=VALUE...]", run = environment,
      summary = "sets the function's environment, and loads it anew" },
  },
}
