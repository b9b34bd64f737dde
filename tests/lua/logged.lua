-- What the code under test logs, kept instead of written. To be loaded before it:
--
--   local logged = t.helper "logged"   -- a list of {level=, message=, fields=}
--   logged:forget()                    -- empties it

local methods = {}

function methods.forget(list)
  for i = #list, 1, -1 do list[i] = nil end
end

local logged = setmetatable({}, { __index = methods })

package.loaded.log = setmetatable({}, {
  __index = function(_, level)
    return function(message, fields)
      logged[#logged + 1] = { level = level, message = message, fields = fields }
    end
  end,
})

return logged
