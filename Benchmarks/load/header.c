#define _GNU_SOURCE
#include "header.h"

#include <stdio.h>
#include <string.h>

static enum header_outcome read_text(const uint8_t *bytes, size_t count, struct header *header) {
    const uint8_t *end = memmem(bytes, count, "\r\n", 2);
    // The longest version 1 line is 107 bytes (PROXY protocol specification, section 2.1).
    if (end == NULL) return count < 107 ? HEADER_NEEDS_MORE : HEADER_BAD;
    char text[128] = {0}, host[40];
    unsigned port;
    memcpy(text, bytes, (size_t)(end - bytes) < sizeof text ? (size_t)(end - bytes) : sizeof text - 1);
    if (sscanf(text, "PROXY TCP4 %39s %*s %u %*u", host, &port) != 2) return HEADER_BAD;
    snprintf(header->client, sizeof header->client, "%s:%u", host, port);
    header->length = (size_t)(end - bytes) + 2;
    return HEADER_FOUND;
}

enum header_outcome read_header(const uint8_t *bytes, size_t count, struct header *header) {
    static const uint8_t signature[12] = "\r\n\r\n\0\r\nQUIT\n";
    if (memcmp(bytes, "PROXY ", count < 6 ? count : 6) == 0) return read_text(bytes, count, header);
    if (memcmp(bytes, signature, count < 12 ? count : 12) != 0) return HEADER_BAD;
    if (count < 16) return HEADER_NEEDS_MORE;
    size_t length = 16 + ((size_t)bytes[14] << 8 | bytes[15]);
    // Version 2, command PROXY, TCP over IPv4 with its twelve address bytes (section 2.2).
    if (bytes[12] != 0x21 || bytes[13] != 0x11 || length < 28) return HEADER_BAD;
    if (count < length) return HEADER_NEEDS_MORE;
    snprintf(header->client, sizeof header->client, "%u.%u.%u.%u:%u", bytes[16], bytes[17], bytes[18], bytes[19],
             (unsigned)bytes[24] << 8 | bytes[25]);
    header->length = length;
    return HEADER_FOUND;
}
