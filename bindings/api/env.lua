---@meta env

---Environment variables, checked. An empty variable is as good as one that is not set. A wrong
---value is an error that names the variable.
---@class env
local env = {}

---The variable's text, or the default.
---@param name string
---@param default? any
---@return any value
function env.get(name, default) end

---The variable's text; raises `usage` when it is not set.
---@param name string
---@return string value
function env.require(name) end

---@class env.integer.options
---@field name string
---@field default? integer
---@field min? integer
---@field max? integer

---The variable as an integer; nil when it is not set and there is no default.
---@param options env.integer.options
---@return integer? value
function env.integer(options) end

---@class env.flag.options
---@field name string
---@field default? boolean Default false.

---The variable as a switch.
---@param options env.flag.options
---@return boolean value
function env.flag(options) end

return env
