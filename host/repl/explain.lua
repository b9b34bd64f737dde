-- `.explain BUCKET/KEY`: one object, step by step, up to what stopped it. Nothing is written.

local effects = require "repl.effects"
local excerpt = require "repl.excerpt"
local failure = require "failure"
local image = require "image"
local json = require "json"
local layout = require "commands.table"
local prompt = require "prompt"
local run = require "repl.run"
local s3 = require "s3"
local show = require "repl.show"
local state = require "repl.state"
local system = require "system"
local uploads = require "commands.uploads"

-- Says a step and what came of it; false when it stopped.
local function step(session, name, ok, text)
  session:say(("%-8s %s%s"):format(name, ok and "" or "STOPPED: ", text))
  return ok
end

local function read(session, bucket, key)
  local ok, object = pcall(s3.find, { bucket = bucket, key = key })
  local found = ok and object
  step(session, "object", found, found
    and ("%s, %s, type %s"):format(layout.bytes(object.size), object.etag,
      object.content_type or "unknown")
    or not ok and tostring(object) or ("there is no %s in the bucket %s"):format(key, bucket))
  return found and object or nil
end

-- The header and then the pixels, as the image module sees them without the handler.
local function look(session, bytes)
  local ok, info = pcall(image.probe, bytes)
  if not ok then return step(session, "header", false, failure.field(info, "message")) end
  step(session, "header", true, ("%s, %d bits, orientation %d, metadata %s"):format(
    show.picture(bytes), info.depth, info.orientation, layout.bytes(info.metadata_bytes)))
  local drawn, why = pcall(function()
    local photo <close> = image.open(bytes)
    photo:render { width = 16, height = 16, format = "png" }
  end)
  return step(session, "pixels", drawn, drawn and "all of them can be decoded"
    or ("%s: %s"):format(failure.field(why, "code"), failure.field(why, "message")))
end

-- What the handler's result says of a record, if it says anything.
local function verdict(this)
  local records = type(this.result) == "table" and this.result.records
  local record = type(records) == "table" and records[1]
  if type(record) ~= "table" or not record.status then return true, json.encode(this.result) end
  local reason = record.reason and (": %s: %s"):format(record.code or "", record.reason) or ""
  return record.status ~= "rejected", record.status .. reason
end

local function run_handler(session, bucket, key, object)
  local event = require("events").sample("s3-put", uploads.fields(bucket, key, object))
  if not run.refresh(session) then return step(session, "handler", false, "it can't be loaded") end
  local this = run.once(json.encode(event))
  session.explained = this
  if this.error then return step(session, "handler", false, excerpt.of(this.error)) end
  local ok, text = verdict(this)
  return step(session, "handler", ok, text)
end

-- The handler runs dry, and what it was before comes back in any case.
local function without_writes(f, ...)
  local before = state.settings.overlay
  if before then return f(...) end
  state.set("overlay", system.temporary_folder())
  local results = table.pack(prompt.guard(f, ...))
  effects.close()
  state.forget()
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

local function explain(session, words)
  local bucket, key = (words[1] or ""):match("^([^/]+)/(.+)$")
  if not bucket then session:usage(".explain BUCKET/KEY") end
  local object = read(session, bucket, key)
  if not object then return false end
  look(session, object.body)
  return without_writes(run_handler, session, bucket, key, object)
end

return {
  commands = { {
    name = "explain", usage = ".explain BUCKET/KEY", run = explain,
    summary = "says which limit, warning or line stops an object; writes nothing",
  } },
}
