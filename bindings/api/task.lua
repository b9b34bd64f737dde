---@meta task

---Pieces of a script side by side. Every call that waits (s3, dynamodb, rendering) lets the others
---go on; Lua itself runs on one thread, so a script needs no locks.
---@class task
local task = {}

---@class task.map.options
---@field concurrency? integer How many at a time, 1 to 1024. Default 16.

---Calls a function for each item of a list, side by side, and returns the results in the list's
---order. The first error cancels the rest, and is raised. The list is copied first; at most
---1,000,000 items.
---
---```lua
---local heads = task.map(keys, function(key) return s3.head { bucket = "b", key = key } end)
---```
---@param list any[]
---@param fn fun(item: any, index: integer): any
---@param options? task.map.options
---@return any[] results
function task.map(list, fn, options) end

---Calls functions side by side and returns their results in order. The first error cancels the
---rest, and is raised.
---@param functions (fun(): any)[] At most 1024.
---@return any[] results
function task.all(functions) end

---Waits; the other tasks go on.
---@param milliseconds integer 0 to 900000.
function task.sleep(milliseconds) end

---How long this invocation may still run; math.maxinteger when there is no deadline.
---@return integer milliseconds
function task.remaining_ms() end

return task
