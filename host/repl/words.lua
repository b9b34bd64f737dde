-- A command's line as words, as a shell takes them: blanks part them, quotes hold them together.
-- Pure.

local words = {}

local function quoted(text, at, quote)
  local last = text:find(quote, at + 1, true)
  if not last then return nil end
  return text:sub(at + 1, last - 1), last + 1
end

--- The words; or nil and what is wrong.
function words.split(text)
  local list, word, at = {}, nil, 1
  while at <= #text do
    local c = text:sub(at, at)
    if c:find "%s" then
      list[#list + 1], word = word, nil
      at = at + 1
    elseif c == "'" or c == '"' then
      local part, after = quoted(text, at, c)
      if not part then return nil, ("a %s has no end"):format(c) end
      word, at = (word or "") .. part, after
    else
      word = (word or "") .. c
      at = at + 1
    end
  end
  list[#list + 1] = word
  return list
end

return words
