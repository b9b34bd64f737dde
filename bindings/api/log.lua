---@meta log

---One line per event, in JSON or as text (AWS_LAMBDA_LOG_FORMAT), with the invocation's id. Lines
---below the level (LUNETTE_LOG_LEVEL or AWS_LAMBDA_LOG_LEVEL; locally "warn") are not written.
---`print` writes a line of level info.
---
---The values of fields that look like secrets (token, password, authorization, ...) become `***`. A
---value that JSON can't say is written as its text.
---@class log
local log = {}

---Writes a line of level "trace".
---@param message any
---@param fields? table<string, any> At most 64.
function log.trace(message, fields) end

---Writes a line of level "debug".
---@param message any
---@param fields? table<string, any> At most 64.
function log.debug(message, fields) end

---Writes a line of level "info".
---
---```lua
---log.info("resized", { key = upload.key, width = 128 })
---```
---@param message any
---@param fields? table<string, any> At most 64.
function log.info(message, fields) end

---Writes a line of level "warn".
---@param message any
---@param fields? table<string, any> At most 64.
function log.warn(message, fields) end

---Writes a line of level "error".
---@param message any
---@param fields? table<string, any> At most 64.
function log.error(message, fields) end

---Adds fields to every further line of this invocation.
---@param fields table<string, any>
function log.append(fields) end

return log
