// Sockets and the clock, as every part of the load tool uses them. Everything stays on 127.0.0.0/8.
#ifndef LOAD_SOCKET_H
#define LOAD_SOCKET_H

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/// Ends the process with a sentence on standard error.
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Monotonic time in nanoseconds.
uint64_t now_ns(void);

/// A non-blocking listening socket on 127.0.0.1.
int listen_on(uint16_t port);

/// A non-blocking socket on its way to 127.0.0.1:port. `turn` chooses one of a few source addresses in 127.0.0.0/8, so
/// that no (source, destination) pair runs out of ephemeral ports.
int dial(uint16_t port, unsigned turn);

/// Adds or changes `fd` in `epoll`; `data` comes back with the event.
void watch(int epoll, int operation, int fd, uint32_t events, void *data);

/// A number from the command line within [low, high], or an error that names the option.
uint64_t number(const char *text, const char *name, uint64_t low, uint64_t high);

#endif
