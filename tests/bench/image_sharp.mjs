// sharp's side of image_bench.py: what image_lunette.lua says, on one thread and without its cache.
// Several sizes are made of the largest, which is its fastest way.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [job, path, folder, home] = process.argv.slice(2);
const sharp = createRequire(home)("sharp");
sharp.concurrency(1);
sharp.cache(false);

const bytes = readFileSync(path);
const sizes = job.match(/\d+/g).map(Number);
const format = /[a-z]+$/.exec(job)?.[0] ?? "jpeg";
const options = {
  jpeg: { quality: 70 },
  webp: { quality: 70 },
  png: { compressionLevel: 6, adaptiveFiltering: true },
  gif: {},
}[format];
const fit = job.startsWith("cover") ? "cover" : "inside";

function resized(source, size) {
  return source.resize(size, size, { fit, withoutEnlargement: true });
}

async function render() {
  const encoded = (picture) => picture.toFormat(format, options).toBuffer();
  if (sizes.length === 1) {
    const photo = sharp(bytes, { animated: format === "gif" }).autoOrient();
    return [await encoded(resized(photo, sizes[0]))];
  }
  const pictures = [];
  let source = sharp(bytes).autoOrient();
  for (const size of sizes) {
    const { data, info } = await resized(source, size).raw().toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    source = sharp(data, { raw: { width, height, channels } });
    pictures.push(await encoded(source.clone()));
  }
  return pictures;
}

let first = true;
for await (const line of createInterface({ input: process.stdin })) {
  for (let i = 0; i < Number(line); i++) {
    const pictures = await render();
    if (first) {
      pictures.forEach((picture, k) => writeFileSync(`${folder}/sharp-${job}-${sizes[k]}.${format}`, picture));
    }
    first = false;
  }
  process.stdout.write("done\n");
}
