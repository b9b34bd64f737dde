-- What the rules in handler.lua have to do, as cases: `lunette test scripts/handler_test.lua`, with
-- the sample photos that `make samples` makes. Each case has an empty store of its own.

local photos = os.getenv "SAMPLES" or "build/samples"

test("a photo is made into its variants, and stands in the list", function()
  given.object { bucket = "uploads", key = "trip/harbour.jpg", file = photos .. "/harbour.jpg" }

  when.upload { key = "trip/harbour.jpg" }

  expect.result { records = { { status = "done", title = "harbour", width = 1680 } } }
  expect.object {
    bucket = "images", pattern = "^trip/harbour%.jpg/thumb%-%x+%.webp$",
    format = "webp", width = 160, height = 160, max_bytes = 10000,
    cache_control = "public, max-age=31536000, immutable",
  }
  expect.object { bucket = "images", pattern = "/medium%-", width = 800, height = 533 }
  expect.object { bucket = "images", pattern = "/large%-", format = "jpeg", width = 1600 }
  expect.object { bucket = "images", key = "images.json", content_type = "application/json" }
  expect.writes(4)
end)

test("the same event again changes nothing", function()
  given.object { bucket = "uploads", key = "moon.png", file = photos .. "/moon.png" }

  when.upload { key = "moon.png" }
  when.upload { key = "moon.png" }

  expect.result { records = { { status = "unchanged" } } }
  expect.writes(0)
end)

test("with a table every photo has an item", function()
  given.environment { METADATA_TABLE = "photos" }
  given.table { name = "photos", keys = "id" }
  given.object { bucket = "uploads", key = "moon.png", file = photos .. "/moon.png" }

  when.upload { key = "moon.png" }

  expect.item {
    table = "photos", key = { id = "uploads/moon.png" }, item = { width = 800, type = "image/png" },
  }
end)

test("a photo that is deleted leaves the list, and its pictures go", function()
  given.object { bucket = "uploads", key = "moon.png", file = photos .. "/moon.png" }

  when.upload { key = "moon.png" }
  when.deletion { key = "moon.png" }

  expect.object { bucket = "images", key = "images.json", body = "[]\n" }
  expect.call { operation = "s3.delete_all", place = "images" }
end)

test("a broken photo is refused and written nowhere", function()
  given.object { bucket = "uploads", key = "broken.jpg", file = photos .. "/broken.jpg" }

  when.upload { key = "broken.jpg" }

  expect.result { records = { { status = "rejected", code = "bad_image" } } }
  expect.missing { bucket = "images", key = "images.json" }
  expect.writes(0)
end)

test("what is no event fails", function()
  when.json { nonsense = true }

  expect.failure { code = "bad_event" }
end)
