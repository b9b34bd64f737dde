-- The current event: made from samples, files and what was logged. `.event`, `.drop`, `.remove`,
-- `.http`, `.replay`, `.batch`.

local excerpt = require "repl.excerpt"
local failure = require "failure"
local host = require "host"
local json = require "json"
local layout = require "commands.table"
local pictures = require "commands.pictures"
local places = require "commands.places"
local replay = require "repl.replay"
local run = require "repl.run"
local samples = require "commands.samples"
local system = require "system"
local uploads = require "commands.uploads"
local words_of = require "repl.words"

local commands = {}

local saved_folder = "events"

-- ---- files -------------------------------------------------------------------------------------

local function read_file(session, path)
  local problem = host.file_problem(path)
  if problem then session:usage("%s: %s", path, problem) end
  local file <close> = assert(io.open(path, "rb"))
  return assert(file:read("a"))
end

-- "broken" is events/broken.json; what looks like a path is one.
local function saved_path(name)
  if name:find("/", 1, true) or name:find("%.json$") then return name end
  return ("%s/%s.json"):format(saved_folder, name)
end

local function set_event(session, event, name)
  session.env.event = event
  session:say("event: " .. name)
end

local function current(session)
  local event = rawget(session.env, "event")
  if event == nil then session:usage("there is no event yet; .event list shows what there is") end
  return event
end

local function save(session, words)
  local path = saved_path(words[2] or session:usage(".event save NAME"))
  local text = json.encode(current(session), { indent = 2 })
  local folder = path:match("^(.*)/[^/]*$")
  if folder then system.make_folder(folder) end
  local file, why = io.open(path, "wb")
  if not file then session:usage("%s", why) end
  file:write(text, "\n")
  file:close()
  session:say("saved in " .. path)
end

local function load_event(session, words)
  local path = saved_path(words[2] or session:usage(".event load NAME"))
  local text = read_file(session, path)
  local ok, event = pcall(json.decode, text)
  if not ok then session:usage("%s is no JSON: %s", path, failure.field(event, "message")) end
  set_event(session, event, path)
end

local function edit(session)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(json.encode(current(session), { indent = 2 }), "\n")
  file:close()
  local editor = os.getenv "VISUAL" or os.getenv "EDITOR" or "vi"
  os.execute(editor .. " " .. path)
  local ok, event = pcall(json.decode, read_file(session, path))
  os.remove(path)
  if not ok then session:usage("the event is as it was: %s", failure.field(event, "message")) end
  set_event(session, event, "as edited")
end

local function show(session)
  session:say(json.encode(current(session), { indent = 2 }))
end

-- ---- samples -----------------------------------------------------------------------------------

local function has_field(sample, name)
  for _, field in ipairs(sample.fields) do
    if field.name == name then return true end
  end
  return false
end

-- "uploads/in/cat.jpg": the bucket when there is one of that name, else all of it is the key.
local function object_of(place)
  local bucket, key = place:match("^([^/]+)/(.+)$")
  if bucket == uploads.bucket then return bucket, key end
  if bucket then
    local ok, object = pcall(uploads.find, bucket, place:sub(#bucket + 2))
    if ok and object then return bucket, key end
  end
  return uploads.bucket, place
end

-- What the store knows of the object goes into the event, as S3 puts it there.
local function fields_for(sample, place)
  local bucket, key = object_of(place)
  local fields = { bucket = bucket, key = key }
  local ok, object = pcall(uploads.find, bucket, key)
  if not ok or not object then return fields end
  for name, value in pairs(uploads.fields(bucket, key, object)) do
    if has_field(sample, name) then fields[name] = value end
  end
  return fields
end

local function build(session, words, verbs)
  local sample = samples.find(words[1], verbs)
  local is_place = words[2] and not words[2]:find("^[%a_]+=") and has_field(sample, "key")
  local fields = is_place and fields_for(sample, words[2]) or {}
  local event = samples.build(sample, words, is_place and 3 or 2, fields)
  local what = fields.key and (" of %s/%s"):format(fields.bucket, fields.key) or ""
  set_event(session, event, sample.name .. what)
end

local verbs = {
  list = function(session) session:say(samples.list()) end,
  show = show, edit = edit, save = save, load = load_event,
}

local function event_command(session, words)
  local verb = verbs[words[1] or "show"]
  if verb then return verb(session, words) end
  return build(session, words, { "list", "show", "edit", "save", "load" })
end

-- ---- at once -----------------------------------------------------------------------------------

local function drop(session, words)
  local path = words[1] or session:usage(".drop FILE [KEY]")
  local problem = host.file_problem(path)
  if problem then session:usage("%s: %s", path, problem) end
  local key = words[2] or path:match("([^/]+)$")
  local object = uploads.put(path, key)
  set_event(session, uploads.event(key, object), ("s3-put of %s/%s, %s"):format(uploads.bucket, key,
    layout.bytes(object.size)))
  return run.current(session)
end

-- JSON is taken as it stands, blanks and quotes too; anything else as a shell would.
local function request_words(text)
  local method, target, body = text:match("^(%S+)%s+(%S+)%s+([%[{].*)$")
  if body then return { method, target, body } end
  return words_of.split(text)
end

local function remove(session, words)
  local bucket, key = object_of(words[1] or session:usage(".remove KEY"))
  if bucket ~= uploads.bucket then
    session:usage("%s is no upload: those are in the bucket %s", words[1], uploads.bucket)
  end
  set_event(session, uploads.remove(key), ("s3-delete of %s/%s"):format(uploads.bucket, key))
  return run.current(session)
end

local function http(session, words)
  local method, target = words[1], words[2]
  if not target or target:sub(1, 1) ~= "/" then
    session:usage(".http METHOD /PATH [BODY], e.g. .http POST /images '{\"key\":\"a.jpg\"}'")
  end
  local path, query = target:match("^([^?]*)%??(.*)$")
  local event = samples.build(samples.find "http-api", {}, 1,
    { method = method:upper(), path = path, query = query, body = words[3] })
  set_event(session, event, ("http-api %s %s"):format(method:upper(), target))
  return run.current(session)
end

local function replay_command(session, words)
  local path = words[1] or session:usage(".replay FILE")
  local event, what = replay.read(read_file(session, path))
  if not event then session:usage("%s: %s", path, what) end
  set_event(session, event, ("%s, from %s"):format(what, path))
  return run.current(session)
end

-- ---- a folder ----------------------------------------------------------------------------------

-- The first status among the result's records, if it has any.
local function status_of(this)
  local records = type(this.result) == "table" and this.result.records
  local record = type(records) == "table" and records[1]
  local status = type(record) == "table" and record.status
  return type(status) == "string" and status or this.outcome
end

local batch_columns = {
  { title = "file" }, { title = "bytes", right = true }, { title = "ms", right = true },
  { title = "writes", right = true }, { title = "outcome" },
}

local function batch(session, words)
  local folder = words[1] or session:usage(".batch FOLDER")
  local rows, failed, writes = {}, 0, 0
  local names, others = pictures.in_folder(folder)
  if not run.refresh(session) then return false end
  for i, name in ipairs(names) do
    local object = uploads.put(pictures.path(folder, name), name)
    local this = run.once(json.encode(uploads.event(name, object)), i > 1)
    rows[i] = { name, layout.bytes(object.size), ("%.0f"):format(this.milliseconds),
      tostring(this.writes), status_of(this) }
    writes = writes + this.writes
    if this.error then
      failed = failed + 1
      session:complain(name .. ": " .. excerpt.of(this.error))
    end
  end
  session:say(layout.table(batch_columns, rows))
  session:say(("%d files, %d failed, %d writes%s; %s"):format(#rows, failed, writes,
    pictures.skipped(others), places.folder(uploads.bucket)))
  return failed == 0
end

commands.commands = {
  {
    name = "event",
    usage = ".event [NAME [KEY] [FIELD=VALUE...] | list | show | edit | save NAME | load NAME]",
    summary = "makes the current event, which is also the variable `event`",
    run = event_command,
  },
  {
    name = "drop", usage = ".drop FILE [KEY]",
    summary = "puts a file into the store and runs the handler on the event of it", run = drop,
  },
  {
    name = "remove", usage = ".remove KEY",
    summary = "deletes an upload and runs the handler on the event of it", run = remove,
  },
  {
    name = "http", usage = ".http METHOD /PATH [BODY]",
    summary = "runs the handler on a request", split = request_words, run = http,
  },
  {
    name = "replay", usage = ".replay FILE",
    summary = "runs it on an event from a queue, a destination or a log", run = replay_command,
  },
  {
    name = "batch", usage = ".batch FOLDER",
    summary = "drops every picture of a folder, one after the other", run = batch,
  },
}

return commands
