-- The contract of the module `dynamodb`, on whatever store the program was started with. The store
-- has two tables: things (id) and lines (id:S, at:N). Items of other runs may be in them.

local t = ...
local dynamodb = require "dynamodb"
local json = require "json"
local task = require "task"
local uuid = require "uuid"

local things, lines = os.getenv "TEST_TABLE" or "things", os.getenv "TEST_RANGE_TABLE" or "lines"
local run = uuid.v4()

-- An id that no other test and no other run uses.
local function id(name) return run .. "/" .. name end

local function get(name)
  return dynamodb.get { table = things, key = { id = id(name) }, consistent = true }
end

local function put(name, item)
  item.id = id(name)
  return dynamodb.put { table = things, item = item }
end

local function is_integer(value, wanted)
  t.equal(value, wanted)
  t.equal(math.type(value), "integer")
end

-- ---- values -------------------------------------------------------------------------------------

t.test("dynamodb: what goes in comes out", function()
  local item = {
    text = "zwölf \u{1F600}\0nul",
    empty = "",
    integer = 42,
    smallest = math.mininteger,
    largest = math.maxinteger,
    float = 0.1,
    tiny = 1e-130,
    huge = -9.5e125,
    yes = true,
    no = false,
    null = dynamodb.null,
    list = { 1, "two", { three = 3 } },
    nothing = dynamodb.list {},
    map = { a = { b = { c = 1 } } },
    empty_map = {},
  }
  put("values", item)
  local back = get "values"
  t.equal(back, item)
  is_integer(back.integer, 42)
  t.equal(math.type(back.float), "float")
  t.ok(json.is_array(back.nothing), "an empty list comes back as one")
  t.ok(not json.is_array(back.empty_map), "an empty map comes back as one")
end)

t.test("dynamodb: numbers are never rounded", function()
  local number = dynamodb.number
  put("numbers", {
    long = number "12345678901234567890123456789012345678",
    pi = number "3.1415926535897932384626433832795028841",
    whole = 3.0,
    power = number "1e30",
    beyond = number "9223372036854775808",
    negative_zero = -0.0,
  })
  local back = get "numbers"
  t.equal(tostring(back.long), "12345678901234567890123456789012345678")
  t.equal(tostring(back.pi), "3.1415926535897932384626433832795028841")
  is_integer(back.whole, 3)
  t.equal(back.power, 1e30)
  t.equal(tostring(back.beyond), "9223372036854775808")
  is_integer(back.negative_zero, 0)
  put("numbers", back)
  t.equal(get "numbers", back)
end)

t.test("dynamodb.number compares, prints plainly and refuses what it can't hold", function()
  local number = dynamodb.number
  t.equal(tostring(number "1.50e3"), "1500")
  t.equal(tostring(number "-0.00012"), "-0.00012")
  t.equal(tostring(number(7)), "7")
  t.ok(number "1.0" == number "1", "equal numbers are equal")
  t.ok(number "-2" < number "1e-9" and number "2" <= number "2.0", "order")
  t.raises("cannot be converted to a numeric value: 0x10", number, "0x10")
  t.raises("more than 38 significant digits", number, ("1"):rep(39))
  t.raises("overflow", number, "1e126")
  t.raises("underflow", number, "1e-131")
  t.raises("a string or an integer expected, got a float", number, 0.5)
end)

t.test("dynamodb: bytes and sets", function()
  local binary, set = dynamodb.binary, dynamodb.set
  put("sets", {
    bytes = binary "\xFF\0\x01",
    strings = set { "b", "a", "c" },
    numbers = set { 10, 9, 0.5, dynamodb.number "1e-100" },
    binaries = set { binary "\2", binary "\1" },
  })
  local back = get "sets"
  t.equal(tostring(back.bytes), "\xFF\0\x01")
  t.equal(#back.bytes, 3)
  t.ok(back.bytes == binary "\xFF\0\x01", "equal bytes are equal")
  t.ok(back.strings:has "a" and not back.strings:has "d", "has")
  t.equal(#back.strings, 3)
  t.equal(#back.numbers, 4)
  t.ok(back.numbers:has(0.5) and back.numbers:has(10), "numbers keep their types")
  t.ok(back.binaries:has(binary "\1"), "binaries")
  put("sets", back)
  t.equal(#get("sets").strings, 3)
end)

t.test("dynamodb: what can't be stored is named by its path", function()
  local function refuses(item, text)
    t.raises(text, put, "refused", item)
  end
  refuses({ tags = { "a", "b", print } }, "item.tags[3] is a function, which DynamoDB can't hold")
  refuses({ a = { b = { c = io.stdout } } }, "item.a.b.c is a userdata")
  refuses({ body = "\xFF" }, "item.body holds bytes that are not UTF-8")
  refuses({ mixed = { 1, x = 2 } }, "item.mixed is a table with both names and other keys")
  refuses({ holes = dynamodb.list { 1, nil, 3 } }, "item.holes[2] is nil: a list has no holes")
  refuses({ nan = 0 / 0 }, "item.nan is NaN")
  refuses({ infinite = { math.huge } }, "item.infinite[1] is infinite")
  refuses({ big = 1e126 }, "item.big is beyond DynamoDB's numbers")
  refuses({ small = { x = 1e-131 } }, "item.small.x is beyond DynamoDB's numbers")
  refuses({ set = dynamodb.set {} }, "item.set is an empty set")
  refuses({ set = dynamodb.set { 1, "a" } }, "item.set[2] doesn't belong in a set")
  refuses({ set = dynamodb.set { {} } }, "item.set[1] doesn't belong in a set")
  refuses({ ["a\0b"] = 1 }, "item has a name that is not UTF-8 without NUL")
  refuses({ [""] = 1 }, "item has an empty name")
  local loop = {}
  loop.again = loop
  refuses({ loop = loop }, "is nested deeper than 32 levels, or holds itself")
end)

t.test("dynamodb: 32 levels are held, the innermost value being one, and 33 are not", function()
  local function nested(levels)
    local value = "core"
    for level = 2, levels do value = level % 2 == 0 and { value } or { v = value } end
    return value
  end
  put("nested", { deep = nested(32) })
  t.equal(get("nested").deep, nested(32))
  t.raises("nested deeper than 32 levels", put, "nested", { deep = nested(33) })
  local err = t.raises("Nesting Levels have exceeded supported limits", dynamodb.update,
    { table = things, key = { id = id "nested" }, set = { ["deep[0]"] = nested(32) } })
  t.equal(err.code, "ValidationException")
end)

-- ---- single items -------------------------------------------------------------------------------

t.test("dynamodb.get: nil for what isn't there", function()
  t.equal(get "absent", nil)
end)

t.test("dynamodb.get: a projection takes parts", function()
  put("parts", { name = "n", size = { width = 3, height = 4 }, list = { "a", "b", "c" } })
  local key = { id = id "parts" }
  local paths = { "size.width", "list[2]", "list[0]" }
  t.equal(dynamodb.get { table = things, key = key, project = paths },
    { size = { width = 3 }, list = { "a", "c" } })
  t.equal(dynamodb.get { table = things, key = key, project = "#n", names = { n = "name" } },
    { name = "n" })
end)

t.test("dynamodb.put: a condition that lost is a result", function()
  local function create(value)
    return dynamodb.put {
      table = things, item = { id = id "once", value = value },
      condition = "attribute_not_exists(id)",
    }
  end
  t.equal({ create(1) }, { true })
  local ok, why = create(2)
  t.equal({ ok, why }, { nil, "conflict" })
  t.equal(get("once").value, 1)
end)

t.test("dynamodb: what won comes with a lost condition", function()
  put("won", { value = 1 })
  local fields = {
    table = things, key = { id = id "won" }, condition = "#v = :v", names = { v = "value" },
    values = { v = 2 },
  }
  local function lost(_, why, winner)
    t.equal(why, "conflict")
    t.equal(winner, { id = id "won", value = 1 })
  end
  lost(dynamodb.delete(fields))
  fields.set = { value = 3 }
  lost(dynamodb.update(fields))
  fields.item, fields.key, fields.set = { id = id "won", value = 4 }, nil, nil
  lost(dynamodb.put(fields))
end)

t.test("dynamodb.put: old values on request", function()
  local options = { table = things, item = { id = id "old", n = 1 }, return_old = true }
  t.equal({ dynamodb.put(options) }, { true })
  options.item.n = 2
  local ok, old = dynamodb.put(options)
  t.equal(ok, true)
  t.equal(old, { id = id "old", n = 1 })
  t.equal({ dynamodb.delete { table = things, key = { id = id "old" } } }, { true })
  t.equal(get "old", nil)
end)

t.test("dynamodb.delete: conditions and old values", function()
  put("gone", { state = "ready" })
  local ok, why = dynamodb.delete {
    table = things, key = { id = id "gone" }, condition = "#s = :s",
    names = { s = "state" }, values = { s = "busy" },
  }
  t.equal({ ok, why }, { nil, "conflict" })
  local done, last = dynamodb.delete {
    table = things, key = { id = id "gone" }, condition = "#s = :s",
    names = { ["#s"] = "state" }, values = { [":s"] = "ready" }, return_old = true,
  }
  t.equal(done, true)
  t.equal(last, { id = id "gone", state = "ready" })
end)

t.test("dynamodb.update: set, add, remove, delete", function()
  local key = { id = id "update" }
  dynamodb.update {
    table = things, key = key,
    set = { name = "first", ["size"] = { width = 1 }, list = { "a", "b", "c" } },
    add = { count = 5, tags = dynamodb.set { "x", "y" } },
  }
  local ok, new = dynamodb.update {
    table = things, key = key,
    set = { ["size.width"] = 2, ["size.height"] = 3 },
    add = { count = -2 },
    remove = { "list[2]" },
    delete = { tags = dynamodb.set { "y", "z" } },
    returns = "new",
  }
  t.equal(ok, true)
  t.equal(new.size, { width = 2, height = 3 })
  is_integer(new.count, 3)
  t.equal(new.list, { "a", "b" })
  t.equal(#new.tags, 1)
  t.ok(new.tags:has "x")
  local function count(returns)
    local _, attributes = dynamodb.update {
      table = things, key = key, add = { count = 1 }, returns = returns,
    }
    return attributes
  end
  t.equal(count "updated_new", { count = 4 })
  t.equal(count "updated_old", { count = 4 })
end)

t.test("dynamodb.update: a list's places are those before the update", function()
  put("places", { list = { "a", "b", "c", "d" } })
  local _, new = dynamodb.update {
    table = things, key = { id = id "places" }, remove = { "list[0]", "list[2]" }, returns = "new",
  }
  t.equal(new.list, { "b", "d" })
end)

t.test("dynamodb.update: an expression, and its condition", function()
  local key = { id = id "expression" }
  local function rename(name, version)
    return dynamodb.update {
      table = things, key = key, returns = "new",
      update = "SET title = :title, version = if_not_exists(version, :zero) + :one, "
        .. "history = list_append(if_not_exists(history, :none), :line)",
      condition = "attribute_not_exists(version) OR version = :version",
      values = {
        title = name, zero = 0, one = 1, none = dynamodb.list {}, line = { name },
        version = version,
      },
    }
  end
  local _, new = rename("a", 0)
  t.equal(new, { id = id "expression", title = "a", version = 1, history = { "a" } })
  _, new = rename("b", 1)
  t.equal(new.history, { "a", "b" })
  local ok, why = rename("c", 1)
  t.equal({ ok, why }, { nil, "conflict" })
  t.equal(get("expression").title, "b")
end)

t.test("dynamodb: names that are reserved words need no care in set, project and hash", function()
  local key = { id = id "reserved" }
  dynamodb.update { table = things, key = key, set = { name = 1, status = 2 } }
  t.equal(dynamodb.get { table = things, key = key, project = { "name", "status" } },
    { name = 1, status = 2 })
  t.raises("Attribute name is a reserved keyword; reserved keyword: status", dynamodb.get,
    { table = things, key = key, project = "status" })
end)

-- ---- query and scan -----------------------------------------------------------------------------

local function fill_lines(name, from, to)
  local puts = {}
  for at = from, to do puts[#puts + 1] = { id = id(name), at = at, odd = at % 2 == 1 } end
  dynamodb.batch_write { table = lines, puts = puts }
end

local function ats(page)
  local list = {}
  for i, item in ipairs(page.items) do list[i] = item.at end
  return list
end

t.test("dynamodb.query: ranges in the order of numbers", function()
  fill_lines("range", -3, 12)
  local function query(range, descending)
    return ats(dynamodb.query {
      table = lines, hash = { id = id "range" }, range = range, descending = descending,
      consistent = true,
    })
  end
  t.equal(#query(), 16)
  t.equal(query { at = 2 }, { 2 })
  t.equal(query { at = { lt = -1 } }, { -3, -2 })
  t.equal(query { at = { le = -2 } }, { -3, -2 })
  t.equal(query { at = { gt = 10 } }, { 11, 12 })
  t.equal(query { at = { ge = 11.5 } }, { 12 })
  t.equal(query { at = { between = { 9, 11 } } }, { 9, 10, 11 })
  t.equal(query({ at = { between = { 9, 11 } } }, true), { 11, 10, 9 })
  t.equal(ats(dynamodb.query {
    table = lines, key_condition = "id = :id AND #at < :at", names = { at = "at" },
    values = { id = id "range", at = -2 },
  }), { -3 })
end)

t.test("dynamodb.query: a key may stand on the right", function()
  fill_lines("right", 1, 5)
  t.equal(ats(dynamodb.query {
    table = lines, key_condition = ":id = id AND :at < #at", names = { at = "at" },
    values = { id = id "right", at = 3 },
  }), { 4, 5 })
end)

t.test("dynamodb.query: limit counts before the filter; next_key goes on", function()
  fill_lines("pages", 1, 10)
  local options = {
    table = lines, hash = { id = id "pages" }, filter = "odd = :yes", values = { yes = true },
    limit = 4,
  }
  local page = dynamodb.query(options)
  t.equal(ats(page), { 1, 3 })
  t.equal(page.count, 2)
  t.equal(page.scanned, 4)
  t.equal(page.next_key, { id = id "pages", at = 4 })
  options.start_key = page.next_key
  t.equal(ats(dynamodb.query(options)), { 5, 7 })
  options.start_key, options.descending = { id = id "pages", at = 5 }, true
  t.equal(ats(dynamodb.query(options)), { 3, 1 })
  local count = dynamodb.query { table = lines, hash = { id = id "pages" }, count_only = true }
  t.equal(count.count, 10)
  t.equal(#count.items, 0)
  t.equal(count.next_key, nil)
end)

t.test("dynamodb.query_pages and scan_pages go through everything", function()
  fill_lines("all", 1, 23)
  local seen, page_count = {}, 0
  for page in dynamodb.query_pages { table = lines, hash = { id = id "all" }, limit = 5 } do
    page_count = page_count + 1
    for _, item in ipairs(page.items) do seen[#seen + 1] = item.at end
  end
  t.equal(#seen, 23)
  t.equal(seen[23], 23)
  t.equal(page_count, 5)
  local found = 0
  for page in dynamodb.scan_pages {
    table = lines, filter = "id = :id", values = { id = id "all" }, limit = 50,
  } do
    found = found + page.count
  end
  t.equal(found, 23)
end)

t.test("dynamodb.scan: segments share the table out", function()
  for i = 1, 20 do put("segment" .. i, { scan = "segments" }) end
  local found = {}
  for segment = 0, 2 do
    for page in dynamodb.scan_pages {
      table = things, filter = "begins_with(id, :run) AND #scan = :scan",
      names = { scan = "scan" },
      values = { run = run, scan = "segments" }, segment = segment, segments = 3,
      project = { "id" },
    } do
      for _, item in ipairs(page.items) do
        t.equal(found[item.id], nil, "an item in two segments")
        found[item.id] = true
      end
    end
  end
  local count = 0
  for _ in pairs(found) do count = count + 1 end
  t.equal(count, 20)
end)

t.test("dynamodb.query: a page ends after 1 MB", function()
  local puts = {}
  for at = 1, 6 do puts[at] = { id = id "megabyte", at = at, body = ("x"):rep(300000) } end
  dynamodb.batch_write { table = lines, puts = puts }
  local page = dynamodb.query { table = lines, hash = { id = id "megabyte" } }
  t.ok(page.count < 6 and page.next_key, "the first page holds " .. page.count)
  local total = 0
  for one in dynamodb.query_pages { table = lines, hash = { id = id "megabyte" } } do
    total = total + one.count
  end
  t.equal(total, 6)
end)

-- ---- batches and transactions -------------------------------------------------------------------

t.test("dynamodb.batch_get: beyond a hundred keys", function()
  fill_lines("batch", 1, 130)
  local keys = {}
  for at = 1, 140 do keys[at] = { id = id "batch", at = at } end
  local items = dynamodb.batch_get {
    table = lines, keys = keys, project = { "at" }, consistent = true,
  }
  t.equal(#items, 130)
  local sum = 0
  for _, item in ipairs(items) do sum = sum + item.at end
  t.equal(sum, 130 * 131 // 2)
  t.equal(dynamodb.batch_get { table = lines, keys = {} }, {})
end)

t.test("dynamodb.batch_write: puts and deletes", function()
  fill_lines("batch_write", 1, 30)
  local deletes = {}
  for at = 1, 28 do deletes[at] = { id = id "batch_write", at = at } end
  t.equal(dynamodb.batch_write {
    table = lines, puts = { { id = id "batch_write", at = 99 } }, deletes = deletes,
  }, true)
  t.equal(ats(dynamodb.query { table = lines, hash = { id = id "batch_write" } }), { 29, 30, 99 })
end)

t.test("dynamodb.transact: all or nothing", function()
  put("from", { balance = 10 })
  put("to", { balance = 0 })
  local function move(amount)
    return dynamodb.transact {
      {
        update = {
          table = things, key = { id = id "from" }, add = { balance = -amount },
          condition = "balance >= :amount", values = { amount = amount },
        },
      },
      { update = { table = things, key = { id = id "to" }, add = { balance = amount } } },
      { put = { table = lines, item = { id = id "moves", at = amount } } },
      {
        check = {
          table = things, key = { id = id "blocked" },
          condition = "attribute_not_exists(id)",
        },
      },
    }
  end
  t.equal({ move(7) }, { true })
  t.equal(get("from").balance, 3)
  local ok, why, reasons = move(8)
  t.equal(ok, nil)
  t.equal(why, "conflict")
  t.equal(#reasons, 4)
  t.equal(reasons[1].code, "ConditionalCheckFailed")
  t.equal(reasons[1].item, { id = id "from", balance = 3 })
  t.equal(reasons[2].code, "None")
  t.equal(get("to").balance, 7)
  t.equal(#dynamodb.query { table = lines, hash = { id = id "moves" } }.items, 1)
end)

t.test("dynamodb.transact: under the same token it happens once", function()
  local token = uuid.v4()
  for _ = 1, 2 do
    t.equal({ dynamodb.transact {
      { update = { table = things, key = { id = id "token" }, add = { count = 1 } } },
      token = token,
    } }, { true })
  end
  t.equal(get("token").count, 1)
end)

-- ---- concurrency --------------------------------------------------------------------------------

t.test("dynamodb: counters lose nothing to one another", function()
  local numbers = {}
  for i = 1, 60 do numbers[i] = i end
  task.map(numbers, function()
    dynamodb.update { table = things, key = { id = id "counter" }, add = { n = 1 } }
  end, { concurrency = 16 })
  is_integer(get("counter").n, 60)
end)

t.test("dynamodb: of many creators one wins", function()
  local numbers = {}
  for i = 1, 16 do numbers[i] = i end
  local won = task.map(numbers, function(i)
    return dynamodb.put {
      table = things, item = { id = id "winner", by = i }, condition = "attribute_not_exists(id)",
    } == true
  end)
  local winners = {}
  for i, yes in ipairs(won) do if yes then winners[#winners + 1] = i end end
  t.equal(#winners, 1)
  t.equal(get("winner").by, winners[1])
end)

-- ---- complaints ---------------------------------------------------------------------------------

t.test("dynamodb: arguments are checked before anything is sent", function()
  local function refuses(name, options, text)
    local err = t.raises(text, dynamodb[name], options)
    t.equal(err.code, "usage")
  end
  local key = { id = "x" }
  refuses("get", nil, "bad argument #1 to 'get' (a table of named fields expected, got nil)")
  refuses("get", { tabel = "things", key = key }, "unknown field 'tabel', did you mean 'table'?")
  refuses("get", { table = things }, "field 'key' is missing")
  refuses("get", { table = things, key = "x" }, "field 'key' is a string, expected a table")
  refuses("get", { table = things, key = key, project = 1 }, "field 'project' is a number")
  refuses("get", { table = things, key = key, project = {} },
    "field 'project' names no attribute")
  refuses("get", { table = things, key = key, project = { "a..b" } }, "has the path 'a..b'")
  refuses("get", { table = things, key = key, project = { "a[x]" } }, "has the path 'a[x]'")
  refuses("get", { table = things, key = { id = print } }, "key.id is a function")
  refuses("put", { table = things, item = { id = "x", a = print } }, "item.a is a function")
  refuses("put", { table = things, item = key, values = { x = print } }, "values.x is a function")
  refuses("update", { table = things, key = key, set = { ["a.b"] = print } },
    "set.a.b is a function")
  refuses("update", { table = things, key = key, set = { a = 1 }, update = "SET b = c" },
    "field 'update' is an expression of its own")
  refuses("update", { table = things, key = key, returns = "all" }, "expected one of old, new")
  refuses("query", { table = lines }, "field 'hash' (or 'key_condition') is missing")
  refuses("query", { table = lines, hash = { id = "x", at = 1 } },
    "field 'hash' has to have one entry")
  refuses("query", { table = lines, hash = { id = "x" }, range = { at = { near = 1 } } },
    "has the operator 'near'")
  refuses("query", { table = lines, hash = key, limit = 0 },
    "field 'limit' is 0, expected at least 1")
  refuses("transact", {}, "it is empty")
  refuses("transact", { { put = {}, update = {} } }, "[1] has to be one of")
  refuses("transact", { { put = { table = things, itm = {} } } }, "[1].put.unknown field 'itm'")
  refuses("transact", { { put = { table = things, item = key, return_old = true } } },
    "[1].put.unknown field 'return_old'")
  refuses("transact", { { put = { table = things, item = { id = print } } } },
    "[1].put.item.id is a function")
  refuses("batch_write", { table = things, puts = { { id = print } } },
    "puts[1].id is a function")
end)

local key = { id = id "errors" }

-- The text, the function, its options, and the code where it is no ValidationException.
for _, case in ipairs {
  { "Requested resource not found", "get", { table = "nowhere", key = key },
    "ResourceNotFoundException" },
  { "The provided key element does not match the schema",
    "get", { table = things, key = { other = "x" } } },
  { "Type mismatch for key", "put", { table = things, item = { id = 1 } } },
  { "Item size has exceeded the maximum allowed size",
    "put", { table = things, item = { id = id "errors", body = ("x"):rep(409600) } } },
  { "2048 bytes", "put", { table = things, item = { id = ("x"):rep(2049) } } },
  { 'Syntax error; token: "<EOF>"',
    "put", { table = things, item = key, condition = "a = " } },
  { 'Syntax error; token: "_"',
    "put", { table = things, item = key, condition = "_x = :x", values = { x = 1 } } },
  { "operator: ADD, operand type: LIST, typeSet: ALLOWED_FOR_ADD_OPERAND",
    "update", { table = things, key = key, update = "ADD tags :l", values = { l = { 1 } } } },
  { "unused in expressions: keys: {:unused}",
    "put", { table = things, item = key, values = { unused = 1 },
      condition = "attribute_exists(id)" } },
  { "Cannot update attribute id. This attribute is part of the key",
    "update", { table = things, key = key, set = { id = "other" } } },
  { "Two document paths overlap with each other",
    "update", { table = things, key = key, set = { ["a.b"] = 1, a = 2 } } },
  { "does not have the specified index: by_name",
    "query", { table = things, hash = key, index = "by_name" } },
} do
  local text, name, options, code = case[1], case[2], case[3], case[4] or "ValidationException"
  t.test("dynamodb's own error: " .. text, function()
    local err = t.raises(text, dynamodb[name], options)
    t.equal(err.code, code)
    t.equal(err.operation, "dynamodb." .. name)
    t.ok(err.message:find(options.table, 1, true), err.message)
    t.equal(err.status, 400)
    t.equal(err.retryable, false)
    t.ok(err.where:find("harness.lua:", 1, true), err.where) -- it is pcall's caller
  end)
end
