// What scripts/handler.lua does by default, written for Lambda's Node with the AWS SDK and sharp.
//
// Clients are made once; the pictures are made and stored side by side, each from its own decoding,
// for sharp then decodes at the smallest scale that will do.
import { createHash } from "node:crypto";
import { basename, extname } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import sharp from "sharp";

const destination = process.env.DESTINATION_BUCKET ?? "images";
const table = process.env.METADATA_TABLE;
const manifest = "images.json";
const cacheControl = "public, max-age=31536000, immutable";
const maxBytes = 50_000_000;
const variants = [
  { name: "thumb", width: 160, height: 160, fit: "cover", format: "webp", quality: 75 },
  { name: "medium", width: 800, height: 800, fit: "inside", format: "webp", quality: 80 },
  { name: "large", width: 1600, height: 1600, fit: "inside", format: "jpeg", quality: 82,
    progressive: true },
];
const extensions = { webp: "webp", jpeg: "jpg" };
const rules = JSON.stringify([variants, cacheControl]);

const s3 = new S3Client({ forcePathStyle: true });
const dynamodb = DynamoDBDocumentClient.from(new DynamoDBClient({}));

async function storePicture(photo, variant, key, version) {
  const { width, height, fit, format, quality, progressive } = variant;
  const { data, info } = await sharp(photo).rotate()
    .resize({ width, height, fit, withoutEnlargement: true })
    .toFormat(format, { quality, progressive })
    .toBuffer({ resolveWithObject: true });
  const name = `${key}/${variant.name}-${version}.${extensions[format]}`;
  await s3.send(new PutObjectCommand({ Bucket: destination, Key: name, Body: data,
    ContentType: `image/${format}`, CacheControl: cacheControl, Metadata: { version } }));
  return { name: variant.name, key: name, width: info.width, height: info.height,
    type: `image/${format}`, size: data.length };
}

async function readManifest() {
  try {
    const found = await s3.send(new GetObjectCommand({ Bucket: destination, Key: manifest }));
    return { entries: JSON.parse(await found.Body.transformToString()),
      condition: { IfMatch: found.ETag.replaceAll('"', "") } };
  } catch (error) {
    if (error.name !== "NoSuchKey") throw error;
    return { entries: [], condition: { IfNoneMatch: "*" } };
  }
}

async function updateManifest(record) {
  for (let attempt = 0; attempt < 50; attempt++) {
    const { entries, condition } = await readManifest();
    const others = entries.filter((entry) => entry.name !== record.name);
    const all = [...others, record].sort((a, b) => (a.name < b.name ? -1 : 1));
    try {
      await s3.send(new PutObjectCommand({ Bucket: destination, Key: manifest,
        Body: JSON.stringify(all), ContentType: "application/json", CacheControl: "no-cache",
        ...condition }));
      return;
    } catch (error) {
      if (![409, 412].includes(error.$metadata?.httpStatusCode)) throw error;
    }
  }
  throw new Error("the manifest was changed by others at every attempt");
}

async function created(bucket, key, etag) {
  const id = `${bucket}/${key}`;
  const version = createHash("sha256").update(etag + rules).digest("hex").slice(0, 12);
  const [item, found] = await Promise.all([
    dynamodb.send(new GetCommand({ TableName: table, Key: { id }, ConsistentRead: true })),
    s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: etag })),
  ]);
  const photo = await found.Body.transformToByteArray();
  if (item.Item?.version === version) return { status: "unchanged" };
  const [facts, ...pictures] = await Promise.all([
    sharp(photo).metadata(),
    ...variants.map((variant) => storePicture(photo, variant, key, version)),
  ]);
  const { width, height } = facts.autoOrient;
  const record = { name: key, title: basename(key, extname(key)), type: `image/${facts.format}`,
    size: photo.length, width, height, version, variants: pictures,
    uploaded: found.LastModified.toISOString().replace(/\.\d+Z$/, "Z") };
  await Promise.all([
    dynamodb.send(new PutCommand({ TableName: table, Item: { id, ...record } })),
    updateManifest(record),
  ]);
  return { status: "done", ...record };
}

export async function handler(event) {
  const results = [];
  for (const record of event.Records) {
    const { bucket, object } = record.s3;
    if (object.size > maxBytes) throw new Error(`${object.key} is too large`);
    const key = decodeURIComponent(object.key.replaceAll("+", " "));
    results.push(await created(bucket.name, key, object.eTag));
  }
  return { results };
}
