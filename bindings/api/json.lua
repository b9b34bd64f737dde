---@meta json

---JSON that keeps what it is given: integers stay integers (all 64 bits), floats read back the same,
---`[]` and `{}` stay what they are, and what can't be said exactly is an error instead of a guess.
---@class json
local json = {}

---JSON's null, where a nil would make the field vanish.
---@type lightuserdata
json.null = nil

---Reads JSON. Of a key that stands twice in an object, the last counts.
---
---Errors: `bad_json`, naming the byte: no valid UTF-8, NaN, trailing text, an integer beyond 64
---bits, nested deeper than 128.
---@param text string
---@return any value
function json.decode(text) end

---@class json.encode.options
---@field indent? integer Blanks a level, 0 to 8. Default 0: everything on one line.

---Writes JSON; keys are sorted, so that equal values give equal texts. An empty table is `{}`, one
---marked with `json.array` is `[]`.
---
---Errors: `usage`, naming the path ("tags[3] is a function"): functions, NaN, strings that are not
---UTF-8, tables with both names and numbers or with holes, cycles.
---@param value any
---@param options? json.encode.options
---@return string text
function json.encode(value, options) end

---Marks a table as an array, so that it is `[]` also when it is empty.
---@param list? table Default: a new one.
---@return table list The same table.
function json.array(list) end

---Takes that mark away.
---@param value? table Default: a new one.
---@return table value The same table.
function json.object(value) end

---Whether a table would be written as an array: it is marked, or has something at 1.
---@param value any
---@return boolean
function json.is_array(value) end

return json
