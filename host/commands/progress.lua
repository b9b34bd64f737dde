-- How far a long command is, on standard error: a bar on a terminal, else one line per step.

local host = require "host"
local layout = require "commands.table"

local progress = {}
progress.__index = progress

local bar_width = 24

--- `total` steps; with `quiet` nothing is shown.
function progress.new(total, quiet)
  local is_terminal = host.is_terminal(2)
  return setmetatable({
    total = total, done = 0, is_bar = is_terminal and not quiet, quiet = quiet,
    columns = is_terminal and host.columns() or 80,
  }, progress)
end

--- Says what is worked on now.
function progress:begin(name)
  if not self.is_bar then return end
  local filled = bar_width * self.done // self.total
  local bar = ("#"):rep(filled) .. ("."):rep(bar_width - filled)
  local line = ("[%s] %d/%d %s"):format(bar, self.done, self.total, name)
  -- The cursor goes back to the line's beginning, so that a log line covers the bar.
  io.stderr:write("\27[K", layout.cut(line, self.columns - 1), "\r")
  io.stderr:flush()
end

--- One step is done: `outcome` in a few words.
function progress:finish(name, outcome)
  self.done = self.done + 1
  if self.quiet or self.is_bar then return end
  io.stderr:write(("%d/%d %s: %s\n"):format(self.done, self.total, layout.cut(name, 60), outcome))
end

--- Takes the bar away.
function progress:close()
  if self.is_bar then io.stderr:write("\27[K") end
end

return progress
