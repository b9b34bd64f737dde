---@meta events

---Every way in which an upload or a request over HTTP can arrive, made into one shape, and the
---function that runs your rules on each of them and answers in the form that the sender expects.
---
---```lua
---local events = require "events"
---return events.handler {
---  created = function(upload, context) ... end,
---  deleted = function(upload, context) ... end,
---  request = { ["POST /thumbnails"] = function(request, context) ... end },
---}
---```
---
---| an upload comes | and the answer is |
---|---|
---| from S3, by SNS, by EventBridge, from a destination of failed events, or by hand as `{bucket, key}` | `{records = ...}`; a failure is raised |
---| by SQS, or from there by EventBridge Pipes: S3's, SNS's or EventBridge's message, or a dead letter | `{batchItemFailures = ...}`; raised only when no message of the batch succeeded |
---| from S3 Batch Operations, schema 1.0 or 2.0 | of each task `Succeeded`, `TemporaryFailure` or `PermanentFailure`, and why |
---
---A request comes from API Gateway (REST or HTTP API), a function URL or a load balancer, and is
---always answered, with an error's status if need be.
---@class events
local events = {}

---One object that was created, replaced or deleted.
---@class events.upload
---@field kind "created"|"deleted"|"other" What happened; "other" is a tag, an ACL, a restore, a change of storage class.
---@field event string The source's own name for it: "ObjectCreated:Put".
---@field via "s3"|"sqs"|"sns"|"eventbridge"|"batch"|"destination"|"direct" Who sent it to the function; "direct": `{"bucket": ..., "key": ...}`, by hand or by a state machine.
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

---A request over HTTP, whichever service passed it on.
---@class events.request
---@field via "rest_api"|"http_api"|"function_url"|"alb"
---@field method string In upper case.
---@field path string Decoded, without the stage.
---@field raw_path string As it was sent.
---@field query table<string, string> Decoded; of a name that comes several times, the last value.
---@field query_lists table<string, string[]> The same with all values.
---@field headers table<string, string> Names in lower case; what comes several times is joined.
---@field parameters table<string, string> What the path has in the places of a route's `{name}`, decoded.
---@field body string The bytes, or "".
---@field json fun(): any Reads the body as JSON; what is none is answered with 400 and the reason.
---@field event table The event itself.

---What a rule answers a request with. Nothing at all is a 204.
---@class events.answer
---@field status? integer 200 to 599. Default 200, or 204 without a body.
---@field headers? table<string, string|string[]>
---@field cookies? string[] Each as `Set-Cookie` has it.
---@field body? string|table A table is sent as JSON. Bytes that are no UTF-8 are sent as base64, as the services want it.

---The rules, one for each kind of upload. A rule gets the upload and the context and returns a table, which becomes part of the result, or nothing.
---@class events.handler.options
---@field created? fun(upload: events.upload, context: context): table? An object is there, new or replaced.
---@field deleted? fun(upload: events.upload, context: context): table? An object is gone.
---@field other? fun(upload: events.upload, context: context): table? Anything else. What has no rule is "ignored".
---@field rejected? fun(upload: events.upload, error: error, context: context): table? The rule failed for good: record it.
---@field request? fun(request: events.request, context: context): events.answer?|table<string, fun(request: events.request, context: context): events.answer?> Answers requests: one function for all of them, or one for each route, "METHOD /path" with `{name}` for a segment and `{name+}` for the rest; METHOD may be ANY. What has no route is a 404, or a 405 where the path has.
---@field concurrency? integer How many uploads of one event are worked on at a time, 1 to 1000. Default 8.

---Makes a handler of rules.
---
---The uploads of an event run side by side, those of one object in their order, and a failure of
---one does not touch the others. What will fail again however often it is tried (see
---`events.permanent`) is recorded with status "rejected" and acknowledged. Any other failure is
---raised when everything else is done, so that the platform delivers the event again: rules should
---find what is done already and leave it. So is a record that can't be read. Each failure is logged
---with its place in the event ("Records[2].body").
---
---Messages of one group of a FIFO queue are worked on one after the other; after one that failed,
---the rest of its group is not tried, and reported as failed, too. A queue's event source needs
---`ReportBatchItemFailures`: without it, SQS takes a batch of which a part failed for done.
---
---A failed request is answered: 400 with the reason for `events.reject` and bad JSON; 404 or 403 for
---an object that the rule reads and that is not there or not allowed; 413, 415 or 422 with the reason
---for a photo that is too large, of an unknown kind or broken; 504 at the deadline; 503 for what may
---pass; and 500, of which only the log says more.
---@param options events.handler.options
---@return fun(event: table, context: context): table handler
function events.handler(options) end

---Reads an event: all uploads in it, however they came. A test event holds none. Raises `bad_event`
---for what is not known, naming the place and what it saw there.
---@param event table The event, as it was decoded from JSON.
---@return events.upload[] uploads
function events.uploads(event) end

---@class events.reject.options
---@field status? integer What a request is answered with, 400 to 499. Default 400.

---Ends the current rule: this upload is refused for good. It is recorded with status "rejected",
---and not tried again. A request is answered with the reason.
---@param reason string For a person.
---@param options? events.reject.options
function events.reject(reason, options) end

---Whether an error will be the same however often it is tried: `bad_image`, `unsupported`,
---`rejected`, `limit` of `image.open` and `image.probe`, and `too_large` of `s3.get` and `s3.find`.
---Everything else may pass, or be mended without another upload (`limit` of a render: the target is
---too large, or the memory too small): it is worth another delivery, and at last the dead-letter
---queue.
---@param error any
---@return boolean
function events.permanent(error) end

---Makes a sample event, as AWS sends it. The same fields give the same event.
---@param name string One of `events.samples()`: "s3-put", "s3-sqs", "eventbridge", "http-api", ...
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
