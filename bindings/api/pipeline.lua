---@meta pipeline

---What comes of an upload: pictures in another bucket, an item in a table, an entry in a list. The
---rules say which; they are brought in line with what is in the upload bucket now, however late,
---often and in whatever order events come. Unchanged work writes nothing; what came of an upload
---that was deleted, or is no photo any more, is taken back.
---
---```lua
---local events, pipeline = require "events", require "pipeline"
---local thumbs = pipeline.new {
---  destination = "images",
---  key = "thumbs/{key}",
---  pictures = { { width = 128, height = 128, fit = "cover" } },
---}
---return events.handler { created = thumbs.settle, deleted = thumbs.settle }
---```
---
---A picture's own metadata say of which upload and which version of it and of the rules it is made
---(`source version made width height`, and `id` with random ids): by these it is recognised. A picture
---that another upload has made is never replaced: the rules give both the same name, and the second
---upload is rejected. Objects without these metadata are replaced, but not deleted.
---@class pipeline
local pipeline = {}

---A picture to be made: what `photo:render` takes, and
---@class pipeline.target: image.target
---@field name? string What {picture} stands for in `key`; the rules find the picture by it, too.
---@field format? string|string[] A list: the photo's own format if it is in it, else the first.

---The photo, as rules are told of it. Here, in the upload and in the pictures, reading a field that does
---not exist raises in `item` and `entry`: a slip would leave it out without a word.
---@class pipeline.photo
---@field name string The key's last part.
---@field format string "jpeg"
---@field type string "image/jpeg"
---@field width integer Pixels, as displayed.
---@field height integer
---@field size integer Bytes.
---@field etag string With its quotes.
---@field uploaded string When it was stored: "2026-11-20T10:00:00Z".

---A picture that was made, now or before.
---@class pipeline.picture
---@field name? string The target's.
---@field bucket string
---@field key string
---@field type string "image/jpeg"
---@field width integer
---@field height integer
---@field size integer Bytes.
---@field made string When: "2026-11-20T10:00:00Z".

---@class pipeline.new.options
---@field destination? string The bucket of the pictures, and of the list. Never the one that uploads arrive in; without it, the list lies there, and there are no pictures.
---@field pictures? pipeline.target[]
---@field key? string What a picture is called. Words: {key} {folder} {name} {stem} of the upload; {renamed}: its name, with another extension where the picture has another format; {extension} {picture} {width} {height} of the picture.
---@field finish? fun(picture: image.picture, photo: image.photo): image.picture Makes something else of each picture before it is stored.
---@field cache_control? string Of the pictures.
---@field table? string A DynamoDB table that gets an item for each upload.
---@field key_attribute? string Its partition key, a string. Default "id".
---@field ids? "by_name"|"random" "by_name": an upload of the same name has the same id. "random": it has one as long as its pictures are there. Default "by_name".
---@field item? fun(upload: events.upload, photo: pipeline.photo, pictures: table<integer|string, pipeline.picture>): table The item without its key. It must say the same of the same photo and pictures: what differs is written again.
---@field list? string The key of a public list, see `manifest`.
---@field list_table? string The list's table, see `manifest.update`.
---@field entry? fun(upload: events.upload, photo: pipeline.photo, pictures: table<integer|string, pipeline.picture>): table What the list says of the photo. Its `name` is the upload's key, whatever it says.
---@field max_bytes? integer Larger uploads are rejected. Default 50,000,000.
---@field edition? integer Raise it to make all pictures anew; a change of `pictures`, `key` or `cache_control` does it, too. Default 1.
---@field now_ms? fun(): integer For tests: the time.

---A pipeline. Reading a field that it does not have raises.
---@class pipeline.rules
---@field settle fun(upload: events.upload): table Brings everything in line with what is there: a rule for `created` and `deleted`. Its `status` is "done", "unchanged", "deleted", "gone" or, for the list itself, "ignored"; with `id type width height size` of the photo, and `variants`, the pictures.

---Makes a pipeline of rules. In the local store its bucket and table are there at once.
---@param rules pipeline.new.options
---@return pipeline.rules pipeline
function pipeline.new(rules) end

---The id of an upload: of the same name it is always the same.
---@param bucket string
---@param key string
---@return string id A UUID, version 5.
function pipeline.id(bucket, key) end

return pipeline
