// The same pictures by sharp: each line of the input is a file, the options of its resize in JSON,
// and the file to write. Run by reference_test.py: node sharp.mjs PACKAGE.JSON < jobs.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const sharp = createRequire(process.argv[2])("sharp");
for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const [source, options, made] = line.split("\t");
  const { width, height, ...others } = JSON.parse(options);
  await sharp(source).resize(width, height, others).png({ compressionLevel: 1 }).toFile(made);
}
