-- What a failure means: whether trying again helps, and which status a request is answered with. No
-- I/O. For events.lua.

local events_failures = {}

-- What will be the same however often it is tried: the image itself, or the script's own verdict.
-- A limit counts only where the upload is read: in a render it is the target that asks too much, or
-- the function's memory that is too small, which is mended without another photo.
local permanent_codes = {
  bad_image = true,
  unsupported = true,
  rejected = true,
  limit = { ["image.open"] = true, ["image.probe"] = true },
  too_large = { ["s3.get"] = true, ["s3.find"] = true },
}

local passing_codes = { deadline = true, cancelled = true, timeout = true, memory = true }

local function is_object(err)
  return type(err) == "table" or type(err) == "userdata"
end

function events_failures.is_permanent(err)
  if not is_object(err) then return false end
  local operations = permanent_codes[err.code]
  if type(operations) == "table" then return operations[err.operation] == true end
  return operations == true
end

-- Whether it may be gone the next time. A slip in the script is retryable, too, for it may be
-- mended; but not by waiting.
function events_failures.passes(err)
  return is_object(err) and (err.retryable == true or passing_codes[err.code] == true)
      and err.code ~= "lua"
end

-- What a rule reads is what the request asked for; what it writes is our own affair.
local read_operations = { ["s3.get"] = true, ["s3.find"] = true, ["s3.head"] = true,
  ["s3.list"] = true, ["s3.copy"] = true }

local read_statuses = { NoSuchKey = 404, NoSuchBucket = 404, NoSuchVersion = 404, NotFound = 404,
  AccessDenied = 403, Forbidden = 403, MethodNotAllowed = 404 }

local permanent_statuses = { rejected = 400, too_large = 413, unsupported = 415 }

-- The status, and whether the error's message is meant for whoever asked.
function events_failures.status(err)
  if not is_object(err) then return 500, false end
  if err.code == "bad_request" then return 400, true end
  if events_failures.is_permanent(err) then
    return err.code == "rejected" and err.status or permanent_statuses[err.code] or 422, true
  end
  local status = read_operations[err.operation] and read_statuses[err.code]
  if status then return status, false end
  if err.code == "deadline" then return 504, false end
  return events_failures.passes(err) and 503 or 500, false
end

return events_failures
