---@meta manifest

---A public list of what there is (`images.json`): a JSON array of objects, one entry per name, kept
---in a bucket and correct when many processes change it at once.
---
---Entries are changed in place; their order, and fields that you did not set, stay. A manifest that
---is damaged (no JSON array of objects, or a name twice) is never overwritten. It is written with
---content type `application/json` and cache control `no-cache`, at most 8 MiB.
---
---**With a table** (`table = "NAME"`) many may write at once: each writes only an item of its own, and
---whoever then wins the write of the object publishes for all. Without one, eight or ten changes a
---second are the most that a manifest bears. The table's partition key is `manifest`, its sort key is
---`name`, both strings; one table serves any number of manifests. An item holds
---
---| attribute | |
---|---|---|
---| `manifest` | BUCKET/KEY |
---| `name` | the entry's; at most 1,024 bytes |
---| `entry` | the entry as JSON, at most 396 KiB; absent when it was taken out |
---| `revision` | counts the writes |
---| `since` | when it came, in seconds since 1970 |
---| `sequencer` | of the removal, if that was given |
---| `expires` | 30 days after the removal, in seconds since 1970: let the table's time to live use it |
---
---The table is the truth, and `read` and `find` still read the object. All that write a manifest must
---name the same table, or none. Entries that were in the object before it had a table stay, and get an
---item when they are changed. New entries come at the end, the oldest first. Publishing reads all
---the items of a manifest: beyond some five thousand entries, spread them over several. When a run
---dies while it publishes, what it left undone is made good when its event is delivered again, or by
---`publish`.
---
---Errors: `manifest_damaged`, `manifest_too_large`, `manifest_table` (missing, or with other keys),
---`conflict` (others were faster at every attempt within the time that remains; retryable), and what
---`s3` and `dynamodb` raise.
---@class manifest
local manifest = {}

---What an entry says. Any fields may be added.
---@class manifest.entry
---@field name string What there is one entry of.
---@field sequencer? string Of the event that it comes from. An older one does not replace a newer one.
---@field [string] any

---@class manifest.read.options
---@field bucket string
---@field key? string Default "images.json".

---Reads the whole manifest; an empty list when there is none.
---@param options manifest.read.options
---@return manifest.entry[] entries
---@return string? etag Absent when there is no manifest.
function manifest.read(options) end

---@class manifest.find.options
---@field bucket string
---@field key? string Default "images.json".
---@field name string

---Finds an entry by its name.
---@param options manifest.find.options
---@return manifest.entry? entry
function manifest.find(options) end

---The object that an entry speaks of. The entry is written only if the object has this ETag at that
---moment: so events may come late, twice and in any order.
---@class manifest.update.source
---@field bucket string
---@field key string
---@field etag string With its quotes.

---@class manifest.update.options
---@field bucket string
---@field key? string Default "images.json".
---@field table? string The DynamoDB table that holds the entries.
---@field entry? manifest.entry
---@field make? fun(): manifest.entry In place of `entry`: makes it, while the manifest is read and its source looked at. Called once; what it raises is raised.
---@field name? string With `make`: the name that its entry will have.
---@field meanwhile? fun(entry: manifest.entry) Called once, while the entry is written; what it writes is there before the source is looked at for the last time.
---@field source? manifest.update.source Without it, only the sequencers decide what is newer.
---@field allow_recursion? boolean As of `s3.put`: also where the invocation's event came from.

---Puts an entry into the place of the one with its name, or at the end.
---
---An entry that takes its time is given as a function, and what has to be written besides it as
---another, so that neither waits for a request:
---
---```lua
---manifest.update { bucket = "b", name = "cat.jpg",
---  make = function() return { name = "cat.jpg", size = store_picture() } end,
---  meanwhile = function(entry) dynamodb.put { table = "photos", item = entry } end }
---```
---
---"unchanged": it says so already, nothing was written. "superseded": the source is another version
---by now; look at it and call again for that version. "gone": the source was deleted; the entry is
---not, or no longer, there.
---@param options manifest.update.options
---@return "updated"|"unchanged"|"superseded"|"gone" status
---@return manifest.entry? previous The entry as it was before.
function manifest.update(options) end

---@class manifest.remove.source
---@field bucket string
---@field key string
---@field etag? string With its quotes: the version that should not be shown. Absent: the object was deleted.

---@class manifest.remove.options
---@field bucket string
---@field key? string Default "images.json".
---@field table? string The DynamoDB table that holds the entries.
---@field name string
---@field source? manifest.remove.source If the object is there, and in another version, the entry stays.
---@field sequencer? string Of the delete, where there is no `source` to look at: a newer entry stays. With a table, an older one does not come back, either.
---@field allow_recursion? boolean As of `s3.put`: also where the invocation's event came from.

---Takes an entry out.
---
---"absent": there was none. "superseded": the source is there, in another version; look at it and
---update the entry for that version.
---@param options manifest.remove.options
---@return "removed"|"absent"|"superseded" status
---@return manifest.entry? previous The entry as it was before.
function manifest.remove(options) end

---@class manifest.publish.options
---@field bucket string
---@field key? string Default "images.json".
---@field table string The DynamoDB table that holds the entries.
---@field allow_recursion? boolean As of `s3.put`: also where the invocation's event came from.

---Brings the object in line with its table; writes nothing when it is. For a schedule, and after
---somebody changed or lost the object: every update and removal does it by itself.
---@param options manifest.publish.options
function manifest.publish(options) end

return manifest
