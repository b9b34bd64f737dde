-- The scratch bucket of tests/contract/aws.sh: `scratch.lua empty` fails unless it is empty,
-- `scratch.lua clean` deletes what the tests left under their own prefixes.
local s3 = require "s3"

local bucket = os.getenv "TEST_BUCKET"
local prefixes = { "effects-test/", "events-test/", "keys-test/", "manifest-test/", "s3-test/" }

local function listed(options)
  options.bucket = bucket
  return s3.list(options).objects
end

local function clean(prefix)
  repeat
    local objects = listed { prefix = prefix }
    for _, object in ipairs(objects) do s3.delete { bucket = bucket, key = object.key } end
  until #objects == 0
end

if arg[1] == "empty" then
  local first = listed({ max_keys = 1 })[1]
  if not first then return 0 end
  print(("%s has %q: the tests want an empty bucket of their own"):format(bucket, first.key))
  return 1
end

for _, prefix in ipairs(prefixes) do clean(prefix) end
for _, object in ipairs(listed {}) do
  print(("%s: a failed test left %q"):format(bucket, object.key))
end
