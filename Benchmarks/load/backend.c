// The mail server's place: one process with several services, each on its own port.
//
// banner:PORT        requires a PROXY header, then sends "220 CLIENT ready" and echoes every byte
// hello:LETTER:PORT  reads one TLS record and answers with HELLO_ANSWER bytes of the letter
// bulk:PORT          takes uploads and serves downloads, see bulk.c
//
// A client's end is answered with an end; a wrong header ends the connection, which the client counts as an error.
#define _GNU_SOURCE
#include "header.h"
#include "mode.h"
#include "socket.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum service { LISTENER, BANNER, HELLO, BULK };
enum { CHUNK = 256 * 1024, BATCH = 256 };

struct peer {
    int fd;
    enum service service;
    enum service offers;  ///< of a listener: the service of the connections it accepts
    char tag;
    bool ready;      ///< the header or the hello has been read
    bool uploading;  ///< bulk: bytes come in, else they go out
    uint32_t events;
    unsigned got;
    uint64_t left;  ///< bulk: bytes of the operation still to move
    uint8_t *head;  ///< what has been read of the header, the hello or the request; freed as soon as that is complete
};

enum { HEAD = 4096 };

static int epoll;
static uint8_t chunk[CHUNK];

static void await(struct peer *p, uint32_t events) {
    if (p->events == events) return;
    watch(epoll, p->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, p->fd, events, p);
    p->events = events;
}

static void end(struct peer *p) {
    close(p->fd);
    free(p->head);
    free(p);
}

/// Sends a short answer; its size is far below what an empty socket buffer takes.
static bool answer(struct peer *p, const void *bytes, size_t count) {
    return send(p->fd, bytes, count, MSG_NOSIGNAL) == (ssize_t)count;
}

/// Reads on into the head. Returns 1 when there is something new, 0 when not, -1 at the end.
static int fill(struct peer *p, size_t limit) {
    if (p->head == NULL) p->head = malloc(HEAD);
    ssize_t count = recv(p->fd, p->head + p->got, limit - p->got, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (count <= 0) return -1;
    p->got += (unsigned)count;
    return 1;
}

static void forget_head(struct peer *p) {
    free(p->head);
    p->head = NULL;
    p->got = 0;
}

static bool serve_banner(struct peer *p) {
    if (!p->ready) {
        int filled = fill(p, HEAD);
        if (filled <= 0) return filled == 0;
        struct header header;
        enum header_outcome outcome = read_header(p->head, p->got, &header);
        if (outcome == HEADER_NEEDS_MORE) return true;
        if (outcome == HEADER_BAD) return false;
        char text[96];
        int length = snprintf(text, sizeof text, "220 %s ready\r\n", header.client);
        bool sent = answer(p, text, (size_t)length);
        if (sent && p->got > header.length) sent = answer(p, p->head + header.length, p->got - header.length);
        forget_head(p);
        p->ready = true;
        return sent;
    }
    char buffer[4096];
    ssize_t count = recv(p->fd, buffer, sizeof buffer, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    return count > 0 && answer(p, buffer, (size_t)count);
}

static bool serve_hello(struct peer *p) {
    int filled = fill(p, HEAD);
    if (filled <= 0) return filled == 0;
    if (p->ready || p->got < 5) return !p->ready;
    if (p->head[0] != 0x16) return false;
    size_t length = 5 + ((size_t)p->head[3] << 8 | p->head[4]);
    if (length > HEAD) return false;
    if (p->got < length) return true;
    char text[HELLO_ANSWER];
    memset(text, p->tag, sizeof text);
    forget_head(p);
    p->ready = true;
    return answer(p, text, sizeof text);
}

static bool serve_bulk(struct peer *p) {
    for (;;) {
        ssize_t count;
        if (p->left == 0) {
            await(p, EPOLLIN);
            int filled = fill(p, BULK_REQUEST);
            if (filled <= 0) return filled == 0;
            if (p->got < BULK_REQUEST) return true;
            p->uploading = p->head[0] == BULK_UPLOAD;
            for (unsigned i = 0; i < 8; i++) p->left |= (uint64_t)p->head[1 + i] << (8 * i);
            forget_head(p);
        } else if (p->uploading) {
            count = recv(p->fd, NULL, p->left < (1u << 20) ? p->left : 1u << 20, MSG_TRUNC);
            if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
            if (count <= 0) return false;
            p->left -= (uint64_t)count;
            if (p->left == 0 && !answer(p, "k", 1)) return false;
        } else {
            count = send(p->fd, chunk, p->left < CHUNK ? p->left : CHUNK, MSG_NOSIGNAL);
            if (count < 0 && errno == EAGAIN) return await(p, EPOLLOUT), true;
            if (count < 0) return false;
            p->left -= (uint64_t)count;
        }
    }
}

static void accept_all(struct peer *listener) {
    for (unsigned i = 0; i < BATCH; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && errno == EAGAIN) return;
        if (fd < 0) die("accept: %s", strerror(errno));
        struct peer *p = calloc(1, sizeof *p);
        p->fd = fd;
        p->service = listener->offers;
        p->tag = listener->tag;
        await(p, EPOLLIN);
    }
}

static void open_service(char *word) {
    struct peer *p = calloc(1, sizeof *p);
    p->service = LISTENER;
    const char *port;
    if (!strncmp(word, "banner:", 7)) p->offers = BANNER, port = word + 7;
    else if (!strncmp(word, "bulk:", 5)) p->offers = BULK, port = word + 5;
    else if (!strncmp(word, "hello:", 6) && word[6] && word[7] == ':')
        p->offers = HELLO, p->tag = word[6], port = word + 8;
    else die("\"%s\" is none of banner:PORT, hello:LETTER:PORT, bulk:PORT", word);
    p->fd = listen_on((uint16_t)number(port, word, 1, 65535));
    await(p, EPOLLIN);
}

int run_backend(int count, char **services) {
    if (count == 0) die("backend needs at least one service");
    epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < CHUNK; i++) chunk[i] = (uint8_t)(i * 31 + i / 251);
    for (int i = 0; i < count; i++) open_service(services[i]);
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[BATCH];
        int ready = epoll_wait(epoll, events, BATCH, -1);
        for (int i = 0; i < ready; i++) {
            struct peer *p = events[i].data.ptr;
            switch (p->service) {
            case LISTENER: accept_all(p); break;
            case BANNER: if (!serve_banner(p)) end(p); break;
            case HELLO: if (!serve_hello(p)) end(p); break;
            case BULK: if (!serve_bulk(p)) end(p); break;
            }
        }
    }
}
