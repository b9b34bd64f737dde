-- What Tab does: finds out what the word before the cursor may become. `complete.new` gives the
-- function that the editor calls.

local commands = require "repl.commands"
local events = require "events"
local host = require "host"
local manual = require "commands.manual"
local places = require "commands.places"
local prompt = require "prompt"
local s3 = require "s3"
local store = require "store"

local complete = {}

local shown_max, keys_max = 60, 100

local keywords = {
  "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
  "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
}

-- ---- sources of names --------------------------------------------------------------------------

local function files(word)
  local folder, start = word:match("^(.*/)([^/]*)$")
  local list = {}
  for _, name in ipairs(host.list(folder or ".") or {}) do
    local is_hidden = name:sub(1, 1) == "." and (start or word):sub(1, 1) ~= "."
    if not is_hidden then list[#list + 1] = (folder or "") .. name end
  end
  return list
end

local function buckets()
  local list = {}
  if store.is_local() then
    for _, name in ipairs(host.list(store.directory()) or {}) do
      list[#list + 1] = name:match("^(%w[%w.-]+)/$")
    end
  else
    list = { places.uploads, os.getenv "DESTINATION_BUCKET" }
  end
  return list
end

local function keys(bucket, start)
  local list = {}
  local ok, page = pcall(s3.list, { bucket = bucket, prefix = start, max_keys = keys_max })
  for i, object in ipairs(ok and page.objects or {}) do list[i] = object.key end
  return list
end

-- "uploads/in/cat.jpg" for a command: buckets first, then their keys.
local function objects(word)
  local bucket, start = word:match("^([^/]+)/(.*)$")
  local list = {}
  for i, name in ipairs(bucket and keys(bucket, start) or buckets()) do
    list[i] = bucket and bucket .. "/" .. name or name .. "/"
  end
  return list
end

-- ---- a command ---------------------------------------------------------------------------------

local function saved_events()
  local list = {}
  for _, name in ipairs(host.list "events" or {}) do
    list[#list + 1] = name:match("^(.*)%.json$")
  end
  return list
end

local function event_names()
  local list = { "list ", "show ", "edit ", "save ", "load " }
  for _, sample in ipairs(events.samples()) do list[#list + 1] = sample.name .. " " end
  return list
end

local function event_fields(name)
  local list = {}
  for _, sample in ipairs(events.samples()) do
    if sample.name == name then
      for _, field in ipairs(sample.fields) do list[#list + 1] = field.name .. "=" end
    end
  end
  return list
end

local function event_words(word, before)
  if #before == 0 then return event_names() end
  if before[1] == "load" then return word:find("/", 1, true) and files(word) or saved_events() end
  local list = objects(word)
  return table.move(event_fields(before[1]), 1, 50, #list + 1, list)
end

local function upload_keys(word) return keys(places.uploads, word) end

local function on_or_off() return { "on", "off" } end

local function command_names()
  local list = {}
  for i, command in ipairs(commands.all()) do list[i] = "." .. command.name .. " " end
  return list
end

local arguments = {
  event = event_words, drop = files, remove = upload_keys, replay = files, batch = files,
  dry = on_or_off, trace = on_or_off, doc = manual.names, explain = objects,
  help = function()
    local list = {}
    for i, command in ipairs(commands.all()) do list[i] = command.name end
    return list
  end,
}

local function of_command(line)
  local name, rest = line:match("^%s*%.(%a[%w_-]*)%s+(.*)$")
  if not name then return line:match("^%s*(.*)$"), command_names() end
  local before = {}
  for word in rest:gmatch("(%S+)%s") do before[#before + 1] = word end
  local word = rest:match("(%S*)$")
  return word, arguments[name] and arguments[name](word, before) or {}
end

-- ---- Lua ---------------------------------------------------------------------------------------

-- The start of a string that has not ended, and what comes before it; nil outside of one.
local function open_string(line)
  local at, quote = 1, nil
  local from
  while at <= #line do
    local c = line:sub(at, at)
    if quote and c == "\\" then
      at = at + 1
    elseif c == quote then
      quote = nil
    elseif not quote and (c == '"' or c == "'") then
      quote, from = c, at
    end
    at = at + 1
  end
  if quote then return line:sub(from + 1), line:sub(1, from - 1) end
end

local function in_string(text, before)
  if before:find("bucket%s*=%s*$") then return buckets() end
  if before:find("key%s*=%s*$") then
    local bucket = before:match("bucket%s*=%s*[\"']([^\"']+)[\"']") or places.uploads
    return keys(bucket, text)
  end
  return files(text)
end

local function add_names(value, list)
  if type(value) ~= "table" then return end
  for name in next, value do
    if type(name) == "string" and name:find("^[%a_][%w_]*$") then list[#list + 1] = name end
  end
end

-- What can follow "value." or "value:".
local function fields_of(value)
  local list, meta = {}, getmetatable(value)
  add_names(value, list)
  if type(meta) == "table" then add_names(rawget(meta, "__index"), list) end
  if type(value) == "userdata" then -- a photo: its fields are in the manual only
    for _, name in ipairs(manual.names()) do list[#list + 1] = name:match("[.:]photo[.:](.*)$") end
  end
  return list
end

local function names_in(env, modules)
  local list = table.move(keywords, 1, #keywords, 1, {})
  table.move(modules, 1, #modules, #list + 1, list)
  add_names(env, list)
  add_names(_G, list)
  return list
end

-- The value of "a.b.c"; nil when it is none.
local function value_of(env, chain)
  local value = env
  for name in chain:gmatch("[^.:]+") do
    local ok, next_value = pcall(function() return value[name] end)
    if not ok then return nil end
    value = next_value
  end
  return value
end

local function of_lua(line, session)
  local text, before = open_string(line)
  if text then return text, in_string(text, before) end
  local chain, word = line:match("([%a_][%w_.:]*)[.:]([%w_]*)$")
  if chain then return word, fields_of(value_of(session.env, chain)) end
  if line:find("[.:][%w_]*$") then return "", {} end
  word = line:match("[%w_]*$")
  return word, names_in(session.env, session.modules)
end

-- ---- the answer --------------------------------------------------------------------------------

local function matching(word, list)
  local found, seen = {}, {}
  for _, name in ipairs(list) do
    if name:sub(1, #word) == word and not seen[name] then
      seen[name] = true
      found[#found + 1] = name
    end
  end
  table.sort(found)
  return found
end

local function common_start(names)
  local start = names[1]
  for _, name in ipairs(names) do
    while name:sub(1, #start) ~= start do start = start:sub(1, -2) end
  end
  while not utf8.len(start) do start = start:sub(1, -2) end
  return start
end

local function columns(names, width)
  local longest = 0
  for _, name in ipairs(names) do longest = math.max(longest, utf8.len(name) or #name) end
  local per_line = math.max(1, width // (longest + 2))
  local lines, line = {}, ""
  for i = 1, math.min(#names, shown_max) do
    line = line .. names[i] .. (" "):rep(longest + 2 - (utf8.len(names[i]) or #names[i]))
    if i % per_line == 0 or i == math.min(#names, shown_max) then
      lines[#lines + 1] = line:gsub("%s+$", "")
      line = ""
    end
  end
  if #names > shown_max then lines[#lines + 1] = ("... %d more"):format(#names - shown_max) end
  return table.concat(lines, "\r\n")
end

--- What Tab inserts after `before`, and what it shows; each may be nil.
function complete.line(session, before)
  local word, list
  if commands.is_command(before) or before:find("^%s*%.$") then
    word, list = of_command(before)
  else
    word, list = of_lua(before, session)
  end
  local found = matching(word, list)
  if #found == 0 then return nil end
  local start = common_start(found)
  if #start > #word then return start:sub(#word + 1) end
  if #found > 1 then return nil, columns(found, session:width()) end
end

--- The function for editor:on_complete(). What takes long, a list of keys, Ctrl-C stops.
function complete.new(session)
  return function(before)
    local ok, inserted, shown = prompt.guard(complete.line, session, before)
    if ok then return inserted, shown end
  end
end

return complete
