-- The manifest as text: what an update or a removal makes of it. No I/O, so that every rule can be
-- tested with strings. Called by manifest_object.lua and manifest_table.lua.
--
-- The text is a JSON array of objects, one per `name`; one entry a line, fields in alphabetical
-- order, so that the same content is the same bytes and two versions can be compared by eye.

local json = require "json"

local text = { empty = "[]\n" }

--- The entries, or nil and what is wrong. A manifest that is not understood must never be
--- overwritten: it may be the only copy of somebody's work.
function text.parse(bytes)
  local ok, list = pcall(json.decode, bytes)
  if not ok then return nil, "is not valid JSON: " .. tostring(list) end
  if type(list) ~= "table" or not json.is_array(list) then return nil, "is not a JSON array" end
  local seen = {}
  for i, entry in ipairs(list) do
    if type(entry) ~= "table" or json.is_array(entry) then
      return nil, ("holds something that is not an object, at place %d"):format(i)
    end
    if entry.name ~= nil and seen[entry.name] then
      return nil, ("holds the name '%s' twice, at places %d and %d"):format(
        tostring(entry.name), seen[entry.name], i)
    end
    if entry.name ~= nil then seen[entry.name] = i end
  end
  return list
end

local function joined(lines)
  if #lines == 0 then return text.empty end
  return "[\n" .. table.concat(lines, ",\n") .. "\n]\n"
end

function text.serialise(list)
  local lines = {}
  for i, entry in ipairs(list) do lines[i] = json.encode(entry) end
  return joined(lines)
end

function text.find(list, name)
  for i, entry in ipairs(list) do
    if entry.name == name then return entry, i end
  end
end

local function merged(previous, entry)
  local result = {}
  for field, value in pairs(previous or {}) do result[field] = value end
  for field, value in pairs(entry) do result[field] = value end
  return result
end

-- Only where both say when: an event without a sequencer has no order.
local function is_newer(previous, sequencer)
  return previous ~= nil and type(previous.sequencer) == "string"
      and type(sequencer) == "string" and previous.sequencer > sequencer
end

--- What an update makes of the entry that is there, `previous` or nil; `removed` is the sequencer
--- of its removal, if that is known. Fields that only the old one has stay. Returns what happened
--- ("updated", "unchanged", "superseded") and, when there is something to write, the new entry.
function text.update(previous, entry, removed)
  if is_newer(previous or { sequencer = removed }, entry.sequencer) then return "superseded" end
  local new = merged(previous, entry)
  if previous and json.encode(new) == json.encode(previous) then return "unchanged" end
  return "updated", new
end

--- What a removal makes of it: "removed", "absent" or "superseded".
function text.remove(previous, sequencer)
  if not previous then return "absent" end
  if is_newer(previous, sequencer) then return "superseded" end
  return "removed"
end

--- The text with `entry` in the place of the one called `name`, or at the end; without that one
--- when `entry` is nil. The list is not changed.
function text.with(list, name, entry)
  local _, place = text.find(list, name)
  local copy = table.move(list, 1, #list, 1, json.array {})
  if entry then
    copy[place or #copy + 1] = entry
  elseif place then
    table.remove(copy, place)
  end
  return text.serialise(copy)
end

-- Those that are in `rows` but not among the `placed`, as they came.
local function newcomers(rows, placed)
  local names = {}
  for name, row in pairs(rows) do
    if row.entry and not placed[name] then names[#names + 1] = name end
  end
  table.sort(names, function(a, b)
    if rows[a].since ~= rows[b].since then return rows[a].since < rows[b].since end
    return a < b
  end)
  return names
end

--- The text of a list that is brought in line with `rows`: by name, { entry = JSON or nil for one
--- that was taken out, since = seconds }. What the rows do not know stays; the order stays, and
--- what is new comes at the end, the oldest first.
function text.merge(list, rows)
  local lines, placed = {}, {}
  for _, entry in ipairs(list) do
    local row = entry.name ~= nil and rows[entry.name]
    if row then placed[entry.name] = true end
    if not row or row.entry then lines[#lines + 1] = row and row.entry or json.encode(entry) end
  end
  for _, name in ipairs(newcomers(rows, placed)) do lines[#lines + 1] = rows[name].entry end
  return joined(lines)
end

--- Does the list say of all the names in `rows` what these say?
function text.shows(list, rows)
  local left = 0
  for _, row in pairs(rows) do
    if row.entry then left = left + 1 end
  end
  for _, entry in ipairs(list) do
    local row = entry.name ~= nil and rows[entry.name]
    if row and row.entry ~= json.encode(entry) then return false end
    if row then left = left - 1 end
  end
  return left == 0
end

--- Those of the `rows` that the list does not show.
function text.missing(list, rows)
  local missing = {}
  for name, row in pairs(rows) do
    if row.entry then missing[name] = row end
  end
  for _, entry in ipairs(list) do
    local row = entry.name ~= nil and rows[entry.name]
    if row then missing[entry.name] = row.entry ~= json.encode(entry) and row or nil end
  end
  return missing
end

--- Those of the rows `now` that say something else than `before`. No row ever vanishes.
function text.changed(before, now)
  local changed = {}
  for name, row in pairs(now) do
    if (before[name] and before[name].entry) ~= row.entry then changed[name] = row end
  end
  return changed
end

return text
