// The PROXY protocol header that a backend has to read before it answers: version 1 (text) or 2 (binary), IPv4.
#ifndef LOAD_HEADER_H
#define LOAD_HEADER_H

#include <stddef.h>
#include <stdint.h>

struct header {
    size_t length;    ///< bytes on the wire
    char client[48];  ///< "127.0.0.2:40000"
};

enum header_outcome { HEADER_FOUND, HEADER_BAD, HEADER_NEEDS_MORE };

enum header_outcome read_header(const uint8_t *bytes, size_t count, struct header *header);

#endif
