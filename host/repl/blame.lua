-- Raises what a person's own line has caused, wherever below it that was found.

local levels_max = 20

--- Raises the text behind "file:line: " of the nearest line that is not built in.
return function(format, ...)
  local text = select("#", ...) > 0 and format:format(...) or format
  for level = 2, levels_max do
    local info = debug.getinfo(level, "Sl")
    if not info then break end
    if info.currentline > 0 and info.short_src:sub(1, 8) ~= "lunette/" then
      error(("%s:%d: %s"):format(info.short_src, info.currentline, text), 0)
    end
  end
  error(text, 0)
end
