// A TLS 1.3 ClientHello like a current browser's: about 1.8 KB, with a hybrid X25519MLKEM768 key share.
#ifndef LOAD_HELLO_H
#define LOAD_HELLO_H

#include <stddef.h>
#include <stdint.h>

enum { HELLO_CAPACITY = 2304 };

/// Writes one TLS record that holds the hello for `name` into `out` and returns its length in bytes.
size_t make_hello(uint8_t out[HELLO_CAPACITY], const char *name);

#endif
