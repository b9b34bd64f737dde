-- Where the pipeline's things are, locally: the buckets and the tables that somebody sets up
-- once in AWS are simply there.

local env = require "env"
local failure = require "failure"
local store = require "store"

local places = { uploads = env.get("UPLOAD_BUCKET", "uploads") }

-- A handler that was loaded before may have declared it, with keys of its own.
local function declare_unless_there(name, keys)
  local ok, err = pcall(store.declare_table, name, keys)
  if not ok and failure.field(err, "code") ~= "ResourceInUseException" then error(err, 0) end
end

--- Makes sure that the buckets exist in the local store.
function places.declare_buckets()
  if not store.is_local() then return end
  store.declare_bucket(places.uploads)
  store.declare_bucket(env.get("DESTINATION_BUCKET", "images"))
end

--- The same of all. After the handler was loaded: it may give its table another key.
function places.declare()
  if not store.is_local() then return end
  places.declare_buckets()
  local metadata_table = env.get "METADATA_TABLE"
  if metadata_table then declare_unless_there(metadata_table, "id") end
  local manifest_table = env.get "MANIFEST_TABLE"
  if manifest_table then store.declare_table(manifest_table, "manifest,name") end
end

--- The folder in which a person finds the bucket's objects.
function places.folder(bucket)
  return store.is_local() and store.directory() .. "/" .. bucket .. "/" or "s3://" .. bucket .. "/"
end

--- The file in which a person finds an object.
function places.file(bucket, key)
  return store.is_local() and store.path(bucket, key) or "s3://" .. bucket .. "/" .. key
end

return places
