-- What tests/layer/run has the layer do: get an object, say what came. A script of `bootstrap run`.
local s3 = require "s3"

local ok, answer = pcall(s3.get, { bucket = "photos", key = "hello" })
io.stdout:write(ok and answer.body or answer.code .. ": " .. answer.message, "\n")
