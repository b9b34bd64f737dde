-- Puts the photo PATH into the bucket `photos`, where image_lunette.lua reads it.
local path = ...
local s3 = require "s3"

local file <close> = assert(io.open(path, "rb"))
s3.put { bucket = "photos", key = path:match "[^/]+$", body = file:read "a" }
