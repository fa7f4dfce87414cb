// The floor: the least that a relay on epoll and splice can do. The distance to this program is what a contender's own
// work costs.
//
// It keeps no timers, writes no log, limits nothing, resolves nothing and trusts its command line. Two threads share
// the listening sockets; both descriptors of a connection are registered once, edge-triggered.
//
//   relay PORT=UPSTREAM          plain relay to 127.0.0.1:UPSTREAM
//   relay PORT=UPSTREAM,proxy    the same, with a PROXY version 2 header
//   relay PORT=sni:NAME:A:B      peek the ClientHello; server name NAME goes to A, everything else to B
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS = 2, BUFFER = 64 * 1024, PIPE_SIZE = 1 << 20, BATCH = 256, LISTENERS = 16, POOL = 32 };

/// Full reads in a row after which a flow moves to splice.
enum { FULL_READS = 2 };

struct listener {
    int fd;
    uint16_t upstream, otherwise;
    bool proxy;
    const char *name;  ///< the server name to peek for, or NULL
};

/// Bytes on their way from one side to the other.
struct flow {
    uint8_t *pending;  ///< what could not be sent; exists only while there is some
    uint32_t pending_at, pending_end;
    int pipe[2];       ///< while spliced
    uint32_t in_pipe;
    uint8_t full_reads;
    bool spliced, readable, ended;
    bool hung_up;      ///< the end was announced: read on after a short read
};

/// One of the two ends of a connection: the pointer that epoll hands back.
struct side {
    int fd;
    struct connection *connection;
};

struct connection {
    struct side client, upstream;
    struct flow inbound, outbound;
    const struct listener *listener;
    bool peeking, connected, dead;
    struct connection *next_dead;
};

struct worker {
    int epoll;
    struct connection *dead;  ///< freed after the batch, since later events of the batch may point there
    int pool[POOL][2];
    unsigned pooled;
    uint8_t buffer[BUFFER];
};

static struct listener listeners[LISTENERS];
static unsigned listener_count;

_Noreturn static void die(const char *what) {
    fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void destroy(struct worker *w, struct connection *c) {
    if (c->dead) return;
    c->dead = true;
    close(c->client.fd);
    if (c->upstream.fd >= 0) close(c->upstream.fd);
    for (struct flow *f = &c->inbound;; f = &c->outbound) {
        free(f->pending);
        if (f->spliced) {
            close(f->pipe[0]);
            close(f->pipe[1]);
        }
        if (f == &c->outbound) break;
    }
    c->next_dead = w->dead;
    w->dead = c;
}

static bool start_splicing(struct worker *w, struct flow *f) {
    if (w->pooled > 0) {
        w->pooled--;
        memcpy(f->pipe, w->pool[w->pooled], sizeof f->pipe);
    } else {
        if (pipe2(f->pipe, O_NONBLOCK | O_CLOEXEC) != 0) return false;
        // Over the user's limit the pipe keeps its default size.
        fcntl(f->pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
    }
    return f->spliced = true;
}

static void stop_splicing(struct worker *w, struct flow *f) {
    if (w->pooled < POOL) {
        memcpy(w->pool[w->pooled++], f->pipe, sizeof f->pipe);
    } else {
        close(f->pipe[0]);
        close(f->pipe[1]);
    }
    f->spliced = false;
    f->full_reads = 0;
}

enum step { AGAIN, BLOCKED, ENDED, FAILED };

/// Empties the pipe, then fills it once.
static enum step splice_step(struct worker *w, struct flow *f, int from, int to) {
    while (f->in_pipe > 0) {
        ssize_t count = splice(f->pipe[0], NULL, to, NULL, f->in_pipe, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
        if (count < 0) return errno == EAGAIN ? BLOCKED : FAILED;
        f->in_pipe -= (uint32_t)count;
    }
    if (!f->readable) return stop_splicing(w, f), BLOCKED;
    ssize_t count = splice(from, NULL, f->pipe[1], NULL, PIPE_SIZE, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    if (count < 0) {
        if (errno != EAGAIN) return FAILED;
        f->readable = false;
        return AGAIN;
    }
    if (count == 0) return stop_splicing(w, f), ENDED;
    f->in_pipe = (uint32_t)count;
    return AGAIN;
}

static enum step copy_step(struct worker *w, struct flow *f, int from, int to) {
    if (f->pending) {
        ssize_t count = send(to, f->pending + f->pending_at, f->pending_end - f->pending_at, MSG_NOSIGNAL);
        if (count < 0) return errno == EAGAIN ? BLOCKED : FAILED;
        f->pending_at += (uint32_t)count;
        if (f->pending_at < f->pending_end) return BLOCKED;
        free(f->pending);
        f->pending = NULL;
    }
    if (!f->readable) return BLOCKED;
    ssize_t got = recv(from, w->buffer, BUFFER, 0);
    if (got < 0) {
        if (errno != EAGAIN) return FAILED;
        f->readable = false;
        return BLOCKED;
    }
    if (got == 0) return ENDED;
    // A short read means drained; the end still has to be read when one was announced.
    if (got < BUFFER && !f->hung_up) f->readable = false;
    f->full_reads = got == BUFFER ? f->full_reads + 1 : 0;
    ssize_t sent = send(to, w->buffer, (size_t)got, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return FAILED;
    if (sent < 0) sent = 0;
    if (sent < got) {
        f->pending_at = 0;
        f->pending_end = (uint32_t)(got - sent);
        f->pending = malloc(f->pending_end);
        memcpy(f->pending, w->buffer + sent, f->pending_end);
        return BLOCKED;
    }
    if (f->full_reads >= FULL_READS) start_splicing(w, f);
    return AGAIN;
}

/// Moves everything that can be moved; passes the end on. Returns false when the connection is over.
static bool run_flow(struct worker *w, struct flow *f, struct flow *opposite, int from, int to) {
    while (!f->ended) {
        if (!f->readable && !f->pending && !f->spliced) return true;
        switch (f->spliced ? splice_step(w, f, from, to) : copy_step(w, f, from, to)) {
        case AGAIN: continue;
        case BLOCKED: return true;
        case FAILED: return false;
        case ENDED:
            f->ended = true;
            if (opposite->ended) return false;
            shutdown(to, SHUT_WR);
        }
    }
    return true;
}

static void add(struct worker *w, struct side *side, uint32_t events) {
    struct epoll_event event = {.events = events | EPOLLET, .data.ptr = side};
    if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, side->fd, &event) != 0) die("epoll_ctl");
}

/// `speaks` says that bytes for the upstream are at hand: they then carry the handshake's last acknowledgement.
static bool dial(struct worker *w, struct connection *c, uint16_t port, bool speaks) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    c->upstream.fd = fd;
    int on = 1, off = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (speaks) setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) return false;
    add(w, &c->upstream, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
    return true;
}

static bool send_header(struct connection *c, const struct sockaddr_in *client) {
    struct sockaddr_in own;
    socklen_t length = sizeof own;
    if (getsockname(c->client.fd, (struct sockaddr *)&own, &length) != 0) return false;
    uint8_t header[28] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c";
    memcpy(header + 16, &client->sin_addr, 4);
    memcpy(header + 20, &own.sin_addr, 4);
    memcpy(header + 24, &client->sin_port, 2);
    memcpy(header + 26, &own.sin_port, 2);
    return send(c->upstream.fd, header, sizeof header, MSG_NOSIGNAL) == sizeof header;
}

/// Where the server name of a ClientHello in one record stands, or NULL. `*length` receives its length.
static const uint8_t *server_name(const uint8_t *p, size_t count, size_t *length) {
    const uint8_t *end = p + count;
    p += 5 + 4 + 2 + 32;
    if (p >= end) return NULL;
    p += 1 + p[0];
    if (p + 2 > end) return NULL;
    p += 2 + (p[0] << 8 | p[1]);
    if (p >= end) return NULL;
    p += 1 + p[0] + 2;
    while (p + 4 <= end) {
        unsigned type = (unsigned)(p[0] << 8 | p[1]), size = (unsigned)(p[2] << 8 | p[3]);
        if (type == 0 && p + 9 <= end) {
            *length = (size_t)(p[7] << 8 | p[8]);
            return p + 9 + *length <= end ? p + 9 : NULL;
        }
        p += 4 + size;
    }
    return NULL;
}

/// Returns false when the connection is over.
static bool peek(struct worker *w, struct connection *c) {
    ssize_t count = recv(c->client.fd, w->buffer, 16384 + 5, MSG_PEEK);
    if (count < 0) return errno == EAGAIN;
    if (count == 0) return false;
    if (count < 5 || count < 5 + (w->buffer[3] << 8 | w->buffer[4])) return w->buffer[0] == 0x16;
    size_t length;
    const uint8_t *name = server_name(w->buffer, (size_t)count, &length);
    const struct listener *l = c->listener;
    bool found = name && strlen(l->name) == length && strncasecmp((const char *)name, l->name, length) == 0;
    c->peeking = false;
    c->inbound.readable = true;
    return dial(w, c, found ? l->upstream : l->otherwise, true);
}

static void accept_one(struct worker *w, const struct listener *l) {
    struct sockaddr_in client;
    socklen_t length = sizeof client;
    int fd = accept4(l->fd, (struct sockaddr *)&client, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    struct connection *c = calloc(1, sizeof *c + (l->proxy ? sizeof client : 0));
    c->client = (struct side){.fd = fd, .connection = c};
    c->upstream = (struct side){.fd = -1, .connection = c};
    c->listener = l;
    c->peeking = l->name != NULL;
    if (l->proxy) memcpy(c + 1, &client, sizeof client);
    if (c->peeking ? !peek(w, c) : !dial(w, c, l->upstream, l->proxy)) return destroy(w, c);
    add(w, &c->client, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
}

static void handle(struct worker *w, struct side *side, uint32_t events) {
    struct connection *c = side->connection;
    if (c->dead) return;
    if (events & EPOLLERR) return destroy(w, c);
    bool from_client = side == &c->client;
    struct flow *from_here = from_client ? &c->inbound : &c->outbound;
    if (events & (EPOLLIN | EPOLLRDHUP)) from_here->readable = true;
    if (events & (EPOLLRDHUP | EPOLLHUP)) from_here->hung_up = true;
    if (c->peeking) {
        if ((events & EPOLLIN) && !peek(w, c)) destroy(w, c);
        return;
    }
    if (!c->connected) {
        if (from_client || !(events & EPOLLOUT)) return;
        c->connected = true;
        if (c->listener->proxy && !send_header(c, (const struct sockaddr_in *)(c + 1))) return destroy(w, c);
    }
    int client = c->client.fd, upstream = c->upstream.fd;
    if (!run_flow(w, &c->inbound, &c->outbound, client, upstream) ||
        !run_flow(w, &c->outbound, &c->inbound, upstream, client))
        destroy(w, c);
}

static void *work(void *argument) {
    struct worker *w = argument;
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < listener_count; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = &listeners[i]};
        if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, listeners[i].fd, &event) != 0) die("epoll_ctl");
    }
    for (;;) {
        struct epoll_event events[BATCH];
        int ready = epoll_wait(w->epoll, events, BATCH, -1);
        for (int i = 0; i < ready; i++) {
            void *data = events[i].data.ptr;
            if ((struct listener *)data >= listeners && (struct listener *)data < listeners + LISTENERS)
                accept_one(w, data);
            else
                handle(w, data, events[i].events);
        }
        for (struct connection *c = w->dead, *next; c; c = next) {
            next = c->next_dead;
            free(c);
        }
        w->dead = NULL;
    }
    return NULL;
}

static void open_listener(char *word) {
    struct listener *l = &listeners[listener_count++];
    char *upstream = strchr(word, '=');
    if (upstream == NULL || listener_count == LISTENERS) die("expected PORT=UPSTREAM");
    *upstream++ = 0;
    if (strncmp(upstream, "sni:", 4) == 0) {
        l->name = strtok(upstream + 4, ":");
        const char *a = strtok(NULL, ":"), *b = strtok(NULL, ":");
        if (b == NULL) die("expected PORT=sni:NAME:A:B");
        l->upstream = (uint16_t)atoi(a);
        l->otherwise = (uint16_t)atoi(b);
    } else {
        l->upstream = (uint16_t)atoi(upstream);
        l->proxy = strstr(upstream, ",proxy") != NULL;
    }
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // The client speaks first: wake up when there is something to peek at.
    if (l->name) setsockopt(l->fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(word))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(l->fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(l->fd, 4096) != 0) die(word);
}

int main(int argc, char **argv) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    for (int i = 1; i < argc; i++) open_listener(argv[i]);
    static struct worker workers[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, work, &workers[i]) != 0) die("pthread_create");
    }
    for (;;) pause();
}
