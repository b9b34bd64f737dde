---@meta image

---Photos: looked at, and made into other sizes and formats.
---
---```lua
---local image = require "image"
---local object = s3.get { bucket = "uploads", key = "cat.jpg", as = "bytes" }
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
---@field bytes string|bytes The file's content.
---@field limits? image.limits
---@field allow_damaged? boolean Of a file that is cut off or damaged give what there is: what is missing is grey, black or transparent, and of an animation there are the frames up to there. Where nothing is left (and for a lossless WebP) it stays an error. Default false: `bad_image`.

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
---@field profile? string What its ICC profile calls itself: "Display P3".
---@field profile_bytes integer Of the ICC profile, 0 when there is none.
---@field metadata_bytes integer
---@field size integer Bytes of the file.

---Looks at a file's header: microseconds, whatever the size of the picture.
---Raises `bad_image`, `unsupported` or `limit`.
---@param source string|bytes|image.source The file's bytes, or a table with them and lower limits.
---@return image.info info
function image.probe(source) end

---Opens a photo. The header is read and the limits are checked now; nothing is decoded before
---`render` or `encode`. Close it with `<close>` or `photo:close()`.
---Raises `bad_image`, `unsupported` or `limit`.
---@param source string|bytes|image.source The file's bytes, or a table with them and lower limits.
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

---In how many bits two perceptual hashes differ: up to about 10 it is the same motif, of others
---about 32 differ.
---@param a string Of `photo:phash()`.
---@param b string
---@return integer bits 0 to 64.
function image.distance(a, b) end

---How a picture is encoded.
---@class image.encode.options
---@field format? "jpeg"|"jpg"|"png"|"webp"|"gif" Default: the photo's own when it can be written, else PNG when it has alpha, else JPEG.
---@field quality? integer 1 to 100, for JPEG and WebP; default 80.
---@field max_bytes? integer The file may have no more. JPEG and WebP get the highest quality, from `quality` down to `min_quality`, that keeps to it (found in at most 7 tries). Where there is none, and in other formats, more is an error: `limit`.
---@field min_quality? integer The least quality for `max_bytes`, 1 to 100. Default 30, or `quality` if that is less.
---@field progressive? boolean JPEG: progressive. PNG, GIF: interlaced. Default false.
---@field chroma? "auto"|"4:2:0"|"4:4:4" JPEG: do four pixels share a colour, or has each its own? "auto": 4:4:4 from quality 90 on. Default "auto".
---@field effort? integer WebP, PNG: 0 is the fastest, 6 makes the smallest files. Default: 4 of WebP, 2 of PNG, as measured; 5 and 6 make PNGs smaller than zlib can.
---@field lossless? boolean WebP without loss (PNG always is). Default false.
---@field near_lossless? boolean WebP: lossless, after pixels have been changed a little so that the file gets smaller; a lower `quality` changes more. Default false.
---@field smart_subsample? boolean WebP: sharper edges between colours, slower. Default false.
---@field alpha_quality? integer Lossy WebP: 0 to 100, how finely transparency is kept. Default 100: exactly.
---@field background? string "#rrggbb": what transparency is laid on where the format has none, and what `contain` pads with. "transparent": pad with nothing. Default "#ffffff".
---@field keep_metadata? boolean Keep EXIF (GPS position included), XMP and IPTC. Default false: all goes but the copyright.
---@field animated? boolean Keep all frames (of a GIF or a WebP, in a GIF; anything else is `unsupported`); of those that show the same one after the other one is kept, for as long as they all last. Default false: the first one. A photo with one frame stays what it is.
---@field after? image.chain What is done to the picture in its final size: `image.steps():round(12)`.
---@field name? string Not looked at: it comes back in the picture's `name`.

---A picture to be made. Without width and height the size stays; with one of them the proportions do.
---@class image.target: image.encode.options
---@field width? integer Pixels.
---@field height? integer Pixels.
---@field fit? "inside"|"cover"|"contain"|"fill"|"outside" With both given. "inside": as large as fits. "cover": fills both, what is over is cut off. "contain": as inside, padded to exactly both. "fill": exactly both, stretched. "outside": as cover, and nothing is cut off. Default "inside".
---@field gravity? "center"|"north"|"northeast"|"east"|"southeast"|"south"|"southwest"|"west"|"northwest"|"entropy"|"attention" Which part "cover" keeps, where "contain" puts the picture. "entropy": cover keeps the part with the most information; "attention": the part that eyes turn to: edges, skin, vivid colours. Both look at the picture in small, give the same part each time, and are "center" for "contain" and for animations. Default "center".
---@field filter? "lanczos"|"mitchell"|"catrom"|"cubic"|"triangle"|"bilinear"|"box"|"nearest" How pixels are resampled. "lanczos" is the sharpest, "mitchell" the softest without halos, "catrom" (or "cubic") between the two, "triangle" (or "bilinear") and "box" are plain means, "nearest" keeps the edges of pixel art. Default "lanczos".
---@field enlarge? boolean May it become larger than the photo? Default false: then "cover" cuts to what there is, and "contain" pads more.

---Raises `usage` for what is no target, naming the field: for rules, where a slip should be found
---when they are loaded and not with the first photo. Whether a photo can be made into it, nobody
---knows before there is one.
---@param target image.target|image.target[]
function image.check(target) end

---Begins a list of steps, to be done after a target's resize. It has the methods of a photo's steps,
---and serves any number of targets.
---
---```lua
---local brand = image.steps()
---  :composite { image = logo, gravity = "southeast", scale = 0.2, opacity = 0.6, x = 16, y = 16 }
---  :round(12)
---photo:render { width = 1024, format = "webp", after = brand }
---```
---@return image.chain steps
function image.steps() end

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
---@field quality? integer Which it has. nil for formats that know none, and lossless WebP.
---@field name? string The target's.

---What is done to a picture, up to 32 steps in the order in which they were called. A photo has all
---of these methods: its steps are done before each render, in the photo's pixels. A list by itself is
---done after a target's resize, in the target's pixels: what says `after`. Rounded corners, borders,
---watermarks and texts belong there, so that they are as large on every variant as the rule says.
---Each method records the step, checks what can be checked, and returns its object.
---
---Crops, turns and mirrors that come first cost nothing of their own: they are done while the photo
---is decoded and resized. Any other step needs the whole picture in memory, 8 to 24 bytes a pixel.
---@class image.chain
local chain = {}

---A part of the picture, in displayed pixels from the upper left corner.
---@class image.crop.options
---@field x integer From 0.
---@field y integer From 0.
---@field width integer
---@field height integer

---Keeps a part. Raises `usage` when it does not lie within the picture.
---@param area image.crop.options
---@return self
function chain:crop(area) end

---Turns clockwise.
---@param angle 90|180|270
---@return self
function chain:rotate(angle) end

---Mirrors top to bottom.
---@return self
function chain:flip() end

---Mirrors left to right.
---@return self
function chain:flop() end

---Takes the colours away, by Rec. 709's weights.
---@return self
function chain:grayscale() end

---Blurs, as Gauss would.
---@param sigma number Pixels; above 0, at most 100.
---@return self
function chain:blur(sigma) end

---Sharpens by an unsharp mask.
---@param sigma number Pixels; above 0, at most 100.
---@return self
function chain:sharpen(sigma) end

---Makes blocks of one colour each.
---@param block integer Pixels a side, 1 to 1024.
---@return self
function chain:pixelate(block) end

---Browns it, as CSS's `sepia` does.
---@return self
function chain:sepia() end

---Gives it the tones of one colour: each pixel keeps its brightness.
---@param colour string "#rrggbb"
---@return self
function chain:tint(colour) end

---@class image.border.options
---@field width integer Pixels, on all sides: 1 to 4096.
---@field colour? string "#rrggbb". Default "#000000".

---Frames it: the picture becomes larger.
---@param options image.border.options
---@return self
function chain:border(options) end

---Rounds the corners: what is beyond them is transparent, or the target's background where the format
---has no alpha. A radius of half the shorter side or more makes a circle of a square.
---@param radius integer Pixels.
---@return self
function chain:round(radius) end

---@class image.composite.options
---@field image image.photo|string|bytes What is laid on: an opened photo without steps, or a file's bytes. It is held to the limits as any photo.
---@field gravity? "center"|"north"|"northeast"|"east"|"southeast"|"south"|"southwest"|"west"|"northwest" Where. Default "center".
---@field x? integer Pixels in from the edge that gravity names, to the right from the middle; below 0 it is cut off. Default 0.
---@field y? integer Likewise, down from the middle. Default 0.
---@field scale? number Its width as a share of the picture's, up to 1. Default: its own width.
---@field opacity? number 0 to 1. Default 1.
---@field tile? boolean Repeat it over the whole picture. Default false.

---Lays another picture on: a watermark. It is never larger than the picture but made to fit, with its
---proportions.
---@param options image.composite.options
---@return self
function chain:composite(options) end

---@class image.annotate.options
---@field text string UTF-8, up to 1000 bytes; a line feed begins a new line.
---@field font string The bytes of a TrueType or OpenType font: yours, shipped with the rules. Fonts are trusted, so never one that was uploaded.
---@field size number Pixels, 1 to 1000; less where the text would not fit on the picture.
---@field gravity? "center"|"north"|"northeast"|"east"|"southeast"|"south"|"southwest"|"west"|"northwest" Where, and how lines are aligned. Default "center".
---@field x? integer Pixels in from the edge that gravity names, to the right from the middle. Default 0.
---@field y? integer Likewise, down from the middle. Default 0.
---@field colour? string "#rrggbb". Default "#ffffff".
---@field opacity? number Of all of it, 0 to 1. Default 1.
---@field outline? string "#rrggbb": a line around the letters.
---@field outline_width? integer Pixels, 1 to 10. Default 1.
---@field background? string "#rrggbb": a box behind the text.
---@field background_opacity? number 0 to 1. Default 1.
---@field padding? integer Pixels from the text to the edge of the box, up to 1000. Default 0.

---Writes a text. Letters come one by one, from left to right, kerned: there are no ligatures, and no
---scripts that need more than that.
---
---```lua
---local file <close> = assert(io.open("brand.ttf", "rb")) -- beside the handler
---local font = file:read "a"
---local credit = image.steps():annotate { text = "© 2026 Somebody", font = font, size = 18,
---  gravity = "southeast", x = 12, y = 8, outline = "#000000" }
---```
---@param options image.annotate.options
---@return self
function chain:annotate(options) end

---Shows of the picture what another one says, stretched over it: white all, black nothing, and what is
---transparent in it nothing.
---@param mask image.photo|string|bytes An opened photo without steps, or a file's bytes.
---@return self
function chain:mask(mask) end

---An opened photo, and the steps to be done to it before each render.
---@class image.photo: image.chain
---@field width integer Pixels, as displayed, after the steps so far.
---@field height integer Pixels, as displayed, after the steps so far.
---@field format image.format
---@field content_type string
---@field frames integer
---@field animated boolean
---@field alpha boolean
local photo = {}

---Makes one picture, or a list of up to 64 of one decode, on worker threads: where there are several,
---pictures are encoded while others are made. The memory for pixels is shared by all renders of the
---process: one that doesn't fit now waits, one that never will raises `limit`. All or none: the first
---target that fails is raised.
---
---With a function, each picture is given to it as soon as it is ready, in a task of its own, so that
---it is stored while others are still made. Then the functions' results come back, and the first
---error, a function's or the render's, cancels the rest, as in `task.map`:
---
---```lua
---local sizes = photo:render(rules.variants, function(picture)
---  s3.put { bucket = "out", key = picture.name, body = picture.bytes }
---  return picture.size
---end)
---```
---@param target image.target|image.target[]
---@param receive? fun(picture: image.picture, index: integer): any
---@return image.picture|image.picture[]|any results One for one target; for a list a list in its order.
function photo:render(target, receive) end

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
---@field width integer Pixels of the photo as it is decoded, before it is turned upright. Of a WebP any size.
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

---What the camera wrote down; whatever it did not is nil.
---@class image.exif
---@field make? string Of the camera: "Apple".
---@field model? string "iPhone 15 Pro"
---@field lens_make? string
---@field lens? string
---@field taken? string By the camera's clock: "2026-03-01T12:30:05.25+02:00". Fraction and offset only where the camera says them.
---@field exposure_seconds? number
---@field f_number? number
---@field iso? integer
---@field focal_length_mm? number
---@field focal_length_35mm? integer What it would be on 35 mm film, in millimetres.
---@field flash? boolean It fired.
---@field orientation? integer 1 to 8. Of HEIC and AVIF it counts for nothing: `photo:info()` knows.
---@field description? string
---@field software? string
---@field artist? string
---@field copyright? string
---@field gps? image.exif.gps Only when asked for, and there is a whole position.

---Where it was taken.
---@class image.exif.gps
---@field latitude number Degrees, south is negative.
---@field longitude number Degrees, west is negative.
---@field altitude_m? number Above the sea.

---@class image.exif.options
---@field gps? boolean Tell where it was taken. Default false: a position is personal data.

---Reads what the camera wrote down, in JPEG, PNG, WebP, TIFF, HEIC and AVIF. Microseconds; nothing is
---decoded. The bytes are not to be trusted, and neither is what they say.
---
---```lua
---local exif = photo:exif()
---item.camera, item.taken = exif.model, exif.taken
---```
---@param options? image.exif.options
---@return image.exif exif Empty when nothing is said.
function photo:exif(options) end

---@class image.colours.options
---@field count? integer At most so many, 1 to 16. Default 5.

---@class image.colour
---@field colour string "#rrggbb"
---@field share number Of all that is seen, above 0; all of them sum up to 1.

---The colours that stand for the photo, the dominant one first; similar ones are one. What is
---transparent doesn't count. Like the two functions below it looks at one small decode (a JPEG at an
---eighth of its size), which the photo keeps, and at the photo as it came, whatever its steps are.
---
---```lua
---item.background = photo:colours()[1].colour
---```
---@param options? image.colours.options
---@return image.colour[] colours Empty when nothing is seen.
function photo:colours(options) end

---A [ThumbHash](https://evanw.github.io/thumbhash/): what a page shows, blurred, until the picture is
---there. Carries the proportions, the average colour and alpha.
---@return string text Base64, at most 36 characters: for JSON and DynamoDB.
---@return string bytes The same as it is, at most 25.
function photo:thumbhash() end

---A perceptual hash: photos that look the same, whatever their size, format and quality, have hashes
---that differ in few bits. `image.distance` counts them.
---@return string hash 16 hex digits.
function photo:phash() end

---SHA-256 of the file: the same only for the same bytes.
---@return string digest 64 hex digits.
function photo:sha256() end

---@class image.trim.options
---@field tolerance? integer How much a pixel may differ from the margin's colour, in any channel: 0 to 255. Default 10.

---Cuts an even margin off, on all sides: what looks like the pixel in the upper left corner. It looks
---at the pixels now, with the steps so far, and records a crop; that takes a decode of the whole
---photo, before the one of the render. A photo of one colour stays as it is.
---@param options? image.trim.options
---@return image.photo self
function photo:trim(options) end

---Lets go of the bytes. A render that is running goes on. Closing twice is allowed.
function photo:close() end

return image
