-- Sample events, as AWS sends them. For `lunette event`, `lunette process` and tests, through
-- events.sample and events.samples.
--
-- The same fields give the same bytes: nothing here reads a clock.

local check = require "lunette.check"
local json = require "json"

local samples = {}

-- As S3 writes a key into a record: Java's URLEncoder, but for the slashes.
local function form_encode(text)
  return (text:gsub("[^%w/._* -]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end):gsub(" ", "+"))
end

local function bare(etag)
  return etag and etag:gsub('"', "") or nil
end

local function record(name, fields, object)
  return {
    Records = json.array { {
      eventVersion = "2.1",
      eventSource = "aws:s3",
      awsRegion = fields.region,
      eventTime = fields.time,
      eventName = name,
      userIdentity = { principalId = "AWS:EXAMPLE" },
      requestParameters = { sourceIPAddress = "127.0.0.1" },
      responseElements = {
        ["x-amz-request-id"] = "C3D13FE58DE4C810",
        ["x-amz-id-2"] = "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD",
      },
      s3 = {
        s3SchemaVersion = "1.0",
        configurationId = "uploads",
        bucket = {
          name = fields.bucket,
          ownerIdentity = { principalId = "EXAMPLE" },
          arn = "arn:aws:s3:::" .. fields.bucket,
        },
        object = object,
      },
    } },
  }
end

local function put(fields)
  return record("ObjectCreated:Put", fields, {
    key = form_encode(fields.key),
    size = fields.size,
    eTag = bare(fields.etag),
    versionId = fields.version_id,
    sequencer = fields.sequencer,
  })
end

local function delete(fields)
  return record("ObjectRemoved:Delete", fields, {
    key = form_encode(fields.key),
    versionId = fields.version_id,
    sequencer = fields.sequencer,
  })
end

local function test(fields)
  return {
    Service = "Amazon S3",
    Event = "s3:TestEvent",
    Time = fields.time,
    Bucket = fields.bucket,
    RequestId = "5582815E1AEA5ADF",
    HostId = "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
  }
end

local function direct(fields)
  return {
    bucket = fields.bucket,
    key = fields.key,
    size = fields.size,
    etag = fields.etag,
    version_id = fields.version_id,
    sequencer = fields.sequencer,
    deleted = fields.deleted,
  }
end

local bucket = { "string", default = "uploads", filled = true }
local key = { "string", default = "photos/cat.jpg", filled = true }
local region = { "string", default = "us-east-1" }
local time = { "string", default = "1970-01-01T00:00:00.000Z" }
local sequencer = { "string", default = "0A1B2C3D4E5F678901" }

local known = {
  {
    name = "s3-put",
    description = "S3 says that an object was created",
    build = put,
    fields = {
      bucket = bucket, key = key, region = region, time = time, sequencer = sequencer,
      size = { "integer", default = 1024, min = 0 },
      etag = { "string", default = "d41d8cd98f00b204e9800998ecf8427e" },
      version_id = { "string" },
    },
  },
  {
    name = "s3-delete",
    description = "S3 says that an object was deleted",
    build = delete,
    fields = {
      bucket = bucket, key = key, region = region, time = time, sequencer = sequencer,
      version_id = { "string" },
    },
  },
  {
    name = "s3-test",
    description = "what S3 sends when a notification is set up",
    build = test,
    fields = { bucket = bucket, time = time },
  },
  {
    name = "direct",
    description = "a bucket and a key, as a person or a Step Function sends them",
    build = direct,
    fields = {
      bucket = bucket, key = key,
      size = { "integer", min = 0 }, etag = { "string" }, version_id = { "string" },
      sequencer = { "string" }, deleted = { "boolean" },
    },
  },
}

local function find(name)
  local names = {}
  for i, sample in ipairs(known) do
    if sample.name == name then return sample end
    names[i] = sample.name
  end
  return nil, check.unknown("event", tostring(name), names)
end

-- The event, or nil and what is wrong.
function samples.build(name, fields)
  local sample, wrong = find(name)
  if not sample then return nil, wrong end
  wrong = check.complaint(fields, sample.fields)
  if wrong then return nil, wrong end
  local complete = {}
  for field, rule in pairs(sample.fields) do
    complete[field] = fields[field]
    if complete[field] == nil then complete[field] = rule.default end
  end
  return sample.build(complete)
end

-- {name, description, fields = {{name, type, default}, ...}}, fields in alphabetical order.
function samples.list()
  local list = {}
  for i, sample in ipairs(known) do
    local fields = {}
    for field, rule in pairs(sample.fields) do
      fields[#fields + 1] = { name = field, type = rule[1], default = rule.default }
    end
    table.sort(fields, function(a, b) return a.name < b.name end)
    list[i] = { name = sample.name, description = sample.description, fields = fields }
  end
  return list
end

return samples
