-- The pictures of a folder, for `lunette process FOLDER` and the prompt's `.batch FOLDER`: known by
-- their content, whatever they are called.

local failure = require "failure"
local host = require "host"
local image = require "image"

local pictures = {}

local head_bytes = 4096 -- by which a picture is known, damaged or not

local function refuse(format, ...)
  failure.raise { code = "usage", message = format:format(...) }
end

local function is_picture(path)
  local problem = host.file_problem(path)
  if problem == "not a regular file" then return false end -- a pipe would be waited for
  if problem then refuse("%s: %s", path, problem) end
  local file <close> = assert(io.open(path, "rb"))
  local ok, err = pcall(image.probe, file:read(head_bytes) or "")
  return ok or not failure.field(err, "message"):find("^not an image")
end

--- Their names, sorted; second, how many files are none. What begins with a dot and what is in
--- folders in it counts for nothing. Raises `usage` when there is no picture.
function pictures.in_folder(folder)
  local found, others = {}, 0
  for _, name in ipairs(host.list(folder) or refuse("%s is no folder", folder)) do
    local is_file = name:sub(-1) ~= "/" and name:sub(1, 1) ~= "."
    if is_file and is_picture(pictures.path(folder, name)) then
      found[#found + 1] = name
    elseif is_file then
      others = others + 1
    end
  end
  if #found == 0 then
    refuse("there is no picture in %s%s", folder,
      others > 0 and (", only %d other files"):format(others) or "")
  end
  return found, others
end

function pictures.path(folder, name)
  return folder .. (folder:sub(-1) == "/" and "" or "/") .. name
end

--- ", 3 skipped that are no pictures", or nothing when there are none.
function pictures.skipped(others)
  return others > 0 and (", %d skipped that %s"):format(others,
    others == 1 and "is no picture" or "are no pictures") or ""
end

return pictures
