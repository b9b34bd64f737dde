-- An event found in what was copied from somewhere: a dead-letter queue, a failure destination, a
-- log. Pure.

local json = require "json"

local replay = {}

-- A log has brackets of other things, too: `[12]`.
local function may_be_event(value)
  return type(value) == "table" and not (json.is_array(value) and type(value[1]) ~= "table")
end

-- The first value of JSON in the text that is an object or an array of such.
local function find_json(text)
  local ok, value = pcall(json.decode, text)
  if ok and may_be_event(value) then return value end
  for at in text:gmatch("()[{%[]") do
    -- A log's line may go on after it: the value ends at the last bracket that makes it whole.
    local line = text:sub(at):match("^[^\n]*")
    for _, candidate in ipairs { text:sub(at), line, line:match("^(.*[}%]])") } do
      ok, value = pcall(json.decode, candidate)
      if ok and may_be_event(value) then return value end
    end
  end
end

-- `aws sqs receive-message` writes names in its own way, and leaves out what events have.
local function from_queue(message)
  return {
    messageId = message.MessageId, receiptHandle = message.ReceiptHandle, body = message.Body,
    attributes = message.Attributes or {}, messageAttributes = message.MessageAttributes or {},
    eventSource = "aws:sqs", awsRegion = "us-east-1",
    eventSourceARN = "arn:aws:sqs:us-east-1:123456789012:uploads",
  }
end

local function as_event(value)
  if type(value.Messages) == "table" then
    local records = json.array {}
    for i, message in ipairs(value.Messages) do records[i] = from_queue(message) end
    return { Records = records }, "messages of a queue"
  end
  if value.Body and value.MessageId then
    return { Records = json.array { from_queue(value) } }, "a message of a queue"
  end
  local is_record = value.s3 or value.Sns or (value.messageId and value.body)
  if is_record then return { Records = json.array { value } }, "a record" end
  if json.is_array(value) then return { Records = value }, "records" end
  return value, "an event"
end

--- The event in the text and what it was; or nil and what is wrong.
function replay.read(text)
  local value = find_json(text)
  if not value then return nil, "there is no event in it, as JSON" end
  if type(value.event) == "table" then value = value.event end -- of a log line
  return as_event(value)
end

return replay
