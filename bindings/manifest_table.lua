-- The manifest through a table, for many writers at once: each writes its own item, and whoever
-- then wins the write of the object writes what all the items say. Called by manifest.lua.
--
-- An item is the truth about one entry: `manifest` (partition key, "BUCKET/KEY"), `name` (sort
-- key), `entry` (JSON, as it stands in the object; absent when it was taken out), `revision`
-- (counts the writes), `since` (when it came, in seconds). One that was taken out has to stay for
-- as long as somebody may be about to publish what he read before; `expires` says when the table
-- may drop it.
--
-- Publishing: the object is read, THEN all items, then the object is written if nobody else has
-- written it since, and then the items are read once more: what changed between the two looks is
-- owed, for its writer may have found the object as it should be just before this write. Nobody
-- leaves before he has seen the object show all that he owes. A writer owes his own item; one who
-- finds his item written already may be the second delivery of one who died with a debt that
-- nobody knows, and owes everything. A thousand at once take about two rounds each: one to lose,
-- one to find oneself published.

local failure = require "failure"
local json = require "json"
local object = require "lunette.manifest_object"
local text = require "lunette.manifest_text"

local items = { remembers = true } -- the sequencers of what was taken out
items.__index = items

local name_bytes_max = 1024 -- DynamoDB's, of a sort key
local entry_bytes_max = 400 * 1024 - 4096 -- DynamoDB's for an item, less the other attributes
local memory_seconds = 30 * 24 * 60 * 60 -- longer than any event is delivered again

function items.open(w, options)
  local self = { w = w, options = options, manifest = options.bucket .. "/" .. options.key }
  return setmetatable(self, items)
end

-- Calls one of the table's functions and returns its results.
local function ask(self, call, request)
  request.table = self.options.table
  local done = table.pack(pcall(call, request))
  if done[1] then return table.unpack(done, 2, done.n) end
  local err = done[2]
  local code = failure.field(err, "code")
  if code ~= "ResourceNotFoundException" and code ~= "ValidationException" then error(err, 0) end
  failure.raise { code = "manifest_table", retryable = false,
    message = ("the table '%s' can't keep the entries of %s: %s. It needs the partition key "
      .. "'manifest' and the sort key 'name', both strings"):format(
      self.options.table, object.place(self.options), failure.field(err, "message")) }
end

local function read(self, name)
  local key = { manifest = self.manifest, name = name }
  return ask(self, self.w.item_get, { key = key, consistent = true })
end

local function check_sizes(name, entry)
  local what, size, most = "name", #name, name_bytes_max
  if size <= most and entry then what, size, most = "entry", #entry, entry_bytes_max end
  if size <= most then return end
  failure.raise { code = "manifest_too_large", retryable = false,
    message = ("the %s of '%s' has %d bytes, in a table the limit is %d"):format(
      what, name:sub(1, 100), size, most) }
end

-- The item that comes after `item` (nil: there is none) with the entry `new`, or taken out.
local function successor(self, name, item, new, sequencer)
  local now = self.w.now()
  local next_item = { manifest = self.manifest, name = name,
    revision = (item and item.revision or 0) + 1 }
  if new then
    next_item.entry = json.encode(new)
    next_item.since = item and item.entry and item.since or now
  else
    next_item.sequencer, next_item.expires = sequencer, now + memory_seconds
  end
  check_sizes(name, next_item.entry)
  return next_item
end

-- True when written, false when somebody else was faster or nobody knows.
local function write(self, item, next_item)
  local request = { item = next_item, condition = "attribute_not_exists(manifest)" }
  if item then
    request.condition = "#revision = :revision"
    request.names, request.values = { revision = "revision" }, { revision = item.revision }
  end
  local ok, written = pcall(ask, self, self.w.item_put, request)
  if ok then return written == true end
  if object.may_pass(written) then return false end
  error(written, 0)
end

-- What the table says of all names, as text.merge wants it.
local function read_all(self)
  local rows, size = {}, 0
  local request = { hash = { manifest = self.manifest }, consistent = true }
  ask(self, function()
    for page in self.w.item_pages(request) do
      for _, item in ipairs(page.items) do
        rows[item.name] = { entry = item.entry, since = item.since }
        size = size + #(item.entry or "")
      end
      object.check_size(self.options, size)
    end
  end, request)
  return rows
end

-- A name that the table does not know yet may stand in an object that is older than the table.
local function read_both(self, name)
  local item = read(self, name)
  return { item = item, file = not item and object.load(self.w, self.options) or nil }
end

--- As object.read_ahead.
function items:read_ahead(name)
  self.ahead = read_both(self, name)
end

--- As object.change does it, with the item.
function items:change(name, decide, sequencer)
  return object.until_done(self.w, self.options, function()
    local found = self.ahead or read_both(self, name)
    local item = found.item
    self.ahead, self.name, self.item, self.is_mine = nil, name, item, false
    self.file = found.file
    local old
    if not item then
      old = text.find(self.file.list, name)
    elseif item.entry then
      old = json.decode(item.entry)
    end
    local status, new = decide(old, item and item.sequencer)
    if new == nil then return status, old end
    local next_item = successor(self, name, item, new, sequencer)
    if not write(self, item, next_item) then return end
    self.item, self.is_mine = next_item, true
    return status, old
  end)
end

-- One attempt to bring the object in line; true when nothing is owed any more. `self.owed` is nil
-- while nobody knows what is.
local function settle(self)
  local file = self.file or object.load(self.w, self.options)
  self.file = nil -- what was read before the item was written serves once
  if self.owed and text.shows(file.list, self.owed) then return true end
  local rows = read_all(self)
  local bytes = text.merge(file.list, rows)
  if bytes == (file.body or text.empty) then return true end
  if self.owed then
    for name in pairs(self.owed) do self.owed[name] = rows[name] end
    if text.shows(file.list, self.owed) then return true end
  elseif not self.in_doubt then
    self.owed = text.missing(file.list, rows)
  end
  local stored = object.store(self.w, self.options, bytes, file)
  if stored then
    self.owed, self.in_doubt = text.changed(rows, read_all(self)), false
    return next(self.owed) == nil
  elseif stored == nil then
    self.owed, self.in_doubt = nil, true -- it may have been written, or still be
  end
end

--- Makes the object say what the items say, as far as that is up to the caller of change().
function items:publish()
  if not self.item then return end -- and there never was one: nobody can have died over it
  if self.is_mine then self.owed = { [self.name] = self.item } end
  object.until_done(self.w, self.options, function() return settle(self) end)
end

--- The same, whoever it is up to.
function items:publish_all()
  object.until_done(self.w, self.options, function() return settle(self) end)
end

return items
