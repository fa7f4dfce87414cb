#include "hello.h"

#include <string.h>

/// Where the next byte goes. Lengths are written as zero first and patched by `close_length` (RFC 8446 section 3.4).
struct writer {
    uint8_t *base;
    size_t at;
    uint32_t seed;
};

static void put8(struct writer *w, unsigned value) { w->base[w->at++] = (uint8_t)value; }

static void put16(struct writer *w, unsigned value) {
    put8(w, value >> 8);
    put8(w, value);
}

static void put_all(struct writer *w, const void *bytes, size_t count) {
    memcpy(w->base + w->at, bytes, count);
    w->at += count;
}

/// Bytes that look random and are the same in every run.
static void put_noise(struct writer *w, size_t count) {
    while (count-- > 0) {
        w->seed = w->seed * 1664525u + 1013904223u;
        put8(w, w->seed >> 24);
    }
}

static size_t open_length(struct writer *w, size_t width) {
    size_t at = w->at;
    for (size_t i = 0; i < width; i++) put8(w, 0);
    return at;
}

static void close_length(struct writer *w, size_t at, size_t width) {
    size_t length = w->at - at - width;
    for (size_t i = 0; i < width; i++) w->base[at + i] = (uint8_t)(length >> (8 * (width - 1 - i)));
}

static void put_extension(struct writer *w, unsigned type, const void *bytes, size_t count) {
    put16(w, type);
    put16(w, (unsigned)count);
    put_all(w, bytes, count);
}

/// RFC 6066 section 3.
static void put_server_name(struct writer *w, const char *name) {
    put16(w, 0x0000);
    size_t extension = open_length(w, 2), list = open_length(w, 2);
    put8(w, 0);
    size_t host = open_length(w, 2);
    put_all(w, name, strlen(name));
    close_length(w, host, 2);
    close_length(w, list, 2);
    close_length(w, extension, 2);
}

/// RFC 8446 section 4.2.8; X25519MLKEM768 is a 1184-byte encapsulation key and a 32-byte X25519 key.
static void put_key_share(struct writer *w) {
    put16(w, 0x0033);
    size_t extension = open_length(w, 2), list = open_length(w, 2);
    put16(w, 0x11ec);
    put16(w, 1184 + 32);
    put_noise(w, 1184 + 32);
    put16(w, 0x001d);
    put16(w, 32);
    put_noise(w, 32);
    close_length(w, list, 2);
    close_length(w, extension, 2);
}

/// A grease ECH extension as browsers send it: outer, HKDF-SHA256/AES-128-GCM, 32-byte key, 208-byte payload.
static void put_grease_ech(struct writer *w) {
    put16(w, 0xfe0d);
    size_t extension = open_length(w, 2);
    put_all(w, "\x00\x00\x01\x00\x01\x5a", 6);
    put16(w, 32);
    put_noise(w, 32);
    put16(w, 208);
    put_noise(w, 208);
    close_length(w, extension, 2);
}

size_t make_hello(uint8_t out[HELLO_CAPACITY], const char *name) {
    struct writer w = {.base = out, .seed = 2463534242u};
    put_all(&w, "\x16\x03\x01", 3);
    size_t record = open_length(&w, 2);
    put8(&w, 1);
    size_t message = open_length(&w, 3);
    put16(&w, 0x0303);
    put_noise(&w, 32);
    put8(&w, 32);
    put_noise(&w, 32);

    static const uint8_t suites[] = {0x13, 0x01, 0x13, 0x02, 0x13, 0x03, 0xc0, 0x2b, 0xc0, 0x2f,
                                     0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9, 0xcc, 0xa8, 0xc0, 0x13,
                                     0xc0, 0x14, 0x00, 0x9c, 0x00, 0x9d, 0x00, 0x2f, 0x00, 0x35};
    put16(&w, sizeof suites);
    put_all(&w, suites, sizeof suites);
    put_all(&w, "\x01\x00", 2);

    size_t extensions = open_length(&w, 2);
    put_extension(&w, 0x0017, "", 0);
    put_extension(&w, 0x000a, "\x00\x08\x11\xec\x00\x1d\x00\x17\x00\x18", 10);
    put_key_share(&w);
    put_extension(&w, 0x0010, "\x00\x0c\x02h2\x08http/1.1", 14);
    put_extension(&w, 0x000d, "\x00\x10\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05\x05\x01\x08\x06\x06\x01", 18);
    put_server_name(&w, name);
    put_extension(&w, 0x002b, "\x04\x03\x04\x03\x03", 5);
    put_extension(&w, 0x002d, "\x01\x01", 2);
    put_extension(&w, 0x0005, "\x01\x00\x00\x00\x00", 5);
    put_extension(&w, 0x000b, "\x01\x00", 2);
    put_extension(&w, 0x0012, "", 0);
    put_extension(&w, 0x001b, "\x02\x00\x02", 3);
    put_extension(&w, 0xff01, "\x00", 1);
    put_extension(&w, 0x0023, "", 0);
    put_grease_ech(&w);
    close_length(&w, extensions, 2);
    close_length(&w, message, 3);
    close_length(&w, record, 2);
    return w.at;
}
