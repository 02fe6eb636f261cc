// An independent reader in JavaScript, written from latentpng/SPEC.md alone.
// node independent.mjs FILE... prints a line per file: "<sha256 of the last state> <node> <sha256 of the stored noise> <digest>".
// A recipe and a twin store no noise; what node cannot inflate (zstd, before 22.15) is "-".  It trusts its input.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as zlib from "node:zlib";

const ROOT_HALF = 0.7071067811865476;

function chunks(data) {
  const found = new Map();
  for (let at = 8; at < data.length; ) {
    const length = data.readUInt32BE(at);
    found.set(data.toString("latin1", at + 4, at + 8), data.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return found;
}

function read(path) {
  const found = chunks(readFileSync(path));
  const data = found.get("laTn");
  if (!data) {
    const text = found.get("tEXt");
    const metadata = JSON.parse(text.toString("latin1", text.indexOf(0) + 1));
    return { metadata, dims: metadata.dims, digest: metadata.digest };
  }
  if (data.toString("latin1", 0, 5) !== "LPNG\x01" || data[6] & ~1 || data[17] !== 1) throw new Error("header");
  const length = data.readUInt32LE(8);
  const dims = Array.from({ length: data[18] }, (_, i) => data.readUInt32LE(20 + 4 * i));
  const metadata = JSON.parse(data.toString("latin1", 72, 72 + length));
  const payload = data.subarray(72 + length);
  const digest = data.toString("hex", 36, 68);
  const count = dims.reduce((a, b) => a * b);
  let raw = payload;
  if (data[16] === 2 && !zlib.zstdDecompressSync) return { metadata, dims, digest: "-" }; // seeded roots only
  if (data[16] === 2) {
    const high = zlib.zstdDecompressSync(payload.subarray(0, payload.length - count));
    const low = payload.subarray(payload.length - count);
    raw = Buffer.alloc(2 * count);
    for (let i = 0; i < count; i++) raw.set([low[i], high[i]], 2 * i);
  }
  const stored = data[16] ? Float64Array.from({ length: count }, (_, i) => widen(raw.readUInt16LE(2 * i))) : null;
  return { metadata, dims, digest, stored };
}

function widen(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
  return bits >> 15 ? -size : size;
}

function half(x) {
  // float32, then float16: round to a multiple of the last bit's value, ties to even
  const single = Math.fround(x);
  const size = Math.abs(single);
  let unit = 2 ** -24;
  while (size >= unit * 2048) unit *= 2;
  const scaled = size / unit;
  let whole = Math.floor(scaled);
  const rest = scaled - whole;
  if (rest > 0.5 || (rest === 0.5 && whole % 2)) whole += 1;
  return single < 0 || Object.is(single, -0) ? -whole * unit : whole * unit;
}

function bitsOf(value) {
  const sign = value < 0 || Object.is(value, -0) ? 32768 : 0;
  const size = Math.abs(value);
  if (size < 2 ** -14) return sign | (size * 2 ** 24);
  let exponent = 15;
  let m = size;
  while (m >= 2) (m /= 2), exponent++;
  while (m < 1) (m *= 2), exponent--;
  return sign | (exponent << 10) | ((m - 1) * 1024);
}

function sha256(state) {
  const raw = Buffer.alloc(2 * state.length);
  state.forEach((value, i) => raw.writeUInt16LE(bitsOf(value), 2 * i));
  return createHash("sha256").update(raw).digest("hex");
}

function product(a, b) {
  // 32 x 32 bits: [high, low]
  const p = BigInt(a) * BigInt(b);
  return [Number(p >> 32n), Number(p & 0xffffffffn)];
}

function philox(seed, stream, block) {
  let k0 = Number(seed & 0xffffffffn), k1 = Number(seed >> 32n);
  let c = [block, 0, stream, 0];
  for (let turn = 0; turn < 10; turn++) {
    if (turn) (k0 = (k0 + 0x9e3779b9) >>> 0), (k1 = (k1 + 0xbb67ae85) >>> 0);
    const [pHigh, pLow] = product(0xd2511f53, c[0]);
    const [qHigh, qLow] = product(0xcd9e8d57, c[2]);
    c = [(qHigh ^ c[1] ^ k0) >>> 0, qLow, (pHigh ^ c[3] ^ k1) >>> 0, pLow];
  }
  return c;
}

function factorial(n) {
  return n < 2 ? 1 : n * factorial(n - 1);
}
const LOG = Array.from({ length: 10 }, (_, k) => 1 / (2 * k + 1));
const SINE = Array.from({ length: 9 }, (_, k) => (k % 2 ? -1 : 1) / factorial(2 * k + 1));
const COSINE = Array.from({ length: 9 }, (_, k) => (k % 2 ? -1 : 1) / factorial(2 * k));
const horner = (coefficients, g) => coefficients.reduceRight((value, c) => value * g + c);

function boxMuller(u, v) {
  let m = 2 * u + 1, e = 0;
  while (m >= 1) (m /= 2), e++;
  if (m < ROOT_HALF) (m += m), (e -= 1);
  const t = (m - 1) / (m + 1);
  const r = Math.sqrt(-2 * (2 * t * horner(LOG, t * t) + (e - 33) * 0.6931471805599453));
  const p = (((v & 0x3fffffff) + 0.5) * 2 ** -30 - 0.5) * 1.5707963267948966;
  const s = horner(SINE, p * p) * p, c = horner(COSINE, p * p);
  const [x, y] = [[c, s], [-s, c], [-c, -s], [s, -c]][v >>> 30];
  return [Math.fround(r * x), Math.fround(r * y)];
}

function gauss1(seed, stream, count) {
  const values = new Float64Array(count + 3);
  for (let block = 0; 4 * block < count; block++) {
    const [w0, w1, w2, w3] = philox(seed, stream, block);
    values.set([...boxMuller(w0, w1), ...boxMuller(w2, w3)].slice(0, values.length - 4 * block), 4 * block);
  }
  return values.subarray(0, count);
}

function blend({ seed, of, marks }, count) {
  const draws = Array.from({ length: of }, (_, i) => gauss1(BigInt(seed), i, count));
  if (of === 1) return draws[0];
  const f = Math.sqrt(of / (of - 1)), m = marks.length;
  const divisor = Math.sqrt(m * (1 - (m - 1) / (of - 1)));
  return draws[0].map((_, i) => {
    const mean = draws.reduce((total, draw) => total + draw[i], 0) / of;
    const total = marks.map((mark) => (draws[mark][i] - mean) * f).reduce((a, b) => a + b);
    return m > 1 ? total / divisor : total;
  });
}

function play(state, round, dims, axes) {
  const s = round.scale, bands = round.bands;
  if (s === 0 || (bands && bands.every((b) => s * b === 0))) return state;
  const e = blend(round, state.length);
  const [h, w] = [axes.indexOf("H"), axes.indexOf("W")];
  const a = Math.sqrt(1 - s * s);
  const moved = bands ? movePlanes(state, e, bands.map((b) => s * b), dims, h, w) : state.map((z, i) => a * z + s * e[i]);
  const next = moved.map(half);
  if (round.region) {
    const rows = round.region.split("/");
    for (let i = 0; i < next.length; i++) {
      const y = index(i, h, dims), x = index(i, w, dims);
      const cell = rows[Math.floor((y * rows.length) / dims[h])][Math.floor((x * rows[0].length) / dims[w])];
      if (cell === "0") next[i] = state[i];
    }
  }
  return next;
}

const stride = (axis, dims) => dims.slice(axis + 1).reduce((p, side) => p * side, 1);
const index = (i, axis, dims) => Math.floor(i / stride(axis, dims)) % dims[axis];

function movePlanes(z, e, scales, dims, h, w) {
  const moved = new Float64Array(z.length);
  for (let start = 0; start < z.length; start++) {
    if (index(start, h, dims) || index(start, w, dims)) continue;
    const at = (y, x) => start + y * stride(h, dims) + x * stride(w, dims);
    const plane = (from) => Array.from({ length: dims[h] }, (_, y) => Array.from({ length: dims[w] }, (_, x) => from[at(y, x)]));
    movePlane(plane(z), plane(e), scales).forEach((row, y) => row.forEach((value, x) => (moved[at(y, x)] = value)));
  }
  return moved;
}

function movePlane(z, e, scales) {
  const s = scales.at(-1);
  const move = (a, b) => a.map((row, y) => row.map((value, x) => Math.sqrt(1 - s * s) * value + s * b[y][x]));
  if (Math.min(z.length, z[0].length) <= 4) return move(z, e);
  const [zs, es] = [transform(z, forward), transform(e, forward)];
  const even = (plane) => plane.filter((_, y) => y % 2 === 0).map((row) => row.filter((_, x) => x % 2 === 0));
  const result = move(zs, es);
  movePlane(even(zs), even(es), scales.slice(0, -1)).forEach((row, y) => row.forEach((value, x) => (result[2 * y][2 * x] = value)));
  return transform(result, backward);
}

function transform(plane, four) {
  const out = plane.map((row) => [...row]);
  for (let y = 0; y < plane.length; y += 2)
    for (let x = 0; x < plane[0].length; x += 2) {
      const below = y + 1 < plane.length, beside = x + 1 < plane[0].length;
      const a = plane[y][x];
      if (below && beside) {
        [out[y][x], out[y][x + 1], out[y + 1][x], out[y + 1][x + 1]] = four(a, plane[y][x + 1], plane[y + 1][x], plane[y + 1][x + 1]);
      } else if (below) [out[y][x], out[y + 1][x]] = [(a + plane[y + 1][x]) * ROOT_HALF, (a - plane[y + 1][x]) * ROOT_HALF];
      else if (beside) [out[y][x], out[y][x + 1]] = [(a + plane[y][x + 1]) * ROOT_HALF, (a - plane[y][x + 1]) * ROOT_HALF];
    }
  return out;
}

function forward(a, b, c, d) {
  const T = a + b, U = a - b, B = c + d, V = c - d;
  return [(T + B) * 0.5, (U + V) * 0.5, (T - B) * 0.5, (U - V) * 0.5];
}

function backward(coarse, horizontal, vertical, diagonal) {
  const T = coarse + vertical, B = coarse - vertical, U = horizontal + diagonal, V = horizontal - diagonal;
  return [(T + U) * 0.5, (T - U) * 0.5, (B + V) * 0.5, (B - V) * 0.5];
}

for (const path of process.argv.slice(2)) {
  const { metadata, dims, digest, stored } = read(path);
  const axes = metadata.axes ?? ["L", "LC", "CHW", "NCHW"][dims.length - 1];
  const count = dims.reduce((a, b) => a * b);
  let state = metadata.root.seed ? gauss1(BigInt(metadata.root.seed), 0, count).map(half) : stored;
  for (const round of metadata.rounds) state = play(state, round, dims, axes);
  const kept = stored ? sha256(stored) : digest === "-" ? "-" : sha256(state);
  console.log(sha256(state), metadata.node, kept, digest);
}
