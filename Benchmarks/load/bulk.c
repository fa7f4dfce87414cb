// Bulk transfer: every stream moves `bytes` up and `bytes` down, one after the other as mail does; even streams start
// with the upload, odd ones with the download, so that several streams fill both directions at once.
//
// Received bytes are discarded in the kernel (MSG_TRUNC), which keeps this tool from being the slowest part of the
// path.
#define _GNU_SOURCE
#include "mode.h"
#include "socket.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, STUCK_MS = 20000 };

struct stream {
    int fd;
    enum bulk_operation operation;
    unsigned operations_left;
    unsigned request_sent;
    uint64_t left;     ///< bytes of the operation still to send or to receive
    bool acknowledge;  ///< the upload is out, its one-byte acknowledgement is not in
    uint8_t request[BULK_REQUEST];
};

static void begin(struct stream *s, enum bulk_operation operation, uint64_t bytes) {
    s->operation = operation;
    s->left = bytes;
    s->request_sent = 0;
    s->acknowledge = false;
    s->request[0] = (uint8_t)operation;
    for (unsigned i = 0; i < 8; i++) s->request[1 + i] = (uint8_t)(bytes >> (8 * i));
}

/// Moves what can be moved and returns the events to wait for, or 0 when the stream is done.
static uint32_t advance(struct stream *s, const struct options *options, const uint8_t *chunk) {
    while (s->operations_left > 0) {
        ssize_t count;
        if (s->request_sent < BULK_REQUEST) {
            count = send(s->fd, s->request + s->request_sent, BULK_REQUEST - s->request_sent, MSG_NOSIGNAL);
            if (count < 0) goto blocked_out;
            s->request_sent += (unsigned)count;
        } else if (s->operation == BULK_UPLOAD && s->left > 0) {
            count = send(s->fd, chunk, s->left < CHUNK ? s->left : CHUNK, MSG_NOSIGNAL);
            if (count < 0) goto blocked_out;
            s->left -= (uint64_t)count;
            s->acknowledge = s->left == 0;
        } else {
            uint64_t want = s->acknowledge ? 1 : s->left;
            count = recv(s->fd, NULL, want < (1u << 20) ? want : 1u << 20, MSG_TRUNC);
            if (count == 0) die("a bulk stream ended with %llu bytes to go", (unsigned long long)want);
            if (count < 0) {
                if (errno != EAGAIN && errno != EINTR) die("a bulk stream failed: %s", strerror(errno));
                return EPOLLIN;
            }
            if (!s->acknowledge) s->left -= (uint64_t)count;
            s->acknowledge = false;
            if (s->left > 0) continue;
            s->operations_left--;
            begin(s, s->operation == BULK_UPLOAD ? BULK_DOWNLOAD : BULK_UPLOAD, options->bytes);
        }
        continue;
    blocked_out:
        if (errno != EAGAIN && errno != EINTR) die("a bulk stream failed: %s", strerror(errno));
        return EPOLLOUT;
    }
    return 0;
}

int run_bulk(const struct options *options) {
    if (options->streams == 0 || options->bytes == 0) die("bulk needs --streams and --bytes");
    uint8_t *chunk = malloc(CHUNK);
    for (unsigned i = 0; i < CHUNK; i++) chunk[i] = (uint8_t)(i * 31 + i / 251);
    struct stream *all = calloc(options->streams, sizeof *all);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    uint64_t began = now_ns();
    for (unsigned i = 0; i < options->streams; i++) {
        all[i].fd = dial(options->port, i);
        all[i].operations_left = 2;
        begin(&all[i], i % 2 == 0 ? BULK_UPLOAD : BULK_DOWNLOAD, options->bytes);
        watch(epoll, EPOLL_CTL_ADD, all[i].fd, EPOLLOUT, &all[i]);
    }
    for (unsigned open = options->streams; open > 0;) {
        struct epoll_event events[64];
        int ready = epoll_wait(epoll, events, 64, STUCK_MS);
        if (ready == 0) die("stuck with %u bulk streams open", open);
        for (int i = 0; i < ready; i++) {
            struct stream *s = events[i].data.ptr;
            uint32_t next = advance(s, options, chunk);
            if (next != 0) {
                watch(epoll, EPOLL_CTL_MOD, s->fd, next, s);
            } else {
                close(s->fd);
                open--;
            }
        }
    }
    double seconds = (double)(now_ns() - began) / 1e9;
    unsigned long long moved = (unsigned long long)options->bytes * 2 * options->streams;
    printf("{\"bytes\": %llu, \"seconds\": %.6f}\n", moved, seconds);
    return 0;
}
