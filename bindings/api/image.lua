---@meta image

---Photos: looked at, and made into other sizes and formats.
---
---```lua
---local image = require "image"
---local photo <close> = image.open(object.body)
---local thumb = photo:render { width = 160, height = 160, fit = "cover", format = "webp" }
---s3.put { bucket = "out", key = "thumb.webp", body = thumb.bytes, content_type = thumb.content_type }
---```
---
---The bytes decide what a photo is, never its name. Read are JPEG, PNG, WebP, GIF, TIFF and BMP, and
---HEIC and AVIF where `image.formats` says so; nothing else ever is, no vector or script format
---above all. Limits are checked on the header, before a pixel is decoded:
---
---| limit | default | the environment raises it by |
---|---|---|
---| pixels | 50,000,000 (of an animation: all frames together) | LUNETTE_MAX_PIXELS |
---| side | 16,384 | LUNETTE_MAX_SIDE |
---| frames | 256 | LUNETTE_MAX_FRAMES |
---| metadata_bytes | 1,048,576 | LUNETTE_MAX_METADATA_BYTES |
---| bytes | 50,000,000 | LUNETTE_MAX_BYTES |
---
---What comes out is upright (EXIF orientation is applied before sizes count), in sRGB (ICC profiles
---and CMYK are converted), 8 bits a channel, without any metadata but the copyright.
---
---Errors: `bad_image` (no image of ours, truncated, damaged), `unsupported` (a kind that this build
---can't read or write), `limit` (which one, what was asked, how to raise it), `usage`, `memory`,
---`deadline`, `cancelled`.
---@class image
local image = {}

---@alias image.format "jpeg"|"png"|"webp"|"gif"|"tiff"|"bmp"|"heic"|"avif"

---Lowers the limits for one photo. Raising one here is an error.
---@class image.limits
---@field pixels? integer Width x height, of an animation times its frames.
---@field side? integer The longer of width and height.
---@field frames? integer Frames of an animation, pages of a TIFF.
---@field metadata_bytes? integer EXIF, XMP, IPTC, ICC and comments together.
---@field bytes? integer Of the file.

---@class image.source
---@field bytes string The file's content.
---@field limits? image.limits

---What a header says.
---@class image.info
---@field format image.format
---@field content_type string "image/jpeg"
---@field width integer Pixels, as displayed.
---@field height integer Pixels, as displayed.
---@field stored_width integer Before the EXIF orientation is applied.
---@field stored_height integer Before the EXIF orientation is applied.
---@field orientation integer EXIF's, 1 to 8; 1 when there is none.
---@field frames integer 1 for a still; of a TIFF its pages.
---@field animated boolean
---@field alpha boolean It has an alpha channel or a transparent colour.
---@field depth integer Bits a channel.
---@field channels integer 1 grey, 3 colour, 4 CMYK; alpha not counted.
---@field progressive boolean JPEG: progressive. PNG, GIF: interlaced.
---@field profile_bytes integer Of the ICC profile, 0 when there is none.
---@field metadata_bytes integer
---@field size integer Bytes of the file.

---Looks at a file's header: microseconds, whatever the size of the picture.
---Raises `bad_image`, `unsupported` or `limit`.
---@param source string|image.source The file's bytes, or a table with them and lower limits.
---@return image.info info
function image.probe(source) end

---Opens a photo. The header is read and the limits are checked now; nothing is decoded before
---`render` or `encode`. Close it with `<close>` or `photo:close()`.
---Raises `bad_image`, `unsupported` or `limit`.
---@param source string|image.source The file's bytes, or a table with them and lower limits.
---@return image.photo photo
function image.open(source) end

---@class image.formats.entry
---@field read boolean This build can.
---@field write boolean This build can.
---@field content_type string
---@field extension string Without a dot.

---Which formats this build reads and writes, by name.
---@return table<image.format, image.formats.entry> formats
function image.formats() end

---How a picture is encoded.
---@class image.encode.options
---@field format? "jpeg"|"jpg"|"png"|"webp"|"gif" Default: the photo's own when it can be written, else PNG when it has alpha, else JPEG.
---@field quality? integer 1 to 100, for JPEG and WebP; default 80. JPEG has full colour resolution from 90 on.
---@field progressive? boolean JPEG: progressive. PNG, GIF: interlaced. Default false.
---@field lossless? boolean WebP without loss (PNG always is). Default false.
---@field background? string "#rrggbb": what transparency is laid on where the format has none, and what `contain` pads with. "transparent": pad with nothing. Default "#ffffff".
---@field keep_metadata? boolean Keep EXIF (GPS position included), XMP and IPTC. Default false: all goes but the copyright.
---@field animated? boolean Keep all frames (GIF to GIF only; anything else is `unsupported`). Default false: the first one. A photo with one frame stays what it is.
---@field name? string Not looked at: it comes back in the picture's `name`.

---A picture to be made. Without width and height the size stays; with one of them the proportions do.
---@class image.target: image.encode.options
---@field width? integer Pixels.
---@field height? integer Pixels.
---@field fit? "inside"|"cover"|"contain"|"fill" With both given. "inside": as large as fits. "cover": fills both, what is over is cut off. "contain": as inside, padded to exactly both. "fill": exactly both, stretched. Default "inside".
---@field gravity? "center"|"north"|"northeast"|"east"|"southeast"|"south"|"southwest"|"west"|"northwest" Which part "cover" keeps, where "contain" puts the picture. Default "center".
---@field filter? "lanczos"|"mitchell"|"catrom"|"cubic"|"triangle"|"bilinear"|"box"|"nearest" How pixels are resampled. "lanczos" is the sharpest, "mitchell" the softest without halos, "catrom" (or "cubic") between the two, "triangle" (or "bilinear") and "box" are plain means, "nearest" keeps the edges of pixel art. Default "lanczos".
---@field enlarge? boolean May it become larger than the photo? Default false: then "cover" cuts to what there is, and "contain" pads more.

---What was made.
---@class image.picture
---@field bytes string
---@field size integer Of bytes.
---@field width integer Pixels.
---@field height integer Pixels.
---@field frames integer
---@field format image.format
---@field content_type string "image/webp"
---@field extension string Without a dot: "webp".
---@field name? string The target's.

---An opened photo, and the steps to be done to it before each render: up to 32, in the order in
---which they were called. Each step changes the photo and returns it.
---@class image.photo
---@field width integer Pixels, as displayed, after the steps so far.
---@field height integer Pixels, as displayed, after the steps so far.
---@field format image.format
---@field content_type string
---@field frames integer
---@field animated boolean
---@field alpha boolean
local photo = {}

---Makes one picture, or a list of up to 64 of one decode, on a worker thread. The memory for pixels
---is shared by all renders of the process: one that doesn't fit now waits, one that never will
---raises `limit`. All or none: the first target that fails is raised.
---@param target image.target|image.target[]
---@return image.picture|image.picture[] pictures One for one target; for a list a list in its order.
function photo:render(target) end

---What becomes of one target.
---@class image.plan.target
---@field width integer Pixels, of what comes out.
---@field height integer
---@field format image.format
---@field turn integer Made as the first (1), the second ...: the largest comes first.
---@field source? integer The target whose picture this one is made of. nil: the photo itself.

---How targets will be made. `print(plan)` shows its text.
---@class image.plan
---@field divisor 1|2|4|8 A JPEG is decoded at this fraction of its size where that is ample.
---@field width integer Pixels of the photo as it is decoded, before it is turned upright.
---@field height integer
---@field memory_bytes integer The most that is held at once, of the memory that all renders share.
---@field targets image.plan.target[]
---@field text string

---Says how `render` would make these targets, without decoding anything. A target is made of a
---larger one's picture when that is at least twice its size and neither cut nor enlarged.
---Raises what `render` raises of targets that make no sense or go over a limit.
---@param target image.target|image.target[]
---@return image.plan plan
function photo:plan(target) end

---Encodes the photo in its own size: `render` without width and height.
---@param options? image.encode.options
---@return image.picture picture
function photo:encode(options) end

---Everything that the header says; steps don't change it.
---@return image.info info
function photo:info() end

---A part of the picture, in displayed pixels from the upper left corner.
---@class image.crop.options
---@field x integer From 0.
---@field y integer From 0.
---@field width integer
---@field height integer

---Keeps a part. Raises `usage` when it does not lie within the photo.
---@param area image.crop.options
---@return image.photo self
function photo:crop(area) end

---Turns clockwise.
---@param angle 90|180|270
---@return image.photo self
function photo:rotate(angle) end

---Mirrors top to bottom.
---@return image.photo self
function photo:flip() end

---Mirrors left to right.
---@return image.photo self
function photo:flop() end

---Takes the colours away, by Rec. 709's weights.
---@return image.photo self
function photo:grayscale() end

---Blurs, as Gauss would.
---@param sigma number Pixels; above 0, at most 100.
---@return image.photo self
function photo:blur(sigma) end

---Sharpens by an unsharp mask.
---@param sigma number Pixels; above 0, at most 100.
---@return image.photo self
function photo:sharpen(sigma) end

---Makes blocks of one colour each.
---@param block integer Pixels a side, 1 to 1024.
---@return image.photo self
function photo:pixelate(block) end

---Lets go of the bytes. A render that is running goes on. Closing twice is allowed.
function photo:close() end

return image
