---@meta dynamodb

---Items in DynamoDB, or in the embedded store that stands in for it.
---
---```lua
---local dynamodb = require "dynamodb"
---dynamodb.put { table = "photos", item = { id = "cat.jpg", width = 640, tags = dynamodb.set { "cat" } } }
---local photo = dynamodb.get { table = "photos", key = { id = "cat.jpg" } }
---dynamodb.update { table = "photos", key = { id = "cat.jpg" }, set = { title = "A cat" }, add = { views = 1 } }
---```
---
---Every function takes one table and waits for its answer; inside `task.map` and `task.all` other
---pieces go on meanwhile. What fails is raised as an error object whose `code` is DynamoDB's own
---(`ResourceNotFoundException`, `ValidationException`, ...), or `deadline`, `cancelled`, `busy`, `io`.
---What a caller who gives a condition expects is a result: `nil, "conflict"` and what was there
---instead.
---
---Items are plain tables. Strings (UTF-8), integers, floats and booleans stay what they are. A table
---with the keys 1..n is a list, any other a map with names as keys; an empty one is a map, or
---`dynamodb.list {}`. Numbers are exact: one that came back is an integer when it is whole and fits
---in 64 bits, else a float when a float says it exactly, else a `dynamodb.number`. (DynamoDB keeps
---no difference between 1 and 1.0, so a float that is whole comes back as an integer.) What DynamoDB
---can't hold is refused with its path: `item.tags[3] is a function`.
---
---Conditions, filters and the like are DynamoDB's expressions. Attribute names that are reserved
---words (`name`, `status`, `size`, ...) need a placeholder there: `condition = "#s = :s"` with
---`names = { s = "status" }` and `values = { s = "ready" }`; the signs may be left out as here. In
---`set`, `project`, `hash` and so on every name may stand as it is.
---@class dynamodb
local dynamodb = {}

---The value of an attribute that is there but null.
---@type lightuserdata
dynamodb.null = nil

---A number with up to 38 digits, exactly. Compares with other such numbers; `tostring` prints it.
---@class dynamodb.decimal: userdata

---Bytes. `tostring(bytes)` gives them as a string, `#bytes` counts them; equal bytes are equal.
---@class dynamodb.bytes: userdata

---A set: a table of its elements in no particular order, which may be changed like any other.
---@class dynamodb.elements: table

---A number that neither an integer nor a float can hold.
---@param text string|integer As "12345678901234567890123456789012345678" or "1e-100".
---@return dynamodb.decimal number
function dynamodb.number(text) end

---Bytes that need not be UTF-8.
---@param bytes string
---@return dynamodb.bytes binary
function dynamodb.binary(bytes) end

---A set of strings, of numbers or of `dynamodb.binary`. It can't be empty or hold a value twice.
---`tags:has("x")` asks for an element.
---@param elements any[]
---@return dynamodb.elements set
function dynamodb.set(elements) end

---Marks a table as a list, so that it is one even when it is empty.
---@param elements any[]
---@return any[] list The same table.
function dynamodb.list(elements) end

---@class dynamodb.get.options
---@field table string
---@field key table<string, any> The key attributes: `{ id = "a" }` or `{ album = "x", at = 3 }`.
---@field consistent? boolean See every write that was acknowledged before.
---@field project? string|string[] Only these: a list of paths (`{ "size.width", "tags[0]" }`), or an expression.
---@field names? table<string, string> Attribute names of the placeholders in an expression.

---Reads an item.
---@param options dynamodb.get.options
---@return table<string, any>? item nil when there is none.
function dynamodb.get(options) end

---@class dynamodb.put.options
---@field table string
---@field item table<string, any> The whole item, key attributes included.
---@field condition? string Only if this holds for the item that is there: `attribute_not_exists(id)`.
---@field names? table<string, string> Attribute names of the placeholders in an expression.
---@field values? table<string, any> Values of the placeholders in an expression.
---@field return_old? boolean

---Writes an item in place of the one that is there. It is durable when this returns.
---@param options dynamodb.put.options
---@return true? done nil when the condition was lost.
---@return table<string, any>|"conflict"|nil old With `return_old` the item that was replaced, if there was one.
---@return table<string, any>? winner The item for which the condition did not hold.
function dynamodb.put(options) end

---@class dynamodb.update.options
---@field table string
---@field key table<string, any> The key attributes. An item that isn't there begins with them.
---@field set? table<string, any> Path to new value: `{ title = "A cat", ["size.width"] = 640 }`. The map or list that holds it has to be there.
---@field add? table<string, any> Path to a number to be added (nothing counts as 0), or to a set of further elements.
---@field remove? string[] Paths.
---@field delete? table<string, any> Path to a set of elements to be taken out.
---@field update? string All of it as an expression instead: `SET hits = if_not_exists(hits, :zero) + :one`.
---@field condition? string Only if this holds for the item that is there.
---@field names? table<string, string> Attribute names of the placeholders in an expression.
---@field values? table<string, any> Values of the placeholders in an expression.
---@field returns? "old"|"new"|"updated_old"|"updated_new" The item before or after, or only the attributes that were changed.

---Changes parts of an item, all at once. Nobody else's change to other parts is lost.
---@param options dynamodb.update.options
---@return true? done nil when the condition was lost.
---@return table<string, any>|"conflict"|nil attributes What `returns` asked for.
---@return table<string, any>? winner The item for which the condition did not hold.
function dynamodb.update(options) end

---@class dynamodb.delete.options
---@field table string
---@field key table<string, any> The key attributes.
---@field condition? string Only if this holds for the item that is there.
---@field names? table<string, string> Attribute names of the placeholders in an expression.
---@field values? table<string, any> Values of the placeholders in an expression.
---@field return_old? boolean

---Deletes an item. That there was none is no error.
---@param options dynamodb.delete.options
---@return true? done nil when the condition was lost.
---@return table<string, any>|"conflict"|nil old With `return_old` the item that was deleted, if there was one.
---@return table<string, any>? winner The item for which the condition did not hold.
function dynamodb.delete(options) end

---@class dynamodb.query.options
---@field table string
---@field hash? table<string, any> The partition key and its value: `{ album = "summer" }`.
---@field range? table<string, any> The sort key and its value, or a test: `{ at = 3 }`, `{ at = { ge = 3 } }`. Tests: eq, lt, le, gt, ge, begins_with, `between = { low, high }`.
---@field key_condition? string Both as an expression instead: `album = :a AND #at > :t`.
---@field filter? string Only items for which this holds. Looked at, and paid for, are the others too.
---@field project? string|string[] Only these: a list of paths, or an expression.
---@field names? table<string, string> Attribute names of the placeholders in an expression.
---@field values? table<string, any> Values of the placeholders in an expression.
---@field limit? integer Items looked at, before the filter.
---@field descending? boolean From the largest sort key to the smallest.
---@field start_key? table<string, any> `next_key` of the page before.
---@field consistent? boolean See every write that was acknowledged before.
---@field count_only? boolean Count the items, don't bring them.
---@field index? string A secondary index, where the store has them.

---@class dynamodb.page
---@field items table<string, any>[]
---@field count integer Items that passed the filter.
---@field scanned integer Items looked at.
---@field next_key? table<string, any> Where the next page starts; nil on the last page.

---Reads the items of one partition in the order of their sort keys, up to 1 MB of them.
---@param options dynamodb.query.options
---@return dynamodb.page page
function dynamodb.query(options) end

---The same, page after page.
---
---```lua
---for page in dynamodb.query_pages { table = "photos", hash = { album = "summer" } } do
---  for _, photo in ipairs(page.items) do print(photo.at, photo.title) end
---end
---```
---@param options dynamodb.query.options
---@return fun(): dynamodb.page? next For a `for` loop.
function dynamodb.query_pages(options) end

---@class dynamodb.scan.options
---@field table string
---@field filter? string Only items for which this holds. Looked at, and paid for, are the others too.
---@field project? string|string[] Only these: a list of paths, or an expression.
---@field names? table<string, string> Attribute names of the placeholders in an expression.
---@field values? table<string, any> Values of the placeholders in an expression.
---@field limit? integer Items looked at, before the filter.
---@field start_key? table<string, any> `next_key` of the page before.
---@field consistent? boolean See every write that was acknowledged before.
---@field count_only? boolean Count the items, don't bring them.
---@field index? string A secondary index, where the store has them.
---@field segment? integer Which of `segments` shares of the table, counted from 0.
---@field segments? integer Shares, to be read side by side.

---Reads a whole table, in no particular order, up to 1 MB of it.
---@param options dynamodb.scan.options
---@return dynamodb.page page
function dynamodb.scan(options) end

---The same, page after page.
---@param options dynamodb.scan.options
---@return fun(): dynamodb.page? next For a `for` loop.
function dynamodb.scan_pages(options) end

---@class dynamodb.batch_get.options
---@field table string
---@field keys table<string, any>[] Any number of keys, none of them twice.
---@field consistent? boolean See every write that was acknowledged before.
---@field project? string|string[] Only these: a list of paths, or an expression.
---@field names? table<string, string> Attribute names of the placeholders in an expression.

---Reads many items, a hundred in each call; what a throttled table leaves out is asked for again.
---@param options dynamodb.batch_get.options
---@return table<string, any>[] items Those that are there, in no particular order.
function dynamodb.batch_get(options) end

---@class dynamodb.batch_write.options
---@field table string
---@field puts? table<string, any>[] Whole items.
---@field deletes? table<string, any>[] Keys.

---Writes and deletes many items, 25 in each call; what a throttled table leaves out is sent again.
---It has no conditions and is no transaction: when it fails, a part may have been written.
---@param options dynamodb.batch_write.options
---@return true done
function dynamodb.batch_write(options) end

---A condition on an item that a transaction does not change.
---@class dynamodb.check.options
---@field table string
---@field key table<string, any> The key attributes.
---@field condition string
---@field names? table<string, string> Attribute names of the placeholders in an expression.
---@field values? table<string, any> Values of the placeholders in an expression.

---One write of a transaction: exactly one of these. They return nothing, so that `returns` and
---`return_old` are not among their options.
---@class dynamodb.transact.part
---@field put? dynamodb.put.options
---@field update? dynamodb.update.options
---@field delete? dynamodb.delete.options
---@field check? dynamodb.check.options

---@class dynamodb.transact.options
---@field [integer] dynamodb.transact.part Up to 100, all on different items.
---@field token? string Up to 36 characters; the same transaction under the same token is carried out only once within ten minutes. Without one a new one is made, for the attempts of this call.

---Why a transaction was cancelled; there is one for each part.
---@class dynamodb.transact.reason
---@field code string "None" when it was not this part; "ConditionalCheckFailed".
---@field message? string
---@field item? table<string, any> The item for which the condition did not hold.

---Carries out all the writes, or none.
---
---```lua
---local done, why, reasons = dynamodb.transact {
---  { update = { table = "stock", key = { id = "ink" }, add = { left = -1 },
---               condition = "#left > :none", names = { left = "left" }, values = { none = 0 } } },
---  { put = { table = "orders", item = { id = order } } },
---}
---```
---@param options dynamodb.transact.options
---@return true? done nil when a condition was lost.
---@return "conflict"|nil why
---@return dynamodb.transact.reason[]? reasons
function dynamodb.transact(options) end

return dynamodb
