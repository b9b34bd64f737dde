// The hashes that the format's own implementation (npm's thumbhash) makes of the pictures in
// image_glance_test.c, as the rows of its table. `make test-thumbhash` compares the two.
import { createRequire } from "node:module";

const { rgbaToThumbHash } = await import(
  createRequire(`${process.cwd()}/${process.argv[2]}/`).resolve("thumbhash"));

const cases = [
  [100, 75, 0], [75, 100, 0], [100, 100, 0], [1, 1, 0], [100, 1, 0], [3, 100, 0], [37, 23, 0],
  [100, 75, 1], [23, 37, 1], [1, 100, 1], [64, 64, 2], [5, 3, 2],
];

// kind 0: opaque; 1: alpha as it comes; 2: nothing is seen.
function picture(width, height, kind) {
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const alpha = [255, (x * 9 + y * 2) & 255, 0][kind];
      rgba.set([(x * 7 + y * 3) & 255, (x * x + y) & 255, (x * y * 2) & 255, alpha],
        4 * (x + y * width));
    }
  }
  return rgba;
}

for (const [width, height, kind] of cases) {
  const hash = rgbaToThumbHash(width, height, picture(width, height, kind));
  console.log(`    {${width}, ${height}, ${kind}, "${Buffer.from(hash).toString("base64")}"},`);
}
