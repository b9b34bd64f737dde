#!/usr/bin/env python3
"""Each recipe next to the system that it replaces: what both do the same, and every difference.

    compare.py [WORD...]     all checks, or those whose names contain one of the words
    compare.py --table       the differences, as README.md has them

Started by tests/systems/run, with both servers in the environment. Each check is a world of its own.
A difference asserts what the original does, too: one that it no longer shows fails.
"""
import base64
import io
import json
import os
import sys
import threading
import traceback
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(__file__))
CHECKS, DIFFERENCES = [], []
tally = {"passed": 0, "failed": 0}


def agreement(function):
    CHECKS.append(function)
    return function


def difference(systems, original, recipe):
    """What the original does (its defect), and what the recipe does instead."""
    def add(function):
        CHECKS.append(function)
        DIFFERENCES.append((systems, original, recipe, function.__name__))
        return function
    return add


def expect(what, wanted, got):
    if wanted == got:
        tally["passed"] += 1
    else:
        tally["failed"] += 1
        print(f"FAILED: {what}\n  expected {str(wanted)[:1500]}\n  got      {str(got)[:1500]}")


# ---- photos --------------------------------------------------------------------------------------

def photo(size=(1500, 1000), kind="JPEG", mode="RGB", orientation=None, **options):
    """A picture that no two sizes have the same pixels of, and that compresses."""
    from PIL import Image
    image = Image.linear_gradient("L").resize(size).convert(mode)
    if orientation:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def without(item, *names):
    return {name: value for name, value in item.items() if name not in names}


def rows(items, *left_out):
    return sorted(str(sorted(without(item, *left_out).items())) for item in items)


def both(world, what):
    return what(world.original), what(world.recipe)


def only(items):
    expect("one item", 1, len(items))
    return items[0] if items else {}


# ---- what both do the same -----------------------------------------------------------------------

@agreement
def manifest_of_photos():
    world = World("manifest")
    sizes = {"cat.jpg": photo(), "dog.png": photo(kind="PNG"), "moon.gif": photo(kind="GIF")}
    for key, body in sizes.items():
        world.upload(key, body, "image/" + key[-3:])
    world.upload("cat.jpg", photo((640, 480)))
    original, recipe = both(world, lambda side: side.manifest())
    expect("the same names, in the same order", list(original), list(recipe))
    for name, entry in original.items():
        expect("entry of " + name, entry, {field: recipe[name][field] for field in entry})
        expect("besides, " + name, {"width", "height", "modified", "etag"}, set(recipe[name]) - set(entry))
    head = [side.get(side.uploads, "images.json") for side in world.sides]
    expect("content type", *[answer["ContentType"] for answer in head])


@agreement
def resolutions_of_photos():
    world = World("resolutions")
    world.upload("cat.jpg", photo((2000, 1500)))
    world.upload("dog.png", photo((1000, 700), "PNG"), "image/png")
    original, recipe = both(world, lambda side: side.objects())
    expect("16 pictures", 16, len(original))
    expect("keys, formats and sizes", {key: value[:3] for key, value in original.items()},
           {key: value[:3] for key, value in recipe.items()})


@agreement
def pixelated_versions_show_the_same():
    world = World("resolutions")
    world.upload("cat.png", photo((640, 480), "PNG"), "image/png")
    for blocks in (8, 16, 32, 48, 64):
        original, recipe = both(
            world, lambda side: side.image(f"pixelated-{blocks}x{blocks}-cat.png").convert("L"))
        pairs = zip(original.getdata(), recipe.getdata())
        expect(f"{blocks} blocks", True, max(abs(a - b) for a, b in pairs) <= 8)


@agreement
def resolutions_decode_the_photo_once():
    world = World("resolutions")
    world.recipe.put("cat.jpg", photo((2000, 1500)), "image/jpeg")
    world.recipe.run_recipe({"Records": [world.recipe.record("cat.jpg", 1)]}, LUNETTE_METRICS="1")
    line = next(line for line in world.recipe.errors.splitlines() if "_aws" in line)
    tiny = sum(blocks * blocks for blocks in (8, 16, 32, 48, 64))
    expect("pixels decoded", 2000 * 1500 + tiny, json.loads(line)["pixels"])


@agreement
def thumbnails_of_photos():
    world = World("thumbnail_api")
    world.upload("cat.jpg", photo())
    world.upload("dog.png", photo((100, 50), "PNG"), "image/png")
    expect("objects", *both(world, lambda side: side.objects()))
    expect("items", *both(world, lambda side: rows(side.items(), "id")))


@agreement
def thumbnails_on_demand():
    world = World("thumbnail_api")
    world.put("cat.jpg", photo())
    answers = []
    for side in world.sides:
        answer = side.run(request(side, {"bucket": side.uploads, "key": "cat.jpg"}))
        body = json.loads(answer["body"])
        answers.append((answer["statusCode"], body.pop("bucket") == side.images, without(body, "size")))
        expect("the size said", len(side.get(side.images, body["key"])["Body"].read()), body["size"])
    expect("place and size", *answers)


@agreement
def compressed_photos():
    world = World("compress")
    world.upload("cat.jpg", photo((3000, 2000)))
    world.upload("dog.png", photo((300, 200), "PNG"), "image/png")
    expect("objects", *both(world, lambda side: side.objects()))
    ours = ("sizeResized", "saved", "savedPercent", "imageId", "resizedAt")
    expect("items", *both(world, lambda side: rows(side.items(), *ours)))
    expect("besides", set(ours[:3]), set(world.recipe.items()[0]) - set(world.original.items()[0]))
    for item in world.recipe.items():
        expect("what was saved", item["sizeOriginal"] - item["sizeResized"], item["saved"])


@agreement
def fixed_sizes_of_photos():
    world = World("fixed_size")
    world.upload("a/cat.jpg", photo((1000, 1000)))
    world.upload("dog.png", photo((100, 100), "PNG"), "image/png")
    world.upload("moon.gif", photo((400, 400), "GIF"), "image/gif")
    expect("objects", *both(world, lambda side: side.objects()))
    expect("items", *both(world, lambda side: rows(side.items(), "image_id", "upload_time")))
    expect("attributes", *both(world, lambda side: set(side.items()[0])))


@agreement
def fixed_size_answers():
    world = World("fixed_size")
    world.put("cat.jpg", photo())
    answers = world.deliver("cat.jpg")
    expect("statusCode", *[answers[side.name]["statusCode"] for side in world.sides])
    expect("body is JSON", *[isinstance(json.loads(answers[side.name]["body"]), object)
                             for side in world.sides])


# ---- every difference ----------------------------------------------------------------------------

EVERY = ("manifest", "resolutions", "thumbnail_api", "compress", "fixed_size")
WITH_ITEMS = tuple(name for name in EVERY if name in ("thumbnail_api", "compress", "fixed_size"))


def results(side):
    """How many results there are, of whichever kind the system makes."""
    return len(side.manifest() or {}) if side.system == "manifest" else len(side.objects())


@difference("all", "looks at the first record of an event only: the others are lost",
            "works on all of them, side by side")
def several_records_in_an_event():
    for system in EVERY:
        world = World(system)
        for key in ("one.jpg", "two.jpg", "three.jpg"):
            world.put(key, photo((300, 200)))
        world.deliver("one.jpg", "two.jpg", "three.jpg", size=1)
        each = 8 if system == "resolutions" else 1
        expect(system, (each, 3 * each), both(world, results))


@difference("all", "takes the key as the event has it, encoded: a photo with a blank, a plus or an "
            "umlaut in its name is not found (or listed under a name that it has not)",
            "decodes it")
def keys_with_blanks():
    for system in EVERY:
        world = World(system)
        answers = world.upload("my cat+ü.jpg", photo((300, 200)))
        if system == "manifest":
            expect(system, [["my+cat%2B%C3%BC.jpg"], ["my cat+ü.jpg"]],
                   [list(names) for names in both(world, lambda side: side.manifest())])
            continue
        is_lost = system == "fixed_size" and answers["original"]["statusCode"] == 500 or \
            isinstance(answers["original"], Failed)
        expect(system, (True, 0), (is_lost, results(world.original)))
        expect(system, True, any("my cat+ü.jpg" in key for key in world.recipe.objects()))


@difference("all", "does nothing about a deleted photo, or fails: its pictures, its item and its "
            "entry stay for ever", "takes all of it back")
def deleted_photos():
    for system in EVERY:
        world = World(system)
        world.upload("cat.jpg", photo((300, 200)))
        world.delete("cat.jpg")
        expect(system, (False, True), tuple(results(side) == 0 for side in world.sides))
        if system in WITH_ITEMS:
            expect(system + "'s items", (1, 0), both(world, lambda side: len(side.items())))


@difference("thumbnail_api, compress, fixed_size", "writes another item with another id each time "
            "that an event comes, and events come more than once",
            "has one id for an upload, by its name; nothing is written again")
def events_that_come_twice():
    for system in WITH_ITEMS:
        world = World(system)
        world.upload("cat.jpg", photo((300, 200)))
        first = world.recipe.items()
        world.deliver("cat.jpg", size=1)
        expect(system, (2, 1), both(world, lambda side: len(side.items())))
        expect(system + ": the same item", first, world.recipe.items())


@difference("resolutions, thumbnail_api, compress, fixed_size", "ignores the EXIF orientation: a "
            "photo taken upright lies on its side", "turns it upright")
def photos_taken_upright():
    for system in EVERY[1:]:
        world = World(system)
        world.upload("cat.jpg", photo((1200, 600), orientation=6))
        if system == "fixed_size":
            expect(system, ("1200x600", "600x1200"),
                   both(world, lambda side: only(side.items())["original_size"]))
            continue
        if system == "thumbnail_api":  # as large, turned or not: what was left is now up
            rows = both(world, lambda side: is_brighter_downwards(side.image("thumbnails/cat.jpg")))
            expect(system, (True, False), rows)
            continue
        key = {"resolutions": "resized-800x800-cat.jpg", "compress": "resized-cat.jpg"}[system]
        shapes = both(world, lambda side: side.image(key).size)
        expect(system, (True, False), tuple(width > height for width, height in shapes))


def is_brighter_downwards(image):
    grey = image.convert("L")
    return grey.getpixel((64, 120)) > grey.getpixel((64, 8)) + 50


@difference("resolutions, thumbnail_api, compress", "stores no content type, or what the uploader "
            "said: browsers download what they should show", "stores what the picture is")
def content_types():
    for system in EVERY[1:4]:
        world = World(system)
        world.upload("cat.jpg", photo((300, 200)), "binary/octet-stream")
        kinds = both(world, lambda side: {value[3] for value in side.objects().values()})
        expect(system, ({"binary/octet-stream"}, {"image/jpeg"}), kinds)


@difference("manifest", "believes the name what kind of photo it is, and lists what is none",
            "looks into the file; what is no photo is not listed")
def types_by_name():
    world = World("manifest")
    world.upload("really-a-png.jpg", photo((20, 20), "PNG"))
    world.upload("readme.jpg", b"no photo")
    original, recipe = both(world, lambda side: side.manifest())
    expect("type", ("image/jpeg", "image/png"),
           (original["really-a-png.jpg"]["type"], recipe["really-a-png.jpg"]["type"]))
    expect("no photo", (True, False), ("readme.jpg" in original, "readme.jpg" in recipe))


@difference("manifest", "lists the list: writing it starts the function again, without end",
            "ignores the list's own events, and writes nothing")
def events_of_the_list():
    world = World("manifest")
    world.upload("cat.jpg", photo((20, 20)))
    before = world.recipe.get(world.recipe.uploads, "images.json")["LastModified"]
    world.deliver("images.json", size=1)
    expect("names", [["cat.jpg", "images.json"], ["cat.jpg"]],
           [list(names) for names in both(world, lambda side: side.manifest())])
    expect("not written", before,
           world.recipe.get(world.recipe.uploads, "images.json")["LastModified"])


@difference("manifest", "takes size and kind from the event: one that comes late puts the old ones "
            "back", "takes them from the photo that is there")
def events_that_come_late():
    world = World("manifest")
    old, new = photo((20, 20)), photo((40, 40))
    world.upload("cat.jpg", old)
    world.upload("cat.jpg", new)
    world.deliver("cat.jpg", size=len(old))
    expect("size", (len(old), len(new)),
           both(world, lambda side: side.manifest()["cat.jpg"]["size"]))


@difference("manifest", "loses entries when two photos come at the same time: whoever writes last "
            "has not read what the other wrote", "writes only what nobody has changed meanwhile")
def photos_that_come_at_the_same_time():
    world = World("manifest")
    keys = [f"{number}.jpg" for number in range(6)]
    for key in keys:
        world.put(key, photo((20, 20)))
    interleaved(world.original)
    threads = [threading.Thread(target=world.recipe.run_recipe,
                                args=({"Records": [world.recipe.record(key, 1)]},)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect("names", (["0.jpg"], keys), (list(world.original.manifest()),
                                        sorted(world.recipe.manifest())))


def interleaved(side):
    """The original on 0.jpg; between its reading and its writing another one does all of 1.jpg."""
    import botocore.client
    real = botocore.client.BaseClient._make_api_call
    state = {"inside": False}

    def call(client, operation, arguments):
        if operation == "PutObject" and not state["inside"]:
            state["inside"] = True
            side.run({"Records": [side.record("1.jpg", 1)]})
        return real(client, operation, arguments)
    botocore.client.BaseClient._make_api_call = call
    try:
        side.run({"Records": [side.record("0.jpg", 1)]})
    finally:
        botocore.client.BaseClient._make_api_call = real


@difference("manifest", "makes the list public by an ACL, which buckets refuse since 2023",
            "asks for none: a bucket policy says who may read")
def public_by_acl():
    world = World("manifest")
    world.upload("cat.jpg", photo((20, 20)))

    def is_public(side):
        grants = side.s3.get_object_acl(Bucket=side.uploads, Key="images.json")["Grants"]
        return any("AllUsers" in grant["Grantee"].get("URI", "") for grant in grants)
    expect("public by ACL", (True, False), both(world, is_public))


@difference("resolutions", "can't take a photo in a folder: there is no such folder in /tmp",
            "writes no files")
def photos_in_folders():
    world = World("resolutions")
    answers = world.upload("2026/cat.jpg", photo((300, 200)))
    expect("original", True, isinstance(answers["original"], Failed))
    expect("recipe", True, "resized-800x800-2026/cat.jpg" in world.recipe.objects())


@difference("compress", "drops the folder: of two photos of the same name only one has a picture",
            "keeps it: 2026/resized-cat.jpg")
def photos_of_the_same_name():
    world = World("compress")
    world.upload("2025/cat.jpg", photo((300, 200)))
    world.upload("2026/cat.jpg", photo((200, 300)))
    expect("pictures", (["resized-cat.jpg"], ["2025/resized-cat.jpg", "2026/resized-cat.jpg"]),
           both(world, lambda side: sorted(side.objects())))


@difference("compress", "notes a time without saying of which zone", "ends it in Z: UTC")
def times_without_a_zone():
    world = World("compress")
    world.upload("cat.jpg", photo((300, 200)))
    expect("Z", (False, True), both(world, lambda side: only(side.items())["resizedAt"].endswith("Z")))


@difference("compress", "says of the item what the uploader said of the photo",
            "says what the picture is")
def content_types_in_items():
    world = World("compress")
    world.upload("cat.jpg", photo((300, 200)), "text/plain")
    expect("contentType", ("text/plain", "image/jpeg"),
           both(world, lambda side: only(side.items())["contentType"]))


@difference("fixed_size", "stretches: faces become broad or narrow",
            "cuts off what does not fit (`fit = \"fill\"` stretches)")
def photos_that_are_no_squares():
    world = World("fixed_size")
    from PIL import Image, ImageDraw
    image = Image.new("RGB", (1200, 600), "white")
    ImageDraw.Draw(image).ellipse((500, 200, 700, 400), fill="black")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    world.upload("circle.png", buffer.getvalue(), "image/png")

    def shape(side):
        dark = side.image("processed-circle.png").convert("L").point(lambda value: 255 * (value < 128))
        left, upper, right, lower = dark.getbbox()
        return round((right - left) / (lower - upper), 1)
    expect("width of a circle by its height", (0.5, 1.0), both(world, shape))


@difference("fixed_size", "answers 500 instead of failing: S3's event counts as done, and is never "
            "tried again", "fails, so that the event comes again; a photo that can't be shown is "
            "recorded as rejected")
def failures_that_pass():
    world = World("fixed_size")
    world.put("cat.jpg", photo((300, 200)))
    for side in world.sides:
        side.dynamodb.Table(side.table).delete()
    answers = world.deliver("cat.jpg")
    expect("the table is gone", (500, True),
           (answers["original"]["statusCode"], isinstance(answers["recipe"], Failed)))
    world = World("fixed_size")
    answers = world.upload("cat.jpg", b"no photo")
    expect("no photo", (500, "rejected"),
           (answers["original"]["statusCode"], answers["recipe"]["records"][0]["status"]))


@difference("fixed_size", "notes as upload_time when it was worked on",
            "notes when the photo was stored")
def times_of_uploads():
    world = World("fixed_size")
    world.put("cat.jpg", photo((300, 200)))
    stored = world.recipe.get(world.recipe.uploads, "cat.jpg")["LastModified"]
    world.deliver("cat.jpg")
    said = both(world, lambda side: only(side.items())["upload_time"])
    expect("upload_time", (False, True),
           tuple(text == stored.strftime("%Y-%m-%dT%H:%M:%SZ") for text in said))


def request(side, body, **more):
    return {"version": "2.0", "routeKey": "$default", "rawPath": "/thumbnails", "rawQueryString": "",
            "headers": {"content-type": "application/json"}, "isBase64Encoded": False,
            "body": body if isinstance(body, str) else json.dumps(body), **more,
            "requestContext": {"http": {"method": "POST", "path": "/thumbnails"},
                               "stage": "$default", "domainName": "example.com"}}


def asked(world, body, **more):
    """The status of each side's answer; None where it failed, which the caller sees as a 502."""
    statuses = []
    for side in world.sides:
        try:
            statuses.append(side.run(request(side, body(side), **more))["statusCode"])
        except Failed:
            statuses.append(None)
    return tuple(statuses)


@difference("thumbnail_api", "fails on a wrong request and on a missing photo: the caller gets a 502",
            "answers 400, 404, 422 with the reason")
def wrong_requests():
    world = World("thumbnail_api")
    world.put("readme.jpg", b"no photo")
    expect("no JSON", (None, 400), asked(world, lambda side: "{"))
    expect("no key", (None, 400), asked(world, lambda side: {"bucket": side.uploads}))
    expect("no such photo", (None, 404),
           asked(world, lambda side: {"bucket": side.uploads, "key": "none.jpg"}))
    expect("no photo", (None, 422),
           asked(world, lambda side: {"bucket": side.uploads, "key": "readme.jpg"}))


@difference("thumbnail_api", "shows photos of any bucket that its role may read",
            "answers 403 but for its own")
def foreign_buckets():
    world = World("thumbnail_api")
    for side in world.sides:
        side.s3.put_object(Bucket=side.images, Key="cat.jpg", Body=photo((300, 200)),
                           ContentType="image/jpeg")
    expect("status", (200, 403), asked(world, lambda side: {"bucket": side.images, "key": "cat.jpg"}))


@difference("thumbnail_api", "can't read a body in base64, in which API Gateway passes on what it "
            "takes for bytes", "reads it")
def bodies_in_base64():
    world = World("thumbnail_api")
    world.put("cat.jpg", photo((300, 200)))

    def body(side):
        text = json.dumps({"bucket": side.uploads, "key": "cat.jpg"})
        return base64.b64encode(text.encode()).decode()
    expect("status", (None, 200), asked(world, body, isBase64Encoded=True))


@difference("thumbnail_api", "says nothing of caching: CloudFront and browsers guess",
            "says how long a picture may be kept")
def caching():
    world = World("thumbnail_api")
    world.upload("cat.jpg", photo((300, 200)))
    expect("Cache-Control", (None, "public, max-age=300, s-maxage=3600"), both(
        world, lambda side: side.get(side.images, "thumbnails/cat.jpg").get("CacheControl")))


@difference("fixed_size", "takes uploads through the API, which ends at 6 MB",
            "gives an address and a form to upload to, with a limit that S3 holds")
def uploads_past_the_api():
    world = World("fixed_size")
    body = photo((300, 200))
    offer = {"name": "cat.jpg", "type": "image/jpeg", "size": len(body)}
    event = request(world.recipe, offer, rawPath="/uploads")
    event["requestContext"]["http"]["path"] = "/uploads"
    made = json.loads(world.recipe.run(event)["body"])

    def put(data):
        asked_for = urllib.request.Request(made["put"]["url"], data, method="PUT", headers={
            name: value for name, value in made["put"]["headers"].items() if name != "Content-Length"})
        return status_of(asked_for)
    expect("a larger one", 403, put(body + b"x"))
    expect("the one", 200, put(body))
    expect("is there", body, world.recipe.get(world.recipe.uploads, made["key"])["Body"].read())
    expect("the form, more than the limit", 400, status_of(form(made["post"], b"x" * 20000001)))
    expect("the form", 204, status_of(form(made["post"], body)))


def form(post, body):
    boundary = "----lunette"
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
             for name, value in post["fields"].items()]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n')
    data = "".join(parts).encode() + body + f"\r\n--{boundary}--\r\n".encode()
    return urllib.request.Request(post["url"], data, method="POST", headers={
        "Content-Type": f"multipart/form-data; boundary={boundary}"})


def status_of(asked_for):
    try:
        with urllib.request.urlopen(asked_for, timeout=300) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


# ---- the run -------------------------------------------------------------------------------------

def table():
    lines = ["| of | the original | the recipe | shown by |", "|---|---|---|---|"]
    lines += [f"| {systems} | {original} | {recipe} | `{name}` |"
              for systems, original, recipe, name in DIFFERENCES]
    return "\n".join(lines)


def run(words):
    for check in CHECKS:
        if words and not any(word in check.__name__ for word in words):
            continue
        try:
            check()
        except Exception:  # one check's surprise is not the others'
            expect(check.__name__ + " runs to its end", None, traceback.format_exc())
    print("{passed} passed, {failed} failed".format(**tally))
    sys.exit(0 if tally["failed"] == 0 else 1)


if sys.argv[1:] == ["--table"]:
    print(table())
else:
    from world import Failed, World  # needs boto3 and Pillow
    run(sys.argv[1:])
