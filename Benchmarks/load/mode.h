// The modes of the load tool: `load MODE --option value …`. Every mode prints its result as one line of JSON.
#ifndef LOAD_MODE_H
#define LOAD_MODE_H

#include <stdbool.h>
#include <stdint.h>

/// Options of all modes; zero or NULL where not given.
struct options {
    uint16_t port;
    uint32_t count;        ///< connections in all (`connections`)
    uint32_t concurrency;  ///< connections open at once (`connections`)
    uint32_t rate;         ///< new connections per second (`rate`)
    uint32_t seconds;      ///< how long (`rate`)
    uint32_t streams;      ///< connections at once (`bulk`)
    uint64_t bytes;        ///< bytes each way and stream (`bulk`)
    const char *hello;     ///< send a ClientHello for this name first (`connections`)
    char tag;              ///< the answer must start with this letter (`connections` with `hello`)
    bool verify;           ///< the banner must name this client's own address (`connections`)
};

/// Size in bytes of the line that an idle connection has passed each way.
enum { HELD_LINE = 300 };

/// Size in bytes of the answer to a ClientHello.
enum { HELLO_ANSWER = 128 };

/// What a bulk stream asks for, as the first nine bytes: the letter and a byte count, little-endian.
enum bulk_operation { BULK_UPLOAD = 'u', BULK_DOWNLOAD = 'd' };
enum { BULK_REQUEST = 9 };

int run_connections(const struct options *options);
int run_rate(const struct options *options);
int run_bulk(const struct options *options);
int run_hold(const struct options *options);

/// `services` are words such as `banner:2500`, `hello:A:4430` or `bulk:9000`.
int run_backend(int count, char **services);

#endif
