---@meta s3

---Objects in S3, or in the embedded store that stands in for it.
---
---```lua
---local s3 = require "s3"
---local photo = s3.get { bucket = "uploads", key = "cat.jpg" }
---s3.put { bucket = "out", key = "copy.jpg", body = photo.body, content_type = photo.content_type }
---```
---
---Every function takes one table and waits for its answer; inside `task.map` and `task.all` other
---pieces go on meanwhile. What fails is raised as an error object whose `code` and `status` are
---S3's own: `NoSuchKey` 404, `NoSuchBucket` 404, `InvalidRange` 416, `KeyTooLongError`,
---`InvalidBucketName`, `MetadataTooLarge` 400, ...; and `too_large`, `deadline`, `cancelled`, `io`.
---What a caller who gives a condition expects is a result: `nil, "conflict"` when it was lost,
---`nil, "not_modified"` when there is nothing new to read.
---
---Bucket names and keys are taken as they are: a key is 1 to 1,024 bytes of UTF-8, without any
---decoding or tidying.
---@class s3
local s3 = {}

---What is known of an object besides its bytes.
---@class s3.head
---@field etag string With its quotes, as `if_match` wants it: `"5d41402abc4b2a76b9719d911017c592"`.
---@field size integer Bytes of the whole object.
---@field last_modified integer Milliseconds since the epoch.
---@field content_type? string
---@field cache_control? string
---@field content_disposition? string
---@field content_encoding? string
---@field storage_class string "STANDARD" where S3 says nothing.
---@field version_id? string Only of buckets with versions.
---@field metadata table<string, string> User metadata, names in lower case and without `x-amz-meta-`.

---A file's content that stays outside of Lua: there once and not copied, where a string would be
---there twice while it is made. `image.open`, `image.probe`, `s3.put`, `photo:composite`, `photo:mask`
---and `hash` take it as they take a string; `#body` is its length, `tostring(body)` a string of it,
---`a == b` says of two whether they hold the same. Freed when nobody holds it any more.
---@class bytes
local bytes = {}

---As `string.sub`: the part from `first` to `last`, counted from 1, or from -1 at the end.
---@param first integer
---@param last? integer Default -1.
---@return string part
function bytes:sub(first, last) end

---An object with its bytes.
---@class s3.object: s3.head
---@field body string|bytes The bytes asked for: a string, or with `as = "bytes"` an object.
---@field range_first? integer Where `body` begins in the object, counted from 0. Only with a range.

---What a write left behind.
---@class s3.written
---@field etag string With its quotes.
---@field version_id? string Only of buckets with versions.

---@class s3.get.options
---@field bucket string
---@field key string
---@field version_id? string This version of it, not the latest. "null" is the one of before versions were kept, and the only one in the embedded store.
---@field expected_bucket_owner? string The account that the bucket must belong to, 12 digits; else S3 refuses with `AccessDenied`. The embedded store knows no accounts and leaves it unchecked.
---@field if_match? string Only if the object has this ETag; else `nil, "conflict"`.
---@field if_none_match? string Only if it has another ETag; else `nil, "not_modified"`.
---@field range? string|integer[] Part of the bytes, counted from 0: `{0, 99}`, `{100}` to the end, `{-50}` the last 50, or "bytes=0-99". An end beyond the object is cut; a beginning beyond it raises `InvalidRange`.
---@field as? "string"|"bytes" What `body` is. Default "string"; "bytes" for what is only handed on, as photos are.
---@field max_bytes? integer A body larger than this raises `too_large` before it is read. Default 134217728 (128 MiB).

---Reads an object. Raises `NoSuchKey` when it isn't there (`NoSuchVersion` for a version).
---@param options s3.get.options
---@return s3.object? object nil when a condition did not hold.
---@return "conflict"|"not_modified"|nil why
function s3.get(options) end

---Reads an object if it is there: `s3.get`, but nil instead of `NoSuchKey` and
---`NoSuchVersion`. A missing bucket is still raised.
---@param options s3.get.options
---@return s3.object? object nil when it isn't there or a condition did not hold.
---@return "conflict"|"not_modified"|nil why Nil, too, when it isn't there.
function s3.find(options) end

---@class s3.head.options
---@field bucket string
---@field key string
---@field version_id? string This version of it, not the latest.
---@field expected_bucket_owner? string The account that the bucket must belong to, see `s3.get`.
---@field if_match? string Only if the object has this ETag; else `nil, "conflict"`.
---@field if_none_match? string Only if it has another ETag; else `nil, "not_modified"`.

---What is known of an object, without its bytes. Raises `NoSuchKey` when it isn't there
---(`NoSuchVersion` for a version).
---@param options s3.head.options
---@return s3.head? head nil when a condition did not hold.
---@return "conflict"|"not_modified"|nil why
function s3.head(options) end

---@class s3.put.options
---@field bucket string
---@field key string
---@field expected_bucket_owner? string The account that the bucket must belong to, see `s3.get`.
---@field body string|bytes
---@field content_type? string Default "binary/octet-stream".
---@field cache_control? string
---@field content_disposition? string
---@field content_encoding? string
---@field storage_class? string Default "STANDARD".
---@field metadata? table<string, string> Up to 2,048 bytes, names and values together; names in lower case, values of printable ASCII.
---@field tags? table<string, string> Up to 10. Not read back by `get` and `head`.
---@field if_match? string Only if the object still has this ETag.
---@field if_none_match? string "*": only if there is no such object.
---@field allow_recursion? boolean Write also where the invocation's event came from; else that raises `recursion`. See below.

---Writes an object, whole or not at all; it is durable when this returns. Of several writers with
---the same condition exactly one wins.
---
---A body of more than 64 MiB (`LUNETTE_S3_MULTIPART_BYTES`) goes to S3 in parts of 16 MiB, four at a
---time. Should it fail, be cancelled or run out of time, the parts are removed; where that fails,
---too, the error or the log names the upload. Such an object's ETag is no MD5.
---
---A function that writes where its own trigger listens starts itself without end. So a write into a
---bucket and folder that an upload in the current event came from (its key up to the last "/"; for
---one at the bucket's root that is the whole bucket), or a folder below, raises `recursion` before
---anything is sent, unless `allow_recursion = true` is given: then it is up to you that it ends.
---Requests over HTTP, `{bucket, key}` sent by hand, and `lunette run` have no such place.
---@param options s3.put.options
---@return s3.written? written nil when the condition was lost: someone else was there first.
---@return "conflict"|nil why
function s3.put(options) end

---@class s3.copy.options
---@field bucket string Where to.
---@field key string Where to.
---@field expected_bucket_owner? string The account that the bucket must belong to, see `s3.get`.
---@field source_bucket? string Where from. Default: the same bucket.
---@field source_key string Where from.
---@field source_if_match? string Only if the source has this ETag.
---@field source_version_id? string This version of the source.
---@field source_expected_bucket_owner? string The account that the source's bucket must belong to.
---@field replace_metadata? boolean Take the headers, metadata and tags given here, and none of the source's. Needed for a copy to itself.
---@field content_type? string
---@field cache_control? string
---@field content_disposition? string
---@field content_encoding? string
---@field storage_class? string Default "STANDARD", whatever the source has.
---@field metadata? table<string, string>
---@field tags? table<string, string>
---@field if_match? string Only if the target still has this ETag.
---@field if_none_match? string "*": only if there is no such target.
---@field allow_recursion? boolean As of `s3.put`.

---Copies an object without its bytes passing through here. Raises `NoSuchKey` when there is no
---source, and `InvalidRequest` when it has more than 5 GiB.
---@param options s3.copy.options
---@return s3.written? written nil when a condition was lost.
---@return "conflict"|nil why
function s3.copy(options) end

---@class s3.delete.options
---@field bucket string
---@field key string
---@field version_id? string This version for good, instead of hiding the object behind a delete marker.
---@field expected_bucket_owner? string The account that the bucket must belong to, see `s3.get`.
---@field if_match? string Only if the object still has this ETag.

---Deletes an object. That there was none is no error, unless `if_match` is given.
---@param options s3.delete.options
---@return true? done nil when the condition was lost.
---@return "conflict"|nil why
function s3.delete(options) end

---@class s3.delete_all.options
---@field bucket string
---@field expected_bucket_owner? string The account that the bucket must belong to, see `s3.get`.
---@field keys string[] Up to 1,000; none is nothing to do. A key with a control character (other than tab and line ends) S3 takes alone only, see `s3.delete`: `MalformedXML`.

---A key that could not be deleted.
---@class s3.delete_error
---@field key string
---@field code string
---@field message string

---Deletes many objects at once. Keys that are not there count as deleted.
---@param options s3.delete_all.options
---@return {deleted: integer, errors: s3.delete_error[]} result `errors` names what is still there.
function s3.delete_all(options) end

---@class s3.list.options
---@field bucket string
---@field expected_bucket_owner? string The account that the bucket must belong to, see `s3.get`.
---@field prefix? string Only keys that begin with this.
---@field delimiter? string Keys that share what comes up to the first delimiter after the prefix are told as one common prefix.
---@field start_after? string Only keys behind this one.
---@field token? string `next_token` of the page before.
---@field max_keys? integer Objects and common prefixes of a page, 1 to 1000. Default 1000.

---An object in a list.
---@class s3.listed
---@field key string
---@field etag string With its quotes.
---@field size integer
---@field last_modified integer Milliseconds since the epoch.
---@field storage_class string

---One page of a bucket's objects, in the order of their keys' bytes.
---
---```lua
---local token
---repeat
---  local page = s3.list { bucket = "uploads", prefix = "2026/", token = token }
---  for _, object in ipairs(page.objects) do print(object.key, object.size) end
---  token = page.next_token
---until not token
---```
---@param options s3.list.options
---@return {objects: s3.listed[], prefixes: string[], next_token: string?} page `next_token` is nil on the last page.
function s3.list(options) end

---@class s3.presign.options
---@field bucket string
---@field key string
---@field method? "GET"|"HEAD"|"PUT"|"DELETE" What the address allows. Default "GET".
---@field expires_s? integer Seconds that it is good for, 1 to 604800 (a week). Default 3600.
---@field version_id? string This version of it, not the latest. Not for PUT.
---@field response_content_type? string GET and HEAD: a header of the answer, in place of the object's own.
---@field response_cache_control? string
---@field response_content_disposition? string `attachment; filename="cat.jpg"` makes a browser save it.
---@field response_content_encoding? string
---@field content_type? string PUT: what the sender has to send, and what is stored. Left out, it is the sender's choice.
---@field cache_control? string
---@field content_disposition? string
---@field content_encoding? string
---@field storage_class? string
---@field metadata? table<string, string>
---@field tags? table<string, string>
---@field if_none_match? string PUT: "*", only if there is no such object; so the address works once.
---@field content_length? integer PUT: exactly this many bytes; what sends them says so by itself. Left out, up to 5 GB are the sender's choice: to set a limit use `s3.presign_post`.

---What whoever uses the address has to know besides.
---@class s3.presigned
---@field method string
---@field headers table<string, string> To be sent exactly so, by these names; empty where only the method counts.
---@field expires integer Milliseconds since the epoch.

---Signs an address by which anybody who has it may do one thing with one object for some time,
---without credentials: show or download a picture (GET), upload one (PUT). Asks no server, so it
---works, too, for what isn't there or isn't allowed: who signs must have the right, and S3 looks
---when the address is used.
---
---```lua
---local url = s3.presign { bucket = "images", key = "cat/large.jpg", expires_s = 600 }
---local put, how = s3.presign { bucket = "uploads", key = "in/7.jpg", method = "PUT", content_type = "image/jpeg" }
----- curl -T cat.jpg -H 'Content-Type: image/jpeg' "$put", where how.headers = { ["Content-Type"] = "image/jpeg" }
---```
---
---An address ends with the credentials that signed it. Where it is known when they do (a
---`credential_process`, a container's endpoint), `expires` and the address say the sooner time; in
---Lambda it isn't, and they are good for some hours. Credentials about to expire are renewed first,
---which may take time.
---
---Browsers and most clients tidy addresses: one for a key with `.` or `..` between slashes works only
---where they don't (`curl --path-as-is`).
---
---S3 refuses addresses that are signed for another region than the bucket's: that is `AWS_REGION`,
---until a call to the bucket has learnt of another.
---
---The embedded store signs with AWS's example credentials for a host under `.invalid`: the shape of
---the real thing, to try a handler with, that no server answers.
---@param options s3.presign.options
---@return string url
---@return s3.presigned presigned
function s3.presign(options) end

---@class s3.presign_post.options
---@field bucket string
---@field key? string Exactly this key.
---@field key_starts_with? string In its place: any key that begins so, of the sender's choice. He can replace what lies there: give a prefix of its own to each.
---@field expires_s? integer Seconds that the form is good for, 1 to 604800 (a week). Default 3600.
---@field max_bytes integer The file has no more bytes than this, 1 to 5368709120.
---@field min_bytes? integer And no less. Default 0.
---@field content_type? string Exactly this.
---@field content_type_starts_with? string In its place: the sender adds the field `Content-Type`, which begins so ("image/"). With neither, none may be sent and S3 stores "binary/octet-stream".
---@field cache_control? string
---@field content_disposition? string
---@field content_encoding? string
---@field storage_class? string
---@field metadata? table<string, string> Up to 2,048 bytes, names and values together. With the headers above, at most 46 fields.
---@field success_action_status? integer What S3 answers to a browser: 200, 201 (with a document) or 204. Default 204.
---@field success_action_redirect? string Where the browser is sent after the upload, in place of a status.

---A form for one upload.
---@class s3.form
---@field url string Where the form is sent, as multipart/form-data.
---@field fields table<string, string> The form's fields, to be sent as they are, in any order, before the file. With `key_starts_with` the sender may change `key`.
---@field expires integer Milliseconds since the epoch.

---Signs a form by which anybody who has it may upload one file from a browser, without credentials:
---the way to upload that has a limit of size.
---
---```lua
---local form = s3.presign_post { bucket = "uploads", key = "in/7.jpg", max_bytes = 10000000,
---  content_type_starts_with = "image/" }
----- curl -F key=... (each of form.fields) -F Content-Type=image/jpeg -F file=@cat.jpg "$url"
---```
---
---The file comes last, in the field `file`: S3 ignores what follows it. To scripts in a page the bucket must
---allow POST by its CORS rules. When it ends, and what the embedded store signs, is as with
---`s3.presign`.
---@param options s3.presign_post.options
---@return s3.form form
function s3.presign_post(options) end

return s3
