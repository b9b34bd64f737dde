-- The handler's Lua state, as the prompt sees it: loaded, kept up to date with its files, asked.

local debugger = require "debugger"
local host = require "host"
local json = require "json"
local prompt = require "prompt"
local system = require "system"

-- is_loaded: the next invocation needs no new state; has_journal: what the last run wrote can be
-- taken back by the state that is there, also when the next run will have another.
local state = {
  is_loaded = false, has_journal = false, stamps = {}, settings = { trace = false }, breaks = {},
}

-- Runs in the handler's state: the files that its modules came from.
local list_files = [[
local json, files = require "json", {}
for name in pairs(package.loaded) do
  local path = package.searchpath(name, package.path)
  if path then files[#files + 1] = path end
end
table.sort(files)
return json.encode(json.array(files))
]]

local function raise_unless(value, err)
  if value == nil then error(err, 0) end
  return value
end

local install = [[
require("repl.inside").install(require("json").decode(...))
return "null"
]]

--- Runs the chunk in the handler's state; a text goes in, and one comes out.
function state.ask_text(chunk, text)
  return raise_unless(prompt.ask(chunk, text))
end

--- The same; what goes in and comes out are JSON values.
function state.ask(chunk, value)
  return json.decode(state.ask_text(chunk, value ~= nil and json.encode(value) or "null"))
end

-- The files that were there before stay watched: a mistake may be why one of them is not there now.
local function watch()
  local files = state.ask(list_files)
  files[#files + 1] = host.handler_name()
  for _, path in ipairs(files) do state.stamps[path] = system.stamp(path) or "none" end
end

local function has_changed()
  for path, stamp in pairs(state.stamps) do
    if (system.stamp(path) or "none") ~= stamp then return true end
  end
  return false
end

--- What stands between the handler and its stores, from the next invocation on: see inside.lua.
function state.set(name, value)
  state.settings[name] = value
  state.forget()
end

--- The next invocation finds a state in which nothing has run.
function state.forget()
  state.is_loaded = false
end

-- Ctrl-C comes as a deadline.
local function name_interruption(err)
  if prompt.was_interrupted() then
    err.code, err.message, err.operation = "interrupted", "stopped by Ctrl-C", nil
  end
end

--- Loads the handler, if that has not been done since a file has changed. Returns why it was
--- loaded: "first", "changed", or nil; raises what its loading raised.
function state.refresh()
  local changed = has_changed()
  if state.is_loaded and not changed then return nil end
  local is_first = next(state.stamps) == nil
  state.is_loaded, state.has_journal = false, false
  raise_unless(prompt.renew())
  state.ask(install, state.settings)
  local ok, loaded, err = prompt.guard_handler(host.load_handler)
  if ok and not loaded then name_interruption(err) end
  watch()
  if not ok then error(loaded, 0) end
  raise_unless(loaded, err)
  state.is_loaded, state.has_journal = true, state.settings.overlay == nil
  return is_first and "first" or changed and "changed" or "forgotten"
end

--- Invokes the handler. Returns the result's JSON, or nil and the error object. `step`: it stops at
--- its first line.
function state.invoke(event_json, step)
  debugger.watch(state.breaks, step)
  local ok, text, err = prompt.guard_handler(host.invoke, event_json)
  if not ok then return nil, text end
  if not text then name_interruption(err) end
  return text, err
end

return state
