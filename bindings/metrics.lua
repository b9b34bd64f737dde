-- CloudWatch metrics without a request: one line in the "embedded metric format" per invocation, on
-- standard output in Lambda, where it is the log, and else on standard error. The public contract
-- is bindings/api/metrics.lua.
--
-- Format and limits: CloudWatch's "Embedded metric format specification".

local check = require "lunette.check"
local env = require "env"
local json = require "json"
local sorted_keys = require "lunette.sorted_keys"
local stages = require "stages"

local metrics_max, values_max, dimensions_max = 100, 100, 30

local function write_line(line)
  local file = env.get "AWS_LAMBDA_FUNCTION_NAME" and io.stdout or io.stderr
  file:write(line .. "\n")
  file:flush()
end

-- What stands between the module and the world; tests pass their own.
local world = {
  is_wanted = env.flag { name = "LUNETTE_METRICS",
    default = env.get "AWS_LAMBDA_FUNCTION_NAME" ~= nil },
  namespace = env.get("LUNETTE_METRICS_NAMESPACE", "Lunette"),
  function_name = env.get "AWS_LAMBDA_FUNCTION_NAME",
  now_ms = function() return os.time() * 1000 end,
  stages = stages.totals,
  write = write_line,
}

-- What the images of an invocation cost: the name of each of the totals, in its unit.
local stage_units = {
  get_ms = "Milliseconds", put_ms = "Milliseconds", s3_ms = "Milliseconds",
  dynamodb_ms = "Milliseconds", decode_ms = "Milliseconds", resize_ms = "Milliseconds",
  encode_ms = "Milliseconds", lua_ms = "Milliseconds", bytes_in = "Bytes", bytes_out = "Bytes",
  pixels = "Count", pictures = "Count", requests = "Count",
}

-- One value is a number, several are an array.
local function document(w, collected, dimensions, properties)
  local described = json.array {}
  local line = {}
  for name, value in pairs(properties) do line[name] = value end
  for name, value in pairs(dimensions) do line[name] = value end
  for _, name in ipairs(sorted_keys(collected)) do
    local metric = collected[name]
    described[#described + 1] = { Name = name, Unit = metric.unit }
    line[name] = #metric.values == 1 and metric.values[1] or json.array(metric.values)
  end
  line._aws = {
    Timestamp = w.now_ms(),
    CloudWatchMetrics = json.array { {
      Namespace = w.namespace,
      Dimensions = json.array { json.array(sorted_keys(dimensions)) },
      Metrics = described,
    } },
  }
  return json.encode(line)
end

local function is_name(value)
  return type(value) == "string" and #value >= 1 and #value <= 255 and value:find("^[%g ]+$")
      and value ~= "_aws"
end

local function module_with(w)
  local metrics = {}
  local collected, count, dimensions, properties = {}, 0, {}, {}
  local before = w.is_wanted and w.stages and w.stages()

  local function reset()
    collected, count, properties = {}, 0, {}
    dimensions = { ["function"] = w.function_name }
  end
  reset()

  local function write()
    if w.is_wanted and count > 0 then w.write(document(w, collected, dimensions, properties)) end
  end

  -- A full line is written early, with the dimensions and properties so far.
  local function make_room()
    write()
    collected, count = {}, 0
  end

  local function add(name, value, unit)
    local metric = collected[name]
    if metric and #metric.values >= values_max or not metric and count >= metrics_max then
      make_room()
      metric = nil
    end
    if not metric then
      metric = { unit = unit, values = {} }
      collected[name] = metric
      count = count + 1
    end
    table.insert(metric.values, value)
  end

  -- What the stages took since the last line.
  local function add_stages()
    local now = w.stages()
    for name, unit in pairs(stage_units) do
      local amount = now[name] - before[name]
      add(name, unit == "Milliseconds" and math.floor(amount * 1000 + 0.5) / 1000 or amount, unit)
    end
    add("peak_memory_bytes", now.peak_memory_bytes, "Bytes")
    before = now
  end

  function metrics.flush()
    if before and count > 0 then add_stages() end
    write()
    reset()
  end

  local function check_arguments(function_name, name, value)
    if not is_name(name) then
      check.complain(1, function_name, "expected a name of 1 to 255 printable characters")
    end
    if type(value) ~= "number" or value ~= value or math.abs(value) == math.huge then
      check.complain(2, function_name, "expected a finite number")
    end
  end

  function metrics.count(name, amount)
    if amount == nil then amount = 1 end
    check_arguments("count", name, amount)
    add(name, amount, "Count")
  end

  function metrics.time(name, milliseconds)
    check_arguments("time", name, milliseconds)
    add(name, milliseconds, "Milliseconds")
  end

  function metrics.bytes(name, bytes)
    check_arguments("bytes", name, bytes)
    add(name, bytes, "Bytes")
  end

  function metrics.dimension(name, value)
    if not is_name(name) then
      check.complain(1, "dimension", "expected a name of 1 to 255 printable characters")
    end
    if not is_name(value) then
      check.complain(2, "dimension", "expected a text of 1 to 255 printable characters")
    end
    if not dimensions[name] and #sorted_keys(dimensions) >= dimensions_max then
      check.complain(1, "dimension", ("at most %d dimensions"):format(dimensions_max))
    end
    dimensions[name] = value
  end

  function metrics.property(name, value)
    if not is_name(name) then
      check.complain(1, "property", "expected a name of 1 to 255 printable characters")
    end
    properties[name] = value
  end

  return metrics
end

local metrics = module_with(world)
-- For tests: the same functions over fakes of what is in `world`.
setmetatable(metrics, { __call = function(_, w) return module_with(w) end })
return metrics
