// Idle connections: for each number N on standard input, opens or closes connections until N are held, and prints N.
// A connection counts as held when it has read the banner, sent a line of HELD_LINE bytes and read its echo.
#define _GNU_SOURCE
#include "mode.h"
#include "socket.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AT_ONCE = 64, CAPACITY = 60000, STUCK_MS = 10000 };

enum phase { AWAITING_BANNER, AWAITING_ECHO, HELD };

struct connection {
    int fd;
    enum phase phase;
    unsigned got;
};

static struct connection all[CAPACITY];
static char line[HELD_LINE];

/// Returns true when the connection has become held.
static bool advance(struct connection *c) {
    char buffer[1024];
    ssize_t count = recv(c->fd, buffer, sizeof buffer, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (count <= 0 || c->phase == HELD) die("a held connection was closed or received bytes");
    c->got += (unsigned)count;
    if (c->phase == AWAITING_BANNER && buffer[count - 1] == '\n') {
        c->phase = AWAITING_ECHO;
        c->got = 0;
        if (send(c->fd, line, HELD_LINE, MSG_NOSIGNAL) != HELD_LINE) die("cannot send: %s", strerror(errno));
    } else if (c->phase == AWAITING_ECHO && c->got == HELD_LINE) {
        c->phase = HELD;
        return true;
    }
    return false;
}

int run_hold(const struct options *options) {
    memset(line, 'a', HELD_LINE - 2);
    memcpy(line + HELD_LINE - 2, "\r\n", 2);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    unsigned opened = 0, held = 0;
    char word[32];
    while (fgets(word, sizeof word, stdin)) {
        word[strcspn(word, "\n")] = 0;
        unsigned wanted = (unsigned)number(word, "held connections", 0, CAPACITY);
        while (opened > wanted) {
            close(all[--opened].fd);
            held--;
        }
        while (held < wanted) {
            for (; opened < wanted && opened - held < AT_ONCE; opened++) {
                all[opened] = (struct connection){.fd = dial(options->port, opened)};
                watch(epoll, EPOLL_CTL_ADD, all[opened].fd, EPOLLIN, &all[opened]);
            }
            struct epoll_event events[64];
            int ready = epoll_wait(epoll, events, 64, STUCK_MS);
            if (ready == 0) die("stuck with %u of %u connections held", held, wanted);
            for (int i = 0; i < ready; i++) held += advance(events[i].data.ptr);
        }
        printf("%u\n", held);
        fflush(stdout);
    }
    return 0;
}
