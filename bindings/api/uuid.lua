---@meta uuid

---Identifiers by RFC 9562, as 36 characters in lower case.
---@class uuid
local uuid = {}

---A random one.
---@return string
function uuid.v4() end

---A random one that begins with the time: later ones sort behind earlier ones.
---@return string
function uuid.v7() end

---@class uuid.v5.options
---@field name string
---@field namespace string A UUID, or "dns", "url", "oid", "x500".

---One made of a name: the same name gives the same one. What is delivered twice gets one id.
---@param options uuid.v5.options
---@return string
function uuid.v5(options) end

return uuid
