// Writes a PNG of the browser (8 bits, RGB or RGBA, not interlaced) again in fewer bytes: node shrink.mjs FROM TO [ROWS]
// ROWS: no more than so many from the top.
// Pages have few colours, and letters have many shades of them: colours are taken a little coarser until 256 suffice, and are put into
// a palette. https://www.w3.org/TR/png-3/
import { readFileSync, writeFileSync } from 'node:fs';
import { crc32 as zlibCrc, deflateSync, inflateSync } from 'node:zlib';

const [from, to, most = Infinity] = process.argv.slice(2);
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const coloursMost = 256;

const table = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});
const crc32 = zlibCrc ?? (bytes => {
  let c = 0xffffffff;
  for (const byte of bytes) c = table[(c ^ byte) & 255] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
});

function read(path) {
  const file = readFileSync(path);
  if (!file.subarray(0, 8).equals(signature)) throw new Error(`${path} is no PNG.`);
  let header;
  const data = [];
  for (let at = 8; at < file.length;) {
    const length = file.readUInt32BE(at), kind = file.toString('latin1', at + 4, at + 8), content = file.subarray(at + 8, at + 8 + length);
    if (kind === 'IHDR') header = content;
    if (kind === 'IDAT') data.push(content);
    at += 12 + length;
  }
  const width = header.readUInt32BE(0), height = Math.min(Number(most), header.readUInt32BE(4)), [depth, colour, , , interlace] = header.subarray(8);
  if (depth !== 8 || (colour !== 2 && colour !== 6) || interlace !== 0) throw new Error(`${path} is no picture of the browser.`);
  return { width, height, ...pixels(inflateSync(Buffer.concat(data)), width, height, colour === 6 ? 4 : 3) };
}

function pixels(raw, width, height, size) {
  const row = width * size, out = Buffer.alloc(row * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (row + 1)];
    for (let x = 0; x < row; x++) {
      const left = x >= size ? out[y * row + x - size] : 0, up = y > 0 ? out[(y - 1) * row + x] : 0, corner = x >= size && y > 0 ? out[(y - 1) * row + x - size] : 0;
      let guess = 0;
      if (filter === 1) guess = left;
      else if (filter === 2) guess = up;
      else if (filter === 3) guess = (left + up) >> 1;
      else if (filter === 4) {
        const p = left + up - corner, a = Math.abs(p - left), b = Math.abs(p - up), c = Math.abs(p - corner);
        guess = a <= b && a <= c ? left : b <= c ? up : corner;
      }
      out[y * row + x] = raw[y * (row + 1) + 1 + x] + guess;
    }
  }
  return { bytes: out, size };
}

/** The colours by how often they are there; a coarser one stands for all that are rounded to it, and is their most frequent one. */
function palette({ bytes, size }) {
  const counts = new Map();
  for (let at = 0; at < bytes.length; at += size) {
    const colour = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const common = [...counts].sort((a, b) => b[1] - a[1]);
  const chosen = common.slice(0, 96).map(([colour]) => colour);
  for (let reach = 6; ; reach += 2) {
    const list = [...chosen];
    for (const [colour] of common.slice(96)) if (!list.some(each => distance(each, colour) <= reach * reach)) list.push(colour);
    if (list.length <= coloursMost) return { list, index: new Map(common.map(([colour]) => [colour, nearest(list, colour)])) };
  }
}

const distance = (a, b) => ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2;
const nearest = (list, colour) => list.reduce((best, each, index) => (distance(each, colour) < distance(list[best], colour) ? index : best), 0);

function chunk(kind, content) {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), content]), out = Buffer.alloc(content.length + 12);
  out.writeUInt32BE(content.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), out.length - 4);
  return out;
}

const picture = read(from);
const { list, index } = palette(picture);
const { width, height, bytes, size } = picture;
const rows = Buffer.alloc((width + 1) * height);
for (let y = 0; y < height; y++) {
  for (let x = 0; x < width; x++) {
    const at = (y * width + x) * size;
    rows[y * (width + 1) + 1 + x] = index.get((bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2]);
  }
}
const header = Buffer.alloc(13);
header.writeUInt32BE(width, 0);
header.writeUInt32BE(height, 4);
header.set([8, 3, 0, 0, 0], 8);
writeFileSync(to, Buffer.concat([
  signature, chunk('IHDR', header), chunk('PLTE', Buffer.from(list.flatMap(colour => [colour >> 16, (colour >> 8) & 255, colour & 255]))),
  chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })), chunk('IEND', Buffer.alloc(0)),
]));
