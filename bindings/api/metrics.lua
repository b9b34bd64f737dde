---@meta metrics

---CloudWatch metrics without a request: they are collected, and written as one line (embedded
---metric format) at the end of the invocation: in Lambda, or with LUNETTE_METRICS=1 on standard
---error. The namespace is LUNETTE_METRICS_NAMESPACE, by default "Lunette". `events.handler` counts
---how its uploads end: "done", "unchanged", "rejected", "failed", ...
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

---Writes what was collected. `events.handler` does it; only a handler without it must.
function metrics.flush() end

return metrics
