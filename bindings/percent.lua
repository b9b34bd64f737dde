-- Percent-encoding: S3's form of it, in which its records carry keys, and that of URLs. For events
-- and its parts, and for the guard against recursion.
--
--   percent.form_decode("a+b%2Bc")   "a b+c"
--   percent.decode("a+b%2Bc")        "a+b+c"
--   percent.form_encode("a b+c")     "a+b%2Bc"
--
-- A `%` with no two digits behind it stays as it is, and is the second result ("%zz").

local percent = {}

local function first_bad_escape(text)
  if not text:find("%", 1, true) then return nil end
  return text:gsub("%%%x%x", ""):match("%%.?.?")
end

function percent.decode(text)
  local decoded = text:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end)
  return decoded, first_bad_escape(text)
end

function percent.form_decode(text)
  return percent.decode((text:gsub("+", " ")))
end

-- As S3 writes a key into a record: Java's URLEncoder, but for the slashes.
function percent.form_encode(text)
  return (text:gsub("[^%w/._* -]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end):gsub(" ", "+"))
end

return percent
