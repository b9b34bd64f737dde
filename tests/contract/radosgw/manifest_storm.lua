-- What the processes of manifest_storm_test.sh do: `lunette run manifest_storm.lua ROLE ...`, with
-- STORM (the manifest's folder in the bucket), STORM_TABLE (may be empty), STORM_SEED, WORK, and
-- STORM_DEATHS: the chance that a process kills itself before an operation of the manifest, and
-- again after it.

local json = require "json"
local manifest = require "manifest"
local s3 = require "s3"
local dynamodb = require "dynamodb"
local task = require "task"

local bucket, folder = "uploads", os.getenv "STORM"
local list_key = folder .. "/images.json"
local table_name = os.getenv "STORM_TABLE"
if table_name == "" then table_name = nil end
local deaths = tonumber(os.getenv "STORM_DEATHS" or 0)
local work = os.getenv "WORK"
local counts = { writes = 0, conflicts = 0, looks = 0 }

local function perhaps_die()
  if math.random() < deaths then os.execute("kill -9 $PPID") end
end

-- An operation between two occasions to die.
local function mortal(operation)
  return function(options)
    perhaps_die()
    local results = table.pack(operation(options))
    perhaps_die()
    return table.unpack(results, 1, results.n)
  end
end

local function counted_put(options)
  local results = table.pack(s3.put(options))
  local field = results[1] and "writes" or "conflicts"
  counts[field] = counts[field] + 1
  return table.unpack(results, 1, results.n)
end

local function counted_get(options)
  counts.looks = counts.looks + 1
  return s3.get(options)
end

local list = manifest {
  get = mortal(counted_get), head = mortal(s3.head), put = mortal(counted_put),
  item_get = mortal(dynamodb.get), item_put = mortal(dynamodb.put),
  item_pages = function(options) return mortal(dynamodb.query_pages(options)) end,
  sleep_ms = task.sleep, remaining_ms = task.remaining_ms, random = math.random, now = os.time,
}

local function append(name, text)
  local file = assert(io.open(work .. "/" .. name, "a"))
  file:write(text)
  file:close()
end

local function place(fields)
  fields.bucket, fields.key, fields.table = bucket, list_key, table_name
  return fields
end

local function report()
  append("counts", ("%d %d %d\n"):format(counts.writes, counts.conflicts, counts.looks))
end

local function etag_of(key)
  local ok, object = pcall(s3.head, { bucket = bucket, key = key })
  if ok then return object.etag end
  if object.status ~= 404 then error(object, 0) end
end

-- ---- roles -------------------------------------------------------------------------------------

local roles = {}

--- writer ID COUNT: entries of its own, each changed again in place.
function roles.writer(id, count)
  for i = 1, tonumber(count) do
    for round = 1, 2 do
      list.update(place { entry = { name = id .. "-" .. i, round = round } })
    end
  end
  report()
end

--- changer COUNT: uploads, replaces and deletes; an event for each change, some twice.
function roles.changer(count)
  local events = 0
  local function emit(event)
    events = events + 1
    local path = ("%s/events/%d"):format(work, events)
    local file = assert(io.open(path .. ".new", "w"))
    file:write(json.encode(event))
    file:close()
    os.rename(path .. ".new", path)
  end
  for i = 1, tonumber(count) do
    local key = ("%s/in/%d"):format(folder, math.random(20))
    local event = { key = key }
    if math.random() < 0.4 then
      s3.delete { bucket = bucket, key = key }
    else
      event.etag = s3.put({ bucket = bucket, key = key, body = "version " .. i % 3 }).etag
    end
    emit(event)
    if math.random() < 0.3 then emit(event) end
  end
  append("closed", tostring(events))
end

-- Takes over any event that nobody has; nil when there is none.
local function claim(id, most)
  local first = math.random(most)
  for i = 0, most - 1 do
    local path = ("%s/events/%d"):format(work, (first + i) % most + 1)
    local mine = path .. ".claimed-" .. id
    if os.rename(path, mine) then
      local file = assert(io.open(mine))
      local event = json.decode(file:read "a")
      file:close()
      return event, mine
    end
  end
end

local function handle(event)
  local status
  local source = { bucket = bucket, key = event.key, etag = event.etag }
  if event.etag then
    status = list.update(place {
      entry = { name = event.key, etag = event.etag }, source = source,
    })
  else
    status = list.remove(place { name = event.key, source = source })
  end
  if status == "superseded" then
    return handle { key = event.key, etag = etag_of(event.key) }
  end
end

--- worker ID: handles events in any order, until there are no more.
function roles.worker(id)
  while true do
    local closed = io.open(work .. "/closed")
    local event, path = claim(id, closed and closed:read "n" or 800)
    if event then
      handle(event)
      os.remove(path)
    elseif closed then
      break
    else
      task.sleep(10)
    end
    if closed then closed:close() end
  end
  report()
end

--- Prints how many entries there are, how many names, and how many of them in their second round.
function roles.count()
  local names, distinct, second = {}, 0, 0
  local entries = manifest.read { bucket = bucket, key = list_key }
  for _, entry in ipairs(entries) do
    if not names[entry.name] then distinct = distinct + 1 end
    names[entry.name] = true
    if entry.round == 2 then second = second + 1 end
  end
  io.stdout:write(#entries, " ", distinct, " ", second, "\n")
end

--- Prints what is wrong: entries without their source, sources without their entry.
function roles.compare()
  local wrong, sources, listed = {}, 0, {}
  for _, entry in ipairs(manifest.read { bucket = bucket, key = list_key }) do
    listed[entry.name] = entry.etag
    if etag_of(entry.name) ~= entry.etag then wrong[#wrong + 1] = entry.name end
  end
  for _, object in ipairs(s3.list({ bucket = bucket, prefix = folder .. "/in/" }).objects) do
    sources = sources + 1
    if not listed[object.key] then wrong[#wrong + 1] = object.key end
  end
  append("sources", sources .. "\n")
  io.stdout:write(#wrong, " wrong", #wrong > 0 and ": " or "", table.concat(wrong, " "), "\n")
end

math.randomseed(tonumber(os.getenv "STORM_SEED" or 1))
return roles[arg[1]](table.unpack(arg, 2))
