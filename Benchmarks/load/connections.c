// Short connections, either a fixed number as fast as `concurrency` at once allow, or at a fixed rate.
//
// Server first: connect, read the banner line, send a line, read its echo, half-close, wait for the end.
// Client first: connect, send a ClientHello, read the answer, half-close, wait for the end.
// At a fixed rate the line and its echo are left out: what counts is the time from connect to the first byte.
#define _GNU_SOURCE
#include "hello.h"
#include "mode.h"
#include "socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

/// No event for this long means that something is stuck.
enum { STUCK_MS = 10000 };

enum phase { SENDING_HELLO, AWAITING_BANNER, AWAITING_ECHO, AWAITING_ANSWER, AWAITING_END };

struct connection {
    int fd;
    enum phase phase;
    unsigned got;
    uint64_t started;
};

static const char line[] = "EHLO client.example.org\r\n";

struct run {
    const struct options *options;
    int epoll;
    bool exchange;
    uint8_t hello[HELLO_CAPACITY];
    size_t hello_length;
    unsigned started, ended, errors;
    uint64_t *latencies;
    unsigned samples;
};

static void start(struct run *run, struct connection *c) {
    c->started = now_ns();
    c->fd = dial(run->options->port, run->started++);
    c->got = 0;
    uint32_t events = EPOLLIN;
    c->phase = AWAITING_BANNER;
    if (run->hello_length > 0) {
        // On loopback the connection is usually up by now.
        bool sent = send(c->fd, run->hello, run->hello_length, MSG_NOSIGNAL) == (ssize_t)run->hello_length;
        c->phase = sent ? AWAITING_ANSWER : SENDING_HELLO;
        if (!sent) events = EPOLLOUT;
    }
    watch(run->epoll, EPOLL_CTL_ADD, c->fd, events, c);
}

static void end(struct run *run, struct connection *c, bool good) {
    close(c->fd);
    c->fd = -1;
    run->ended++;
    if (!good) run->errors++;
}

static bool banner_names_us(int fd, const char *banner) {
    struct sockaddr_in own;
    socklen_t length = sizeof own;
    char expected[64], host[INET_ADDRSTRLEN];
    getsockname(fd, (struct sockaddr *)&own, &length);
    inet_ntop(AF_INET, &own.sin_addr, host, sizeof host);
    snprintf(expected, sizeof expected, "220 %s:%u ", host, ntohs(own.sin_port));
    return strncmp(banner, expected, strlen(expected)) == 0;
}

/// Half-closes; the answer has been read, so only the end may follow.
static void finish(struct connection *c) {
    shutdown(c->fd, SHUT_WR);
    c->phase = AWAITING_END;
}

static void advance(struct run *run, struct connection *c) {
    if (c->phase == SENDING_HELLO) {
        if (send(c->fd, run->hello, run->hello_length, MSG_NOSIGNAL) != (ssize_t)run->hello_length)
            return end(run, c, false);
        c->phase = AWAITING_ANSWER;
        return watch(run->epoll, EPOLL_CTL_MOD, c->fd, EPOLLIN, c);
    }
    char buffer[1024];
    ssize_t count = recv(c->fd, buffer, sizeof buffer - 1, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return end(run, c, count == 0 && c->phase == AWAITING_END);
    buffer[count] = 0;
    if (c->got == 0 && (c->phase == AWAITING_BANNER || c->phase == AWAITING_ANSWER))
        run->latencies[run->samples++] = now_ns() - c->started;
    c->got += (unsigned)count;

    switch (c->phase) {
    case AWAITING_BANNER:
        if (buffer[count - 1] != '\n') return;
        if (run->options->verify && !banner_names_us(c->fd, buffer)) {
            fprintf(stderr, "load: the banner names another client: %s", buffer);
            return end(run, c, false);
        }
        if (!run->exchange) return finish(c);
        c->got = 0;
        c->phase = AWAITING_ECHO;
        if (send(c->fd, line, sizeof line - 1, MSG_NOSIGNAL) != sizeof line - 1) end(run, c, false);
        return;
    case AWAITING_ECHO:
        if (c->got == sizeof line - 1) finish(c);
        return;
    case AWAITING_ANSWER:
        if (c->got == (unsigned)count && buffer[0] != run->options->tag) return end(run, c, false);
        if (c->got == HELLO_ANSWER) finish(c);
        return;
    default:
        return end(run, c, false);
    }
}

static int ascending(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static double percentile_us(struct run *run, double share) {
    if (run->samples == 0) return 0;
    return (double)run->latencies[(unsigned)(share * (run->samples - 1))] / 1000;
}

static int report(struct run *run, uint64_t began) {
    double seconds = (double)(now_ns() - began) / 1e9;
    qsort(run->latencies, run->samples, sizeof *run->latencies, ascending);
    printf("{\"connections\": %u, \"errors\": %u, \"seconds\": %.6f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n", run->ended,
           run->errors, seconds, percentile_us(run, 0.50), percentile_us(run, 0.99));
    return 0;
}

static struct run prepare(const struct options *options, unsigned total, bool exchange) {
    struct run run = {.options = options, .exchange = exchange, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    run.latencies = calloc(total, sizeof *run.latencies);
    if (options->hello) run.hello_length = make_hello(run.hello, options->hello);
    return run;
}

int run_connections(const struct options *options) {
    if (options->count == 0 || options->concurrency == 0) die("connections needs --count and --concurrency");
    struct run run = prepare(options, options->count, true);
    struct connection *all = calloc(options->concurrency, sizeof *all);
    uint64_t began = now_ns();
    for (unsigned i = 0; i < options->concurrency && run.started < options->count; i++) start(&run, &all[i]);
    while (run.ended < options->count) {
        struct epoll_event events[256];
        int ready = epoll_wait(run.epoll, events, 256, STUCK_MS);
        if (ready == 0) die("stuck after %u of %u connections", run.ended, options->count);
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            advance(&run, c);
            if (c->fd < 0 && run.started < options->count) start(&run, c);
        }
    }
    return report(&run, began);
}

int run_rate(const struct options *options) {
    if (options->rate == 0 || options->seconds == 0) die("rate needs --rate and --seconds");
    unsigned total = options->rate * options->seconds;
    struct run run = prepare(options, total, false);
    // One slot for each connection: never used again, so a stale event cannot be taken for a new connection's.
    struct connection *all = calloc(total, sizeof *all);
    uint64_t interval = 1000000000u / options->rate;
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct timespec period = {.tv_sec = (time_t)(interval / 1000000000u), .tv_nsec = (long)(interval % 1000000000u)};
    struct itimerspec schedule = {.it_interval = period, .it_value = period};
    timerfd_settime(timer, 0, &schedule, NULL);
    watch(run.epoll, EPOLL_CTL_ADD, timer, EPOLLIN, NULL);
    uint64_t began = now_ns(), quiet = 0;
    while (run.ended < total) {
        struct epoll_event events[256];
        int ready = epoll_wait(run.epoll, events, 256, STUCK_MS);
        unsigned before = run.ended;
        for (int i = 0; i < ready; i++) {
            uint64_t due = 0;
            if (events[i].data.ptr) advance(&run, events[i].data.ptr);
            else if (read(timer, &due, sizeof due) == sizeof due)
                // The schedule is open: a slow answer delays no later connection.
                for (; due > 0 && run.started < total; due--) start(&run, &all[run.started]);
        }
        // After the last start only the timer still fires; give up when no connection ends for STUCK_MS.
        quiet = run.ended != before || run.started < total ? now_ns() : quiet;
        if (now_ns() - quiet > STUCK_MS * 1000000ull) die("stuck after %u of %u connections", run.ended, total);
    }
    return report(&run, began);
}
