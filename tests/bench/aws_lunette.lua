-- Lunette's side of aws_bench.py: the other side is aws_boto3.py, line by line.
--
-- Reads "COUNT\n" lines; does as many requests, so many at a time, and answers "done\n".
local operation, bytes, concurrency = ...
local s3, task = require "s3", require "task"

local body = ("\x5A"):rep(math.tointeger(bytes))

-- The stand-in answers as many bytes as the key says.
local function key_of(i) return ("photos/%d/%d"):format(i % 16, #body) end

local requests = {
  get = function(i)
    local object = s3.get { bucket = "uploads", key = key_of(i) }
    assert(#object.body == #body)
  end,
  put = function(i)
    s3.put { bucket = "uploads", key = key_of(i), body = body, content_type = "image/jpeg" }
  end,
}

local function run(count)
  local numbers = {}
  for i = 1, count do numbers[i] = i end
  task.map(numbers, requests[operation], { concurrency = math.tointeger(concurrency) })
end

for line in io.lines() do
  run(math.tointeger(line))
  io.stdout:write("done\n")
  io.stdout:flush()
end
