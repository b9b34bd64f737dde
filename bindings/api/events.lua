---@meta events

---Every way in which an upload can arrive, made into one shape, and the function that runs your
---rules on each of them.
---
---```lua
---local events = require "events"
---return events.handler {
---  created = function(upload, context) ... end,
---  deleted = function(upload, context) ... end,
---}
---```
---@class events
local events = {}

---One object that was created, replaced or deleted.
---@class events.upload
---@field kind "created"|"deleted"|"other" What happened; "other" is a tag, an ACL, a restore, a change of storage class.
---@field event string The source's own name for it: "ObjectCreated:Put".
---@field via "s3"|"direct" How it arrived: a notification of S3, or `{"bucket": ..., "key": ...}` sent by hand.
---@field bucket string
---@field key string The object's key, decoded: any bytes that S3 allows.
---@field size? integer Bytes. Absent for deletes.
---@field etag? string With its quotes, as `if_match` wants it. Absent for deletes.
---@field version_id? string Only of buckets with versions.
---@field sequencer? string Orders the events of one key: compare as strings. Absent when the event has none.
---@field time? string When it happened, as the event says it: "2026-11-20T10:00:00.000Z".
---@field region? string
---@field name string The key's last part: "cat.jpg" of "2026/cat.jpg".
---@field folder string What is before it: "2026/", or "".
---@field stem string The name without its extension: "cat".
---@field extension string The name's extension as it was written: "jpg", or "". Says nothing about the content.
---@field slug string The key itself where it is harmless in URLs and paths, else a changed key with a hash. At most 213 bytes; two keys never share one.

---What becomes of one upload. What the rule returned, and:
---@class events.record
---@field bucket string
---@field key string
---@field kind "created"|"deleted"|"other"
---@field status string What the rule said, else "done", "deleted", "rejected" or "ignored".
---@field code? string Of a rejected upload: the error's code.
---@field reason? string Of a rejected upload: the error's message.

---The rules, one for each kind of upload. A rule gets the upload and the context and returns a table, which becomes part of the result, or nothing.
---@class events.handler.options
---@field created? fun(upload: events.upload, context: context): table? An object is there, new or replaced.
---@field deleted? fun(upload: events.upload, context: context): table? An object is gone.
---@field other? fun(upload: events.upload, context: context): table? Anything else. What has no rule is "ignored".
---@field rejected? fun(upload: events.upload, error: error, context: context): table? The rule failed for good: record it.
---@field concurrency? integer How many uploads of one event are worked on at a time, 1 to 1000. Default 8.

---Makes a handler of rules.
---
---The uploads of an event run side by side, those of one object in their order, and a failure of
---one does not touch the others. What will fail again however often it is tried (see
---`events.permanent`) is recorded with status "rejected" and acknowledged. Any other failure is
---raised when everything else is done, so that the platform delivers the event again: rules should
---find what is done already and leave it.
---@param options events.handler.options
---@return fun(event: table, context: context): {records: events.record[]} handler
function events.handler(options) end

---Reads an event: all records of an S3 notification, or one `{bucket, key}`. A test event holds no
---uploads. Raises `bad_event` for anything else, naming what it saw.
---@param event table The event, as it was decoded from JSON.
---@return events.upload[] uploads
function events.uploads(event) end

---Ends the current rule: this upload is refused for good. It is recorded with status "rejected",
---and not tried again.
---@param reason string For a person.
function events.reject(reason) end

---Whether an error will be the same however often it is tried: `bad_image`, `unsupported`,
---`rejected`, `limit` of `image.open` and `image.probe`, and `too_large` of `s3.get` and `s3.find`.
---Everything else may pass, or be mended without another upload (`limit` of a render: the target is
---too large, or the memory too small): it is worth another delivery, and at last the dead-letter
---queue.
---@param error any
---@return boolean
function events.permanent(error) end

---Makes a sample event, as AWS sends it. The same fields give the same event.
---@param name string One of `events.samples()`: "s3-put", "s3-delete", "s3-test", "direct".
---@param fields? table Fields to set: `{ bucket = "uploads", key = "a b.jpg" }`.
---@return table event
function events.sample(name, fields) end

---A kind of sample event.
---@class events.sample_kind
---@field name string
---@field description string
---@field fields {name: string, type: string, default: any}[] What can be set.

---Lists the sample events.
---@return events.sample_kind[]
function events.samples() end

return events
