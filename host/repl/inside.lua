-- In the handler's Lua state, not the prompt's: stands between the handler and the modules `s3` and
-- `dynamodb`, so that writes can be taken back (ledger.lua) or kept apart (overlay.lua), and calls
-- be told as they happen. Called by state.lua through prompt.ask.

local dynamodb = require "dynamodb"
local effects = require "effects"
local failure = require "failure"
local json = require "json"
local layout = require "commands.table"
local s3 = require "s3"
local stages = require "stages"

local inside = { hidden = {} }

local before

-- What these call, nobody else does: their calls are no part of what the handler did.
local real = { s3 = {}, dynamodb = {} }
for name, value in pairs(s3) do real.s3[name] = value end
for name, value in pairs(dynamodb) do real.dynamodb[name] = value end

local operations = {
  s3 = { "get", "find", "head", "put", "copy", "delete", "delete_all", "list" },
  dynamodb = {
    "get", "put", "update", "delete", "query", "scan", "batch_get", "batch_write", "transact",
  },
}

--- Notes that the next effect of this kind is not the handler's.
function inside.hide(operation, place, key)
  local name = table.concat({ operation, place, key or "" }, "\0")
  inside.hidden[name] = (inside.hidden[name] or 0) + 1
end

-- ---- telling -----------------------------------------------------------------------------------

local told

-- The call's own record is the last one: it was made when the call ended, just now.
local function tell(operation, ok, err)
  local list = effects.list()
  local effect = list[#list]
  if not effect or effect == told or effect.operation ~= operation then
    effect = { place = "?", status = ok and 200 or failure.field(err, "status") or 0, bytes = 0 }
  end
  told = effect
  io.stdout:write(("  %s %s%s %d%s %s %.1f ms\n"):format(operation, effect.place,
    effect.key and "/" .. effect.key or "", effect.status, effect.code and " " .. effect.code or "",
    layout.bytes(effect.bytes), effect.milliseconds or 0))
  io.stdout:flush()
end

local function traced(operation, call)
  return function(options)
    local results = table.pack(pcall(call, options))
    tell(operation, results[1], results[2])
    if not results[1] then error(results[2], 0) end
    return table.unpack(results, 2, results.n)
  end
end

local function trace_all(module, name)
  for _, function_name in ipairs(operations[name]) do
    module[function_name] = traced(name .. "." .. function_name, module[function_name])
  end
end

-- ---- for the prompt ----------------------------------------------------------------------------

--- Before the handler is loaded. settings = {trace, undo, overlay = folder, touched, store = the
--- folder of another store}
function inside.install(settings)
  if settings.store then
    inside.store = require("overlay").open(settings.store)
    inside.store:use(true)
  end
  if settings.overlay then
    require("repl.overlay").install(inside, real, settings)
  elseif settings.undo then
    require("repl.ledger").install(inside, real)
  end
  inside.get = s3.get
  if settings.trace then
    trace_all(s3, "s3")
    trace_all(dynamodb, "dynamodb")
  end
end

--- Before a run. `goes_on`: it is one of several that are taken back together.
function inside.begin(goes_on)
  effects.clear()
  inside.hidden = {}
  if inside.on_begin and not goes_on then inside.on_begin() end
  before = stages.totals()
end

--- An object as the handler would see it now; nobody is told.
function inside.read(options)
  local ok, object = pcall(inside.get, options)
  return ok and object and object.body or ""
end

-- Where stages.totals() counts a call's time (bindings/stages.h).
local function stage_of(operation)
  if operation == "s3.get" or operation == "s3.find" then return "get_ms" end
  if operation == "s3.put" then return "put_ms" end
  return operation:find("^s3%.") and "s3_ms" or "dynamodb_ms"
end

-- The effects without those that were hidden, whose time is taken off `after`; how often the latter
-- wrote.
local function visible(after)
  local list, hidden_writes = json.array {}, 0
  for _, effect in ipairs(effects.list()) do
    local name = table.concat({ effect.operation, effect.place, effect.key or "" }, "\0")
    local left = inside.hidden[name] or 0
    if left > 0 then
      inside.hidden[name] = left - 1
      local stage = stage_of(effect.operation)
      after[stage] = after[stage] - effect.milliseconds
      hidden_writes = hidden_writes + (effect.write and not effect.code and 1 or 0)
    else
      list[#list + 1] = effect
    end
  end
  return list, hidden_writes
end

--- After a run: {effects, writes, before, after, touched}.
function inside.report()
  local after = stages.totals()
  local list, hidden_writes = visible(after)
  return {
    effects = list, writes = effects.counts().writes - hidden_writes, before = before,
    after = after, touched = inside.touched,
  }
end

return inside
