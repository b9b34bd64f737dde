-- `lunette test FILE_test.lua...`: runs the cases of test files and closes with a tally. Called by
-- host/commands/test.lua. A file finds these names:
--
--   test("a photo gets a thumbnail", function()       each case has a store of its own, empty
--     given.object { bucket = "uploads", key = "a.jpg", file = "photos/a.jpg" }
--     when.upload { key = "a.jpg" }
--     expect.object { bucket = "images", pattern = "^a%.jpg/thumb", width = 160, height = 160 }
--   end)
--
--   given.bucket(name)        given.table { name, keys = "id" }
--   given.environment { NAME = "value" }
--   given.object { bucket, key, file or body, content_type, metadata }
--   given.item { table, item }
--   when.upload { key, bucket }            S3's event of an object that was given
--   when.deletion { key, bucket }          deletes it, and S3's event of that
--   when.event(name, fields)               any sample event: `lunette event` lists them
--   when.request { method, path, query, body }
--   when.json(event)                       an event as a table
--     Each runs the handler and returns the run: {outcome, result, error, effects, writes, ...}.
--   expect.success()          expect.failure { code, message }     expect.result { ... }
--   expect.object { bucket, key or pattern, body, content_type, cache_control, metadata, format,
--                   width, height, max_bytes }
--   expect.missing { bucket, key }         expect.item { table, key, item }
--   expect.writes(count)                   expect.call { operation, place, key, times }
--
-- Of tables, the fields that are named have to be there and equal; others may be.

local blame = require "repl.blame"
local check = require "lunette.check"
local dynamodb = require "dynamodb"
local events = require "events"
local excerpt = require "repl.excerpt"
local expectations = require "repl.expectations"
local failure = require "failure"
local host = require "host"
local json = require "json"
local overlay = require "overlay"
local prompt = require "prompt"
local run = require "repl.run"
local s3 = require "s3"
local state = require "repl.state"
local system = require "system"
local uploads = require "commands.uploads"

-- The case that runs: {folder, store, variables, run}.
local case

local function check_fields(name, options, fields)
  local wrong = type(options) ~= "table" and "a table of named fields expected"
    or check.complaint(options, fields)
  if wrong then blame("%s: %s", name, wrong) end
end

local text, needed = { "string" }, { "string", required = true }

local object_fields = {
  bucket = needed, key = needed, file = text, body = text, content_type = text,
  metadata = { "table" },
}

-- ---- given -------------------------------------------------------------------------------------

local given = {}

function given.bucket(name)
  case.store:declare_bucket(name)
end

function given.table(options)
  check_fields("given.table", options, { name = needed, keys = { "string", default = "id" } })
  case.store:declare_table(options.name, options.keys or "id")
end

local function read_file(path)
  local problem = host.file_problem(path)
  if problem then blame("given.object: %s: %s", path, problem) end
  local file <close> = assert(io.open(path, "rb"))
  return assert(file:read("a"))
end

function given.object(options)
  check_fields("given.object", options, object_fields)
  local has_both = options.file ~= nil and options.body ~= nil
  if has_both or not (options.file or options.body) then
    blame("given.object: a file, or a body")
  end
  case.store:declare_bucket(options.bucket)
  s3.put { bucket = options.bucket, key = options.key, content_type = options.content_type,
    metadata = options.metadata, body = options.body or read_file(options.file) }
end

function given.item(options)
  check_fields("given.item", options, { table = needed, item = { "table", required = true } })
  dynamodb.put(options)
end

function given.environment(variables)
  for name, value in pairs(variables) do
    if case.variables[name] == nil then case.variables[name] = os.getenv(name) or false end
    system.set_environment(name, tostring(value))
  end
  state.forget()
end

-- ---- when --------------------------------------------------------------------------------------

local when = {}

local function run_event(event)
  state.refresh()
  case.run = run.once(json.encode(event))
  return case.run
end

function when.json(event)
  return run_event(event)
end

function when.event(name, fields)
  return run_event(events.sample(name, fields))
end

function when.upload(options)
  check_fields("when.upload", options, { key = needed, bucket = text })
  local bucket = options.bucket or uploads.bucket
  local object = uploads.find(bucket, options.key)
  if not object then blame("when.upload: no object %s/%s was given", bucket, options.key) end
  return run_event(events.sample("s3-put", uploads.fields(bucket, options.key, object)))
end

-- Deleted after it was written: the event's sequencer is a larger one.
function when.deletion(options)
  check_fields("when.deletion", options, { key = needed, bucket = text })
  local bucket = options.bucket or uploads.bucket
  local object = uploads.find(bucket, options.key)
  if not object then blame("when.deletion: no object %s/%s was given", bucket, options.key) end
  s3.delete { bucket = bucket, key = options.key }
  object.last_modified = object.last_modified + 1000
  local fields = uploads.fields(bucket, options.key, object)
  return run_event(events.sample("s3-delete",
    { bucket = bucket, key = options.key, time = fields.time, sequencer = fields.sequencer }))
end

function when.request(options)
  return run_event(events.sample("http-api", options))
end

local function last_run()
  if not case.run then blame("nothing has run yet: `when` comes before `expect`") end
  return case.run
end

-- ---- cases -------------------------------------------------------------------------------------

local function open_case()
  local folder = system.temporary_folder()
  case = { folder = folder, store = overlay.open(folder), variables = {} }
  case.store:use(true)
  for _, bucket in ipairs { uploads.bucket, os.getenv "DESTINATION_BUCKET" or "images" } do
    case.store:declare_bucket(bucket)
  end
  state.set("store", folder)
end

local function close_case()
  for name, value in pairs(case.variables) do system.set_environment(name, value or nil) end
  case.store:close()
  state.forget()
  prompt.renew() -- whose store is in the folder, too
  system.remove_folder(case.folder)
end

-- A failed expectation is told as it is, and with it that the handler has failed, which is the
-- likely reason; anything else with its way.
local function describe(err, last)
  local message = failure.field(err, "message")
  if not message or not message:find("\n  expected ", 1, true) then return excerpt.of(err) end
  local reason = last and last.error and tostring(last.error)
  if not reason or message:find(reason, 1, true) then return message end
  return ("%s\n  the handler failed: %s"):format(message, reason)
end

local function run_case(name, body)
  open_case()
  local ok, err = prompt.guard(body)
  local last = case.run
  close_case()
  if not ok then io.stdout:write(("FAILED: %s\n%s\n"):format(name, describe(err, last))) end
  return ok
end

-- The cases of a file, in their order.
local function read_cases(path)
  local cases = {}
  local names = {
    given = given, when = when, expect = expectations.new(last_run),
    test = function(name, body) cases[#cases + 1] = { name = name, body = body } end,
  }
  local env = setmetatable({}, { __index = function(_, name)
    if names[name] then return names[name] end
    return _G[name]
  end })
  local problem = host.file_problem(path)
  if problem then failure.raise { code = "usage", message = path .. ": " .. problem } end
  local chunk, wrong = loadfile(path, "t", env)
  if not chunk then failure.raise { code = "syntax", message = wrong } end
  chunk()
  return cases
end

return function(_, operands)
  local passed, failed = 0, 0
  for _, path in ipairs(operands) do
    for _, one in ipairs(read_cases(path)) do
      local ok = run_case(("%s: %s"):format(path, one.name), one.body)
      passed, failed = passed + (ok and 1 or 0), failed + (ok and 0 or 1)
    end
  end
  io.stdout:write(("%d passed, %d failed\n"):format(passed, failed))
  return (failed > 0 or passed == 0) and 1 or 0
end
