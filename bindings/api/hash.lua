---@meta hash

---Digests of strings and bytes: what names a content.
---@class hash
local hash = {}

---@class hash.options
---@field encoding? "hex"|"base64"|"raw" Default "hex", in lower case.

---SHA-256: 32 bytes.
---@param text string|bytes
---@param options? hash.options
---@return string digest
function hash.sha256(text, options) end

---SHA-1: 20 bytes. Only where something else asks for it.
---@param text string|bytes
---@param options? hash.options
---@return string digest
function hash.sha1(text, options) end

---MD5: 16 bytes. The ETag of an object that was put in one piece is this, in quotes.
---@param text string|bytes
---@param options? hash.options
---@return string digest
function hash.md5(text, options) end

---CRC-32 (IEEE): 4 bytes, the highest first.
---@param text string|bytes
---@param options? hash.options
---@return string digest
function hash.crc32(text, options) end

---@class hash.hmac_sha256.options
---@field key string
---@field text string|bytes
---@field encoding? "hex"|"base64"|"raw" Default "hex".

---HMAC with SHA-256: 32 bytes.
---@param options hash.hmac_sha256.options
---@return string digest
function hash.hmac_sha256(options) end

return hash
