-- Every key that S3 allows, byte for byte, all the way through: the event as S3 writes it, the upload
-- that it becomes, the object, the listing, an entry of a manifest, an item. Runs unchanged against
-- every store; TEST_STORES says which of `s3` and `dynamodb` it has.

local t = ...
local dynamodb = require "dynamodb"
local events = require "events"
local json = require "json"
local manifest = require "manifest"
local s3 = require "s3"
local uuid = require "uuid"

local bucket = os.getenv "TEST_BUCKET" or "uploads"
local things = os.getenv "TEST_TABLE" or "things"
local stores = os.getenv "TEST_STORES" or "s3 dynamodb"
local run = uuid.v4()

-- What it is, the key, and how S3 writes it in an event: form-encoded, but with `/` as it is, and `*`
-- as the only other sign beside `.`, `-` and `_`.
local keys = {
  { "plain", "cats/tabby-1_a.jpg", "cats/tabby-1_a.jpg" },
  { "spaces", " a  b ", "+a++b+" },
  { "plus", "a+b+.jpg", "a%2Bb%2B.jpg" },
  { "percent", "100%.jpg", "100%25.jpg" },
  { "an encoded key", "a%20b%2Fc+d", "a%2520b%252Fc%2Bd" },
  { "letters beyond ASCII", "größe/日本.jpg", "gr%C3%B6%C3%9Fe/%E6%97%A5%E6%9C%AC.jpg" },
  { "emoji", "😀👩‍👧.png", "%F0%9F%98%80%F0%9F%91%A9%E2%80%8D%F0%9F%91%A7.png" },
  { "double slash", "a//b///c", "a//b///c" },
  { "dots upwards", "../../etc/passwd", "../../etc/passwd" },
  { "dots within", "a/./b/../c", "a/./b/../c" },
  { "leading slash", "/leading", "/leading" },
  { "trailing slash", "trailing/", "trailing/" },
  { "1,024 bytes", ("é"):rep(512), ("%C3%A9"):rep(512) },
  { "control bytes", "\1\2\8\9\13\27\31\127",
    "%01%02%08%09%0D%1B%1F%7F" },
  { "newline", "line\nfeed\n", "line%0Afeed%0A" },
  { "query", "a?b=c&d=e;f", "a%3Fb%3Dc%26d%3De%3Bf" },
  { "fragment", "a#b", "a%23b" },
  { "quotes", "it's \"so\" `called`", "it%27s+%22so%22+%60called%60" },
  { "markup", "<b>&amp;</b>]]>", "%3Cb%3E%26amp%3B%3C/b%3E%5D%5D%3E" },
  { "backslash", "a\\b\\..\\c", "a%5Cb%5C..%5Cc" },
  { "marks", "~!$'()*,:@{}^", "%7E%21%24%27%28%29*%2C%3A%40%7B%7D%5E" },
  { "combining characters", "e\u{301}.jpg", "e%CC%81.jpg" },
  { "the same, composed", "\u{E9}.jpg", "%C3%A9.jpg" },
  { "separators and directions", "a\u{2028}b\u{2029}c\u{202E}gpj\u{FEFF}",
    "a%E2%80%A8b%E2%80%A9c%E2%80%AEgpj%EF%BB%BF" },
  { "no-break space, no character", "a\u{A0}b\u{FFFE}\u{10FFFF}",
    "a%C2%A0b%EF%BF%BE%F4%8F%BF%BF" },
}

local function has(store) return stores:find(store, 1, true) end

-- Its event names the key as S3 does, and the text of the event is JSON of somebody else's.
local function through_event(key, encoded)
  local event = events.sample("s3-put", { bucket = bucket, key = key })
  t.equal(event.Records[1].s3.object.key, encoded)
  local uploads = events.uploads(json.decode(json.encode(event)))
  t.equal(#uploads, 1)
  t.equal(uploads[1].key, key)
  return uploads[1]
end

local function through_bucket(upload)
  local name = { bucket = bucket, key = upload.key }
  local body = uuid.v4()
  local written = s3.put { bucket = bucket, key = upload.key, body = body }
  t.equal(s3.get(name).body, body)
  t.equal(s3.head(name).etag, written.etag)
  local first = s3.list { bucket = bucket, prefix = upload.key, max_keys = 1 }.objects[1]
  t.equal({ first.key, first.etag }, { upload.key, written.etag })
  return written.etag
end

local function through_manifest(upload, etag)
  local list = { bucket = bucket, key = "keys-test/" .. run .. ".json" }
  list.entry = { name = upload.key, etag = etag }
  list.source = { bucket = bucket, key = upload.key, etag = etag }
  t.equal(manifest.update(list), "updated")
  local entry = manifest.find { bucket = bucket, key = list.key, name = upload.key }
  t.equal(entry, { name = upload.key, etag = etag })
end

local function through_item(upload)
  local key = { id = run .. upload.key }
  dynamodb.put { table = things, item = { id = key.id, key = upload.key } }
  t.equal(dynamodb.get { table = things, key = key, consistent = true },
    { id = key.id, key = upload.key })
  local page = dynamodb.query { table = things, hash = key, consistent = true }
  t.equal(page.items[1].key, upload.key)
  dynamodb.delete { table = things, key = key }
end

for _, case in ipairs(keys) do
  local what, key, encoded = case[1], case[2], case[3]
  t.test("a key comes through everything: " .. what, function()
    local upload = through_event(key, encoded)
    if has "dynamodb" then through_item(upload) end
    if not has "s3" then return end
    local etag = through_bucket(upload)
    through_manifest(upload, etag)
    t.equal(s3.delete { bucket = bucket, key = key }, true)
    t.equal(s3.find { bucket = bucket, key = key }, nil)
  end)
end

if has "s3" then
  for _, case in ipairs(keys) do
    t.test("a key is copied from and to: " .. case[1], function()
      local key, other = case[2], "keys-test/" .. run
      s3.put { bucket = bucket, key = key, body = case[1] }
      s3.copy { bucket = bucket, key = other, source_key = key }
      s3.delete { bucket = bucket, key = key }
      s3.copy { bucket = bucket, key = key, source_key = other }
      t.equal(s3.get({ bucket = bucket, key = key }).body, case[1])
      t.equal(s3.delete { bucket = bucket, key = key }, true)
    end)
  end
end

-- A list of keys travels as XML, which can't hold all that a key can.
local alone = { ["control bytes"] = true, ["no-break space, no character"] = true }

if has "s3" then
  t.test("keys are deleted together, but for those that have to be alone", function()
    local together = {}
    for _, case in ipairs(keys) do
      s3.put { bucket = bucket, key = case[2], body = case[1] }
      if alone[case[1]] then
        local err = t.raises("delete it alone", s3.delete_all,
          { bucket = bucket, keys = { "other", case[2] } })
        t.equal({ err.code, err.status }, { "MalformedXML", 400 })
        s3.delete { bucket = bucket, key = case[2] }
      else
        together[#together + 1] = case[2]
      end
    end
    t.equal(#together, #keys - 2)
    t.equal(s3.delete_all { bucket = bucket, keys = together }, { deleted = #together, errors = {} })
    for _, case in ipairs(keys) do t.equal(s3.find { bucket = bucket, key = case[2] }, nil) end
  end)
end
