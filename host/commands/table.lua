-- Columns of text for the terminal, and figures as people write them. Pure.

local layout = {}

local function width_of(text)
  return utf8.len(text, 1, -1, true) or #text
end

-- What a file name may do to a terminal, it must not: control characters, those above U+0080 and
-- the ones that change the direction of writing included, become `?`.
local function harmless(text)
  return (tostring(text):gsub("%c", "?"):gsub("\xC2[\x80-\x9F]", "?")
    :gsub("\xE2\x80[\xAA-\xAE]", "?"):gsub("\xE2\x81[\xA6-\xA9]", "?"))
end

local function pad(text, width, right)
  local blanks = (" "):rep(width - width_of(text))
  return right and blanks .. text or text .. blanks
end

--- `columns`: {title=, right=}; `rows`: lists of texts, "" for nothing. A row's `long` is the
--- number of a column whose text may be longer than the column is wide.
function layout.table(columns, rows)
  local widths = {}
  for i, column in ipairs(columns) do widths[i] = width_of(column.title) end
  for _, row in ipairs(rows) do
    for i in ipairs(columns) do
      row[i] = harmless(row[i] or "")
      if row.long ~= i then widths[i] = math.max(widths[i], width_of(row[i])) end
    end
  end
  local titles = {}
  for i, column in ipairs(columns) do titles[i] = column.title end
  local lines = {}
  for _, row in ipairs { titles, table.unpack(rows) } do
    local cells = {}
    for i, column in ipairs(columns) do cells[i] = pad(row[i], widths[i], column.right) end
    lines[#lines + 1] = table.concat(cells, "  "):gsub("%s+$", "")
  end
  return table.concat(lines, "\n")
end

--- 4096 -> "4.1 kB".
function layout.bytes(count)
  if not count then return "" end
  if count < 1000 then return ("%d B"):format(count) end
  local value = count
  for _, unit in ipairs { "kB", "MB", "GB" } do
    value = value / 1000
    if value < 99.95 then return ("%.1f %s"):format(value, unit) end
    if value < 999.5 then return ("%.0f %s"):format(value, unit) end
  end
  return ("%.0f GB"):format(value)
end

function layout.pixels(width, height)
  return width and height and ("%dx%d"):format(width, height) or ""
end

--- The first `width` characters; "..." says that there was more.
function layout.cut(text, width)
  text = harmless(text)
  if width_of(text) <= width then return text end
  local at = utf8.offset(text, width - 2) or width - 2
  return text:sub(1, at - 1) .. "..."
end

return layout
