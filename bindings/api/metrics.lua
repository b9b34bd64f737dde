---@meta metrics

---CloudWatch metrics without a request: they are collected, and written as one line (embedded
---metric format) at the end of the invocation: in Lambda, unless LUNETTE_METRICS=no, or with
---LUNETTE_METRICS=1 on standard error. The namespace is LUNETTE_METRICS_NAMESPACE, by default "Lunette". `events.handler` counts
---how its uploads end: "done", "unchanged", "rejected", "failed", ...; and tells a first invocation
---("cold_start"), the request and its trace.
---
---With them go, of the time since the last line:
---
---| metric | |
---|---|---|
---| `get_ms put_ms s3_ms dynamodb_ms` | reading and writing objects, S3's other calls, DynamoDB's |
---| `decode_ms resize_ms encode_ms` | the photos' stages; colours are converted in the second |
---| `lua_ms` | the rules themselves |
---| `bytes_in bytes_out` | of the bodies that came and went |
---| `pixels pictures requests` | of the photos decoded; pictures encoded; calls of S3 and DynamoDB |
---| `peak_memory_bytes` | the process's, so far |
---
---What runs side by side is added: the milliseconds may be more than those that passed.
---@class metrics
local metrics = {}

---Counts something.
---@param name string 1 to 255 printable characters.
---@param amount? number Default 1.
function metrics.count(name, amount) end

---Notes how long something took.
---@param name string
---@param milliseconds number
function metrics.time(name, milliseconds) end

---Notes how much data something was.
---@param name string
---@param bytes number
function metrics.bytes(name, bytes) end

---Adds a dimension to all metrics of this invocation, at most 30. The function's name is one
---already.
---@param name string
---@param value string
function metrics.dimension(name, value) end

---Adds a field to the line that is no metric: to search for, in the log.
---@param name string
---@param value any What JSON can say.
function metrics.property(name, value) end

---Writes what was collected. `events.handler` does it; only a handler without it must.
function metrics.flush() end

return metrics
