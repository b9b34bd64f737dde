-- The manifest as text: what an update or a removal makes of it. No I/O, so that every rule can be
-- tested with strings. Called by manifest.lua only.
--
-- The text is a JSON array of objects, one per `name`; one entry a line, fields in alphabetical
-- order, so that the same content is the same bytes and two versions can be compared by eye.

local json = require "json"

local text = {}

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

function text.serialise(list)
  if #list == 0 then return "[]\n" end
  local lines = {}
  for i, entry in ipairs(list) do lines[i] = json.encode(entry) end
  return "[\n" .. table.concat(lines, ",\n") .. "\n]\n"
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

--- Puts `entry` in the place of the one with its name, or at the end. Fields that only the old
--- entry has stay. Returns what happened ("updated", "unchanged", "superseded"), the new text when
--- there is something to write, and the old entry.
function text.update(list, entry)
  local previous, place = text.find(list, entry.name)
  if is_newer(previous, entry.sequencer) then return "superseded", nil, previous end
  local new = merged(previous, entry)
  if previous and json.encode(new) == json.encode(previous) then
    return "unchanged", nil, previous
  end
  local copy = table.move(list, 1, #list, 1, json.array {})
  copy[place or #copy + 1] = new
  return "updated", text.serialise(copy), previous
end

--- Takes the entry out. Returns "removed", "absent" or "superseded", the new text when there is
--- something to write, and the old entry.
function text.remove(list, name, sequencer)
  local previous, place = text.find(list, name)
  if not previous then return "absent" end
  if is_newer(previous, sequencer) then return "superseded", nil, previous end
  local copy = table.move(list, 1, #list, 1, json.array {})
  table.remove(copy, place)
  return "removed", text.serialise(copy), previous
end

return text
