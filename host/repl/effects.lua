-- What a run did: `.effects`, `.diff`, `.undo`, `.dry`, `.trace`.

local json = require "json"
local layout = require "commands.table"
local show = require "repl.show"
local sorted_keys = require "lunette.sorted_keys"
local state = require "repl.state"
local store = require "store"
local system = require "system"

local effects = {}

local looked_at_max = 50
local header_bytes = 65536

local function last_run(session)
  return session.last or session:usage("nothing has run yet; .run does that")
end

-- ---- .effects ----------------------------------------------------------------------------------

local read_object = 'return require("repl.inside").read(require("json").decode(...))'

local function bytes_of(effect, range)
  local asked = { bucket = effect.place, key = effect.key, range = range }
  return state.ask_text(read_object, json.encode(asked))
end

-- "JPEG 1600x1067 sRGB" of an object that is a picture.
local function picture_of(effect)
  local is_object = effect.operation == "s3.put" or effect.operation == "s3.get"
  if not is_object or effect.code then return "" end
  local picture = show.picture(bytes_of(effect, { 0, header_bytes - 1 })) or ""
  return (picture:gsub(" %S+ %S+$", "")) -- the bytes have a column of their own
end

local columns = {
  { title = "call" }, { title = "what" }, { title = "bytes", right = true },
  { title = "ms", right = true }, { title = "status" },
}

-- "200, JPEG 1600x1067 sRGB", "503 SlowDown, 3 tries"
local function status_of(effect, picture)
  local parts = { effect.code and ("%d %s"):format(effect.status, effect.code)
    or tostring(effect.status) }
  if (effect.attempts or 1) > 1 then parts[#parts + 1] = effect.attempts .. " tries" end
  if picture ~= "" then parts[#parts + 1] = picture end
  return table.concat(parts, ", ")
end

local function what_of(effect)
  return effect.key and effect.place .. "/" .. effect.key or effect.place
end

local function list(session)
  local this = last_run(session)
  if #this.effects == 0 then return session:say("it read and wrote nothing") end
  local rows, written = {}, {}
  for i, effect in ipairs(this.effects) do
    local picture = i <= looked_at_max and picture_of(effect) or ""
    rows[i] = { effect.operation, what_of(effect), layout.bytes(effect.bytes),
      ("%.1f"):format(effect.milliseconds), status_of(effect, picture), long = 5 }
    if picture ~= "" and effect.write then written[#written + 1] = effect end
  end
  session:say(layout.table(columns, rows))
  session:preview(written, bytes_of)
end

-- ---- .diff -------------------------------------------------------------------------------------

local function flatten(value, path, into)
  if type(value) ~= "table" or next(value) == nil then
    into[path] = json.encode(value)
    return into
  end
  for key, item in pairs(value) do
    local step = math.type(key) == "integer" and ("[%d]"):format(key) or "." .. key
    flatten(item, path .. step, into)
  end
  return into
end

local function effects_of(this)
  local into = {}
  for _, effect in ipairs(this.effects) do
    if effect.write then
      local name = effect.operation .. " " .. what_of(effect)
      into[name] = ("%s%s"):format(layout.bytes(effect.bytes),
        effect.code and " " .. effect.code or "")
    end
  end
  return into
end

local function error_of(this)
  return this.error and { error = tostring(this.error) } or {}
end

-- A line for each name whose text differs.
local function compare(before, after, lines)
  local either = {}
  for name in pairs(before) do either[name] = true end
  for name in pairs(after) do either[name] = true end
  for _, name in ipairs(sorted_keys(either)) do
    local old, new = before[name], after[name]
    if old == nil then
      lines[#lines + 1] = ("+ %s: %s"):format(name, new)
    elseif new == nil then
      lines[#lines + 1] = ("- %s: %s"):format(name, old)
    elseif old ~= new then
      lines[#lines + 1] = ("~ %s: %s -> %s"):format(name, old, new)
    end
  end
end

local function diff(session)
  local after = last_run(session)
  local before = session.previous or session:usage("there was only one run so far")
  local lines = {}
  compare(flatten(before.result, "result", {}), flatten(after.result, "result", {}), lines)
  compare(error_of(before), error_of(after), lines)
  compare(effects_of(before), effects_of(after), lines)
  session:say(#lines > 0 and table.concat(lines, "\n") or "no difference")
end

-- ---- .undo, .dry, .trace -----------------------------------------------------------------------

local function undo(session)
  last_run(session)
  if state.settings.overlay then session:usage("a dry run wrote nothing; .dry off forgets it") end
  if not state.settings.undo then session:usage(".undo works in the local store only") end
  if not state.has_journal then
    session:usage("the handler was loaded anew since its last run: .undo knows no more of that")
  end
  local count = state.ask [[
    local inside = require "repl.inside"
    return require("json").encode(inside.undo())
  ]]
  session:say(("%d %s as before"):format(count, count == 1 and "thing is" or "things are"))
end

-- "on" or "off" of a command's first word; nil when there is none.
local function switch(session, name, words)
  if not words[1] then return nil end
  if words[1] ~= "on" and words[1] ~= "off" then session:usage(".%s on, or .%s off", name, name) end
  return words[1] == "on"
end

--- Forgets what dry runs wrote.
function effects.close()
  if state.settings.overlay then
    system.remove_folder(state.settings.overlay)
    state.settings.overlay, state.settings.touched = nil, nil
  end
end

local function dry(session, words)
  local on = switch(session, "dry", words)
  if on == true and not state.settings.overlay then
    state.set("overlay", system.temporary_folder())
  elseif on == false and state.settings.overlay then
    effects.close()
    state.forget()
  end
  session:say(state.settings.overlay
    and "dry: reads are real, writes are kept apart and forgotten with .dry off"
    or "not dry: the handler's writes are real")
end

local function trace(session, words)
  local on = switch(session, "trace", words)
  if on ~= nil and on ~= state.settings.trace then state.set("trace", on) end
  session:say(state.settings.trace and "calls are told as they happen" or "calls are not told")
end

--- Before the first run.
function effects.open()
  state.settings.undo = store.is_local()
end

effects.commands = {
  { name = "effects", usage = ".effects", run = list,
    summary = "lists what the last run read, wrote and deleted, with previews of its pictures" },
  { name = "diff", usage = ".diff", run = diff,
    summary = "compares the last run's result and writes with those of the run before" },
  { name = "undo", usage = ".undo", run = undo,
    summary = "takes the last run's writes back (local store)" },
  { name = "dry", usage = ".dry [on | off]", run = dry,
    summary = "reads for real and keeps the handler's writes apart, also with --aws" },
  { name = "trace", usage = ".trace [on | off]", run = trace,
    summary = "tells the handler's calls as they happen" },
}

return effects
