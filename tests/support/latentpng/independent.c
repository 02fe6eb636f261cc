/* An independent reader in C99, written from latentpng/SPEC.md alone, with nothing but the standard library.
 *
 *     cc -std=c99 -O2 -ffp-contract=off -o independent independent.c -lm && ./independent FILE...
 *
 * It prints one line per file: "<sha256 of the last state> <node> <sha256 of the stored noise> <digest>".  A recipe and a
 * twin store no noise.  The program trusts its input, knows no zstd (codec 2), and frees its memory when it ends. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT_HALF 0.7071067811865476

static void *take(size_t count, size_t size) {
    void *memory = calloc(count + 1, size);
    if (!memory) exit(1);
    return memory;
}

static void fail(const char *path, const char *why) {
    fprintf(stderr, "%s: %s\n", path, why);
    exit(1);
}

/* ---- SHA-256 (FIPS 180-4) ---- */

static uint32_t turned(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void first_primes(uint32_t *roots, int count, double power) { /* 32 bits behind the point of their roots */
    for (int n = 2, found = 0; found < count; n++) {
        int prime = 1;
        for (int d = 2; d * d <= n; d++) prime &= n % d != 0;
        if (!prime) continue;
        long double root = powl(n, power);
        roots[found++] = (uint32_t)((root - floorl(root)) * 4294967296.0L);
    }
}

static void sha256(const uint8_t *data, size_t length, char *hex) {
    uint32_t h[8], k[64], w[64], s[8];
    first_primes(h, 8, 0.5L);
    first_primes(k, 64, 1.0L / 3.0L);
    size_t blocks = (length + 72) / 64;
    uint8_t *padded = take(blocks, 64);
    memcpy(padded, data, length);
    padded[length] = 128;
    for (int i = 0; i < 8; i++) padded[blocks * 64 - 1 - i] = (uint8_t)((uint64_t)length * 8 >> 8 * i);
    for (size_t block = 0; block < blocks; block++) {
        const uint8_t *p = padded + 64 * block;
        for (int i = 0; i < 16; i++, p += 4) w[i] = (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
        for (int i = 16; i < 64; i++) {
            uint32_t a = turned(w[i - 15], 7) ^ turned(w[i - 15], 18) ^ w[i - 15] >> 3;
            uint32_t b = turned(w[i - 2], 17) ^ turned(w[i - 2], 19) ^ w[i - 2] >> 10;
            w[i] = w[i - 16] + a + w[i - 7] + b;
        }
        memcpy(s, h, sizeof s);
        for (int i = 0; i < 64; i++) {
            uint32_t e = turned(s[4], 6) ^ turned(s[4], 11) ^ turned(s[4], 25);
            uint32_t x = s[7] + e + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
            uint32_t a = turned(s[0], 2) ^ turned(s[0], 13) ^ turned(s[0], 22);
            uint32_t y = a + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
            memmove(s + 1, s, 7 * sizeof *s);
            s[4] += x;
            s[0] = x + y;
        }
        for (int i = 0; i < 8; i++) h[i] += s[i];
    }
    for (int i = 0; i < 8; i++) sprintf(hex + 8 * i, "%08x", (unsigned)h[i]);
}

/* ---- float16 ---- */

static double single(double x) {
    volatile float rounded = (float)x; /* volatile: gcc 12 -O2 leaves out the rounding where it handles two at once */
    return rounded;
}

static double half(double x) { /* float32, then a multiple of the last bit's value, ties to even */
    double size = fabs(single(x)), unit = ldexp(1, -24);
    while (size >= unit * 2048) unit *= 2;
    double whole = floor(size / unit), rest = size / unit - whole;
    if (rest > 0.5 || (rest == 0.5 && fmod(whole, 2) == 1)) whole += 1;
    return copysign(whole * unit, x);
}

static double widened(unsigned bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double size = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return bits >> 15 ? -size : size;
}

static unsigned bits_of(double value) {
    unsigned sign = signbit(value) ? 32768 : 0;
    double size = fabs(value);
    int exponent;
    if (size < ldexp(1, -14)) return sign | (unsigned)ldexp(size, 24);
    double m = frexp(size, &exponent);
    return sign | (unsigned)(exponent + 14) << 10 | ((unsigned)(m * 2048) & 1023);
}

static void digest(const double *state, size_t count, char *hex) {
    uint8_t *raw = take(count, 2);
    for (size_t i = 0; i < count; i++) {
        unsigned bits = bits_of(state[i]);
        raw[2 * i] = (uint8_t)bits;
        raw[2 * i + 1] = (uint8_t)(bits >> 8);
    }
    sha256(raw, 2 * count, hex);
}

/* ---- gauss1 ---- */

static void philox(uint64_t seed, uint64_t stream, uint64_t block, uint32_t c[4]) {
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    c[0] = (uint32_t)block, c[1] = (uint32_t)(block >> 32), c[2] = (uint32_t)stream, c[3] = (uint32_t)(stream >> 32);
    for (int turn = 0; turn < 10; turn++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        uint64_t p = 0xD2511F53ull * c[0], q = 0xCD9E8D57ull * c[2];
        c[0] = (uint32_t)(q >> 32) ^ c[1] ^ k0, c[1] = (uint32_t)q;
        c[2] = (uint32_t)(p >> 32) ^ c[3] ^ k1, c[3] = (uint32_t)p;
    }
}

static double horner(double first, int step, int count, int sign, double g) {
    /* coefficients: 1 / (2k + 1) where step is 0; else sign^k / (2k + first)! */
    double value = 0;
    for (int k = count - 1; k >= 0; k--) {
        double c = 1;
        for (int i = 2; step && i <= 2 * k + (int)first; i++) c *= i;
        c = (k % 2 ? sign : 1) / (step ? c : 2.0 * k + 1);
        value = k == count - 1 ? c : value * g + c;
    }
    return value;
}

static void box_muller(uint32_t u, uint32_t v, double *out) {
    int e;
    double m = frexp(2.0 * u + 1.0, &e);
    if (m < ROOT_HALF) m = m + m, e -= 1;
    double t = (m - 1.0) / (m + 1.0);
    double r = sqrt(-2.0 * (2.0 * t * horner(1, 0, 10, 1, t * t) + (e - 33) * 0.6931471805599453));
    double p = (((v & 0x3FFFFFFF) + 0.5) * ldexp(1, -30) - 0.5) * 1.5707963267948966;
    double s = horner(1, 1, 9, -1, p * p) * p, c = horner(0, 1, 9, -1, p * p);
    double x = v >> 30 & 1 ? -s : c, y = v >> 30 & 1 ? c : s;
    if (v >> 31) x = -x, y = -y;
    out[0] = single(r * x);
    out[1] = single(r * y);
}

static double *gauss1(uint64_t seed, uint64_t stream, size_t count) {
    double *values = take(count + 3, sizeof *values);
    for (size_t block = 0; 4 * block < count; block++) {
        uint32_t w[4];
        philox(seed, stream, block, w);
        box_muller(w[0], w[1], values + 4 * block);
        box_muller(w[2], w[3], values + 4 * block + 2);
    }
    return values;
}

/* ---- JSON, as far as it is needed: a value is where it starts ---- */

static const char *blank(const char *p) { return p + strspn(p, " \t\r\n"); }

static const char *skip(const char *p) {
    int depth = 0;
    do {
        p = blank(p);
        if (*p == '"') {
            for (p++; *p != '"'; p++) p += *p == '\\';
            p++;
        } else if (strchr("[{", *p)) depth++, p++;
        else if (strchr("]}", *p)) depth--, p++;
        else if (strchr(",:", *p)) p++;
        else p += strcspn(p, ",:]} \t\r\n");
    } while (depth);
    return p;
}

static const char *item(const char *list, int number) { /* NULL behind the last */
    const char *p = blank(list + 1);
    for (; *p != ']' && *p != '}'; p = blank(p + (*p == ',' || *p == ':')))
        if (number-- == 0) return p;
        else p = blank(skip(p));
    return NULL;
}

static const char *find(const char *object, const char *key) { /* NULL when it is not there */
    const char *name;
    for (int i = 0; (name = item(object, i)); i += 2)
        if (!strncmp(name + 1, key, strlen(key)) && name[1 + strlen(key)] == '"') return item(object, i + 1);
    return NULL;
}

/* ---- the algebra ---- */

typedef struct {
    int ndim, dims[4], h, w; /* h, w: which axes are spatial */
    size_t count;
} Shape;

static size_t stride(const Shape *s, int axis) {
    size_t product = 1;
    for (int i = axis + 1; i < s->ndim; i++) product *= (size_t)s->dims[i];
    return product;
}

static int along(const Shape *s, size_t i, int axis) { return (int)(i / stride(s, axis) % (size_t)s->dims[axis]); }

static double *blend(const char *round, const Shape *shape) {
    int k = atoi(find(round, "of")), many = 0;
    const char *marks = find(round, "marks");
    uint64_t seed = strtoull(find(round, "seed") + 1, NULL, 10);
    double *draws[64], *e = take(shape->count, sizeof *e), f = sqrt((double)k / (k - 1));
    for (int i = 0; i < k; i++) draws[i] = gauss1(seed, (uint64_t)i, shape->count);
    if (k == 1) return draws[0];
    while (item(marks, many)) many++;
    double divisor = sqrt(many * (1 - (many - 1.0) / (k - 1)));
    for (size_t i = 0; i < shape->count; i++) {
        double mean = draws[0][i];
        for (int j = 1; j < k; j++) mean += draws[j][i];
        mean /= k;
        for (int j = 0; j < many; j++) {
            double one = (draws[atoi(item(marks, j))][i] - mean) * f;
            e[i] = j ? e[i] + one : one;
        }
        if (many > 1) e[i] /= divisor;
    }
    return e;
}

static void move(double *z, const double *e, size_t count, double s) {
    for (size_t i = 0; i < count; i++) z[i] = sqrt(1 - s * s) * z[i] + s * e[i];
}

static void level(double *plane, int h, int w, int back) { /* in place: coarse, horizontal / vertical, diagonal */
    for (int y = 0; y < h; y += 2)
        for (int x = 0; x < w; x += 2) {
            double *a = plane + y * w + x, *b = a + 1, *c = a + w, *d = c + 1;
            if (y + 1 < h && x + 1 < w) {
                double T = back ? *a + *c : *a + *b, U = back ? *b + *d : *a - *b;
                double B = back ? *a - *c : *c + *d, V = back ? *b - *d : *c - *d;
                *a = back ? (T + U) * 0.5 : (T + B) * 0.5, *b = back ? (T - U) * 0.5 : (U + V) * 0.5;
                *c = back ? (B + V) * 0.5 : (T - B) * 0.5, *d = back ? (B - V) * 0.5 : (U - V) * 0.5;
            } else if (y + 1 < h || x + 1 < w) {
                double *other = y + 1 < h ? c : b, u = *a, l = *other;
                *a = (u + l) * ROOT_HALF, *other = (u - l) * ROOT_HALF;
            }
        }
}

static void move_plane(double *z, double *e, int h, int w, const double *scales, int octaves) {
    if (h <= 4 || w <= 4) {
        move(z, e, (size_t)h * w, scales[0]);
        return;
    }
    int rows = (h + 1) / 2, columns = (w + 1) / 2;
    double *coarse_z = take((size_t)rows * columns, sizeof *z), *coarse_e = take((size_t)rows * columns, sizeof *z);
    level(z, h, w, 0);
    level(e, h, w, 0);
    for (int i = 0; i < rows * columns; i++) {
        int at = i / columns * 2 * w + i % columns * 2;
        coarse_z[i] = z[at], coarse_e[i] = e[at];
    }
    move_plane(coarse_z, coarse_e, rows, columns, scales, octaves - 1);
    move(z, e, (size_t)h * w, scales[octaves - 1]);
    for (int i = 0; i < rows * columns; i++) z[i / columns * 2 * w + i % columns * 2] = coarse_z[i];
    level(z, h, w, 1);
}

static void move_planes(double *z, const double *e, const Shape *s, const double *scales, int octaves) {
    int h = s->dims[s->h], w = s->dims[s->w];
    double *plane = take((size_t)h * w, sizeof *plane), *noise = take((size_t)h * w, sizeof *noise);
    for (size_t start = 0; start < s->count; start++) {
        if (along(s, start, s->h) || along(s, start, s->w)) continue;
        size_t down = stride(s, s->h), right = stride(s, s->w);
        for (int i = 0; i < h * w; i++) {
            size_t at = start + (size_t)(i / w) * down + (size_t)(i % w) * right;
            plane[i] = z[at], noise[i] = e[at];
        }
        move_plane(plane, noise, h, w, scales, octaves);
        for (int i = 0; i < h * w; i++) z[start + (size_t)(i / w) * down + (size_t)(i % w) * right] = plane[i];
    }
}

static void play(double *state, const char *round, const Shape *shape) {
    double s = strtod(find(round, "scale"), NULL), scales[32], most = s;
    const char *bands = find(round, "bands"), *region = find(round, "region"), *band;
    int octaves = 0, rows = 1, columns = 0;
    for (most = bands ? 0 : s; bands && (band = item(bands, octaves)); octaves++)
        if ((scales[octaves] = s * strtod(band, NULL)) > most) most = scales[octaves];
    if (most == 0) return;
    double *e = blend(round, shape), *next = take(shape->count, sizeof *next);
    memcpy(next, state, shape->count * sizeof *next);
    if (bands) move_planes(next, e, shape, scales, octaves);
    else move(next, e, shape->count, s);
    if (region) {
        columns = (int)strcspn(++region, "/\"");
        for (const char *p = region; *p != '"'; p++) rows += *p == '/';
    }
    for (size_t i = 0; i < shape->count; i++) {
        if (region) {
            int y = along(shape, i, shape->h) * rows / shape->dims[shape->h];
            int x = along(shape, i, shape->w) * columns / shape->dims[shape->w];
            if (region[y * (columns + 1) + x] == '0') continue;
        }
        state[i] = half(next[i]);
    }
}

/* ---- files ---- */

static uint32_t big(const uint8_t *p) { return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]; }
static uint32_t little(const uint8_t *p) { return (uint32_t)p[3] << 24 | p[2] << 16 | p[1] << 8 | p[0]; }

static const uint8_t *chunk(const uint8_t *png, const char *kind, const char *start) {
    for (const uint8_t *p = png + 8;; p += big(p) + 12) {
        if (!memcmp(p + 4, kind, 4) && !memcmp(p + 8, start, strlen(start))) return p + 8;
        if (!memcmp(p + 4, "IEND", 4)) return NULL;
    }
}

static void tell(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) fail(path, "it cannot be opened");
    uint8_t *png = take(1, 1 << 24);
    if (!fread(png, 1, 1 << 24, file) || fclose(file)) fail(path, "it cannot be read");
    const uint8_t *latent = chunk(png, "laTn", "LPNG\1"), *twin = chunk(png, "tEXt", "latentpng");
    if (!latent && !twin) fail(path, "it carries no latent");
    const char *json = latent ? (const char *)latent + 72 : (const char *)twin + 10, *axes = find(json, "axes");
    char last[65], stored[65] = "", claimed[65] = "";
    Shape shape = {.h = -1, .w = -1, .count = 1};
    const char *dims = latent ? NULL : find(json, "dims");
    if (latent && latent[16] > 1) fail(path, "codec 2 needs zstd");
    while (latent ? shape.ndim < latent[18] : item(dims, shape.ndim) != NULL) {
        int side = latent ? (int)little(latent + 20 + 4 * shape.ndim) : atoi(item(dims, shape.ndim));
        shape.dims[shape.ndim++] = side, shape.count *= (size_t)side;
    }
    axes = axes ? axes + 1 : shape.ndim == 4 ? "NCHW" : shape.ndim == 3 ? "CHW" : "LC";
    for (int i = 0; i < shape.ndim; i++) {
        if (axes[i] == 'H') shape.h = i;
        if (axes[i] == 'W') shape.w = i;
    }
    double *state = take(shape.count, sizeof *state);
    if (latent && latent[16] == 1) {
        const uint8_t *raw = latent + 72 + little(latent + 8);
        for (size_t i = 0; i < shape.count; i++) state[i] = widened(raw[2 * i] | (unsigned)raw[2 * i + 1] << 8);
        digest(state, shape.count, stored);
    }
    const char *seed = find(find(json, "root"), "seed"), *round;
    if (seed) state = gauss1(strtoull(seed + 1, NULL, 10), 0, shape.count);
    for (size_t i = 0; seed && i < shape.count; i++) state[i] = half(state[i]);
    for (int i = 0; (round = item(find(json, "rounds"), i)); i++) play(state, round, &shape);
    digest(state, shape.count, last);
    if (latent) for (int i = 0; i < 32; i++) sprintf(claimed + 2 * i, "%02x", latent[36 + i]);
    else memcpy(claimed, find(json, "digest") + 1, 64);
    printf("%s %.64s %s %s\n", last, find(json, "node") + 1, *stored ? stored : last, claimed);
}

int main(int count, char **paths) {
    for (int i = 1; i < count; i++) tell(paths[i]);
    return 0;
}
