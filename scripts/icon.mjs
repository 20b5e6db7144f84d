// The icon of the plugin: one goal that becomes three workers and then one branch. Drawn here, so that it can be drawn again.
import { crc32 } from 'node:zlib';

const size = 256;
const shades = 16;
const ground = [22, 27, 46];
const ink = [255, 255, 255];
const from = { x: 52, y: 128 };
const to = { x: 204, y: 128 };
const workers = [64, 128, 192].map((y) => ({ x: 128, y }));

/** A square PNG of 16 shades. */
export function drawIcon() {
  const rows = Array.from({ length: size }, (_, y) => [0, ...rowOf(y)]);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', [...uint32(size), ...uint32(size), 4, 3, 0, 0, 0]),
    chunk('PLTE', Array.from({ length: shades }, (_, shade) => mixed(shade)).flat()),
    chunk('IDAT', stored(rows.flat())),
    chunk('IEND', []),
  ]);
}

/** Two pixels in a byte. */
function rowOf(y) {
  return Array.from(
    { length: size / 2 },
    (_, half) => shadeAt(2 * half, y) * 16 + shadeAt(2 * half + 1, y),
  );
}

/** How much of the pixel is ink, looked up in sixteen places of it. */
function shadeAt(x, y) {
  const parts = [0.125, 0.375, 0.625, 0.875];
  const hits = parts.flatMap((dx) => parts.filter((dy) => isInk({ x: x + dx, y: y + dy }))).length;
  return Math.min(shades - 1, hits);
}

function isInk(point) {
  return (
    distance(point, from) < 22 ||
    distance(point, to) < 22 ||
    workers.some(
      (worker) =>
        distance(point, worker) < 16 ||
        distanceToLine(point, from, worker) < 5 ||
        distanceToLine(point, worker, to) < 5,
    )
  );
}

function distance(one, other) {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

function distanceToLine(point, start, end) {
  const length = distance(start, end) ** 2;
  const along =
    ((point.x - start.x) * (end.x - start.x) + (point.y - start.y) * (end.y - start.y)) / length;
  const share = Math.max(0, Math.min(1, along));
  return distance(point, {
    x: start.x + share * (end.x - start.x),
    y: start.y + share * (end.y - start.y),
  });
}

function mixed(shade) {
  const share = shade / (shades - 1);
  return ground.map((value, index) => Math.round(value + share * (ink[index] - value)));
}

function chunk(name, bytes) {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), Buffer.from(bytes)]);
  return Buffer.concat([Buffer.from(uint32(bytes.length)), body, Buffer.from(uint32(crc32(body)))]);
}

/** A zlib stream of one block that is not compressed: its bytes do not depend on who packs it. */
function stored(bytes) {
  const length = [bytes.length & 255, bytes.length >>> 8];
  return [
    0x78,
    0x01,
    1,
    ...length,
    ...length.map((byte) => byte ^ 255),
    ...bytes,
    ...adler32(bytes),
  ];
}

function adler32(bytes) {
  let [sum, sums] = [1, 0];
  for (const byte of bytes) {
    sum = (sum + byte) % 65_521;
    sums = (sums + sum) % 65_521;
  }
  return uint32(sums * 65_536 + sum);
}

function uint32(value) {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}
