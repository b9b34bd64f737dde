---@meta

---What the handler gets besides the event.
---@class context
---@field request_id string The invocation's id; in every log line.
---@field function_name string
---@field function_arn? string
---@field function_version string
---@field memory_mb integer What the function may use.
---@field deadline_ms integer When it must be done, in milliseconds since 1970.
---@field remaining_ms fun(): integer Milliseconds until then.
---@field trace_id? string X-Ray's.
---@field cold_start boolean True for a process's first invocation.
---@field tenant_id? string
---@field client_context? any What a mobile SDK's caller sent along.
---@field identity? any Cognito's, of that caller: `{cognitoIdentityId=, cognitoIdentityPoolId=}`.

---@field stream fun(options: context.stream): fun(bytes: string) Answers while the answer is made, with up to 200 MB, to a function URL or another caller that takes streams: gives the function that writes. The answer begins with the first write and ends with the handler, whose result then says nothing; an error after the first write breaks it off. Locally, what was written is the result.

---What a streamed answer begins with: `status`, for a browser, or else nothing but bytes.
---@class context.stream
---@field status? integer HTTP status, 100 to 599.
---@field headers? table<string, string> With `status`.
---@field cookies? string[] With `status`: one `name=value; attributes` each.
---@field content_type? string Without `status`. Default "application/octet-stream".

---What a failed call raises. `tostring` gives one line for a person; `pcall` gives it back as a value.
---@class error
---@field code string AWS's own name ("NoSuchKey"), or one of ours: "timeout", "deadline", "cancelled", "connect", "too_large", "bad_image", "unsupported", "limit", "recursion", "memory", "io", "usage", "lua".
---@field message string For a person.
---@field retryable boolean The same call may succeed later.
---@field operation? string What was asked: "s3.get".
---@field status? integer HTTP status.
---@field attempts? integer How often it was tried.
---@field request_id? string The server's.
---@field where? string The line that made the call: "handler.lua:31".
---@field traceback? string Once nothing caught it.
