-- In the handler's Lua state: which attributes of an item are its key.

local core = require "dynamodb_core"

local keys = { schemas = {} }

-- The names of the table's key attributes. DynamoDB is asked once.
local function schema(inside, table_name)
  if not keys.schemas[table_name] then
    inside.hide("dynamodb.describe", table_name)
    local body = ('{"TableName":%s}'):format(core.quote(table_name))
    keys.schemas[table_name] = core.call("describe", table_name, nil, body)
  end
  return keys.schemas[table_name]
end

--- The item's key.
function keys.of(inside, table_name, item)
  local key = {}
  for _, attribute in ipairs(schema(inside, table_name)) do
    key[attribute.name] = item[attribute.name]
  end
  return key
end

--- The table's keys as --table writes them: "id:S,at:N".
function keys.specification(inside, table_name)
  local parts = {}
  for i, attribute in ipairs(schema(inside, table_name)) do
    parts[i] = attribute.name .. ":" .. attribute.type
  end
  return table.concat(parts, ",")
end

--- The key as effects show it: "at=3, id=abc".
function keys.describe(key)
  local parts = {}
  for name, value in pairs(key) do parts[#parts + 1] = name .. "=" .. tostring(value) end
  table.sort(parts)
  return table.concat(parts, ", ")
end

--- A text that is the same for the same key, and only for it.
function keys.text(key)
  local parts = {}
  for name, value in pairs(key) do
    local text = tostring(value)
    parts[#parts + 1] = ("%s=%s%d:%s"):format(name, type(value), #text, text)
  end
  table.sort(parts)
  return table.concat(parts, ",")
end

return keys
