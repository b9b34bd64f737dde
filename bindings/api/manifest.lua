---@meta manifest

---A public list of what there is (`images.json`): a JSON array of objects, one entry per name, kept
---in a bucket and correct when many processes change it at once.
---
---Entries are changed in place; their order, and fields that you did not set, stay. A manifest that
---is damaged (no JSON array of objects, or a name twice) is never overwritten. It is written with
---content type `application/json` and cache control `no-cache`, at most 8 MiB.
---
---Errors: `manifest_damaged`, `manifest_too_large`, `conflict` (others were faster at every attempt
---within the time that remains; retryable), and what `s3` raises.
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
---@field entry manifest.entry
---@field source? manifest.update.source Without it, only the sequencers decide what is newer.
---@field allow_recursion? boolean As of `s3.put`: also where the invocation's event came from.

---Puts an entry into the place of the one with its name, or at the end.
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
---@field name string
---@field source? manifest.remove.source If the object is there, and in another version, the entry stays.
---@field sequencer? string Of the delete, where there is no `source` to look at: a newer entry stays.
---@field allow_recursion? boolean As of `s3.put`: also where the invocation's event came from.

---Takes an entry out.
---
---"absent": there was none. "superseded": the source is there, in another version; look at it and
---update the entry for that version.
---@param options manifest.remove.options
---@return "removed"|"absent"|"superseded" status
---@return manifest.entry? previous The entry as it was before.
function manifest.remove(options) end

return manifest
