// What the engine needs of Linux and Swift's Glibc module does not show, each with its reason. Header-only.
#pragma once

#include <stdint.h>
#include <sys/epoll.h>    // not part of the Glibc module map
#include <sys/eventfd.h>  // not part of the Glibc module map

// GNU extensions, hidden behind _GNU_SOURCE, which a module cannot set for the headers of another. Declared anew under names of
// our own, so that they cannot clash with a C library that shows them; addresses are void, since including the socket headers
// here would make their types members of this module too.
int tw_accept4(int descriptor, void *address, uint32_t *length, int flags) __asm__("accept4");
int tw_pipe2(int descriptors[2], int flags) __asm__("pipe2");
long tw_splice(int from, void *from_offset, int to, void *to_offset, unsigned long length, unsigned int flags) __asm__("splice");
int tw_memfd_create(const char *name, unsigned int flags) __asm__("memfd_create");
int tw_set_thread_name(unsigned long thread, const char *name) __asm__("pthread_setname_np");
// <sys/signalfd.h> is not part of the Glibc module map. The mask is a sigset_t.
int tw_signalfd(int descriptor, const void *mask, int flags) __asm__("signalfd");
// <sys/inotify.h> is not part of the Glibc module map.
int tw_inotify_init1(int flags) __asm__("inotify_init1");
int tw_inotify_add_watch(int descriptor, const char *path, uint32_t mask) __asm__("inotify_add_watch");
int tw_inotify_rm_watch(int descriptor, int watch) __asm__("inotify_rm_watch");
// The variant that takes part in POSIX's naming but returns a text, as the C library exports it.
char *tw_error_text(int number, char *buffer, unsigned long size) __asm__("strerror_r");
// <sys/timex.h> is not part of the Glibc module map. The argument is a struct timex, 208 bytes, of which nothing is read here.
int tw_adjtimex(void *timex) __asm__("adjtimex");

// <malloc.h> is not part of the Glibc module map.
int tw_malloc_trim(unsigned long pad) __asm__("malloc_trim");

// <sys/mman.h> with _GNU_SOURCE.
static const unsigned int tw_mfd_cloexec = 1;

// <fcntl.h> with _GNU_SOURCE.
static const unsigned int tw_splice_move = 1;
static const unsigned int tw_splice_nonblock = 2;
static const int tw_f_setpipe_sz = 1031;
static const int tw_f_getpipe_sz = 1032;

// <sys/inotify.h> (the numbers are Linux's ABI).
static const uint32_t tw_in_close_write = 0x8;
static const uint32_t tw_in_moved_from = 0x40;
static const uint32_t tw_in_moved_to = 0x80;
static const uint32_t tw_in_create = 0x100;
static const uint32_t tw_in_delete = 0x200;
static const uint32_t tw_in_delete_self = 0x400;
static const uint32_t tw_in_move_self = 0x800;
static const uint32_t tw_in_q_overflow = 0x4000;
static const uint32_t tw_in_ignored = 0x8000;
static const uint32_t tw_in_onlydir = 0x1000000;

// <netinet/tcp.h> (the numbers are Linux's ABI).
static const int tw_tcp_nodelay = 1;
static const int tw_tcp_keepidle = 4;
static const int tw_tcp_keepintvl = 5;
static const int tw_tcp_keepcnt = 6;
static const int tw_tcp_defer_accept = 9;
static const int tw_ip_freebind = 15;
static const int tw_ipv6_freebind = 78;
static const int tw_tcp_quickack = 12;
static const int tw_tcp_user_timeout = 18;
// <asm-generic/socket.h>; `struct ucred` is hidden behind _GNU_SOURCE.
static const int tw_so_peercred = 17;
static const int tw_so_peergroups = 59;

// <sys/socket.h>: macros and enumerators of which Swift's module shows some on some hosts (the numbers are Linux's ABI).
static const int tw_scm_rights = 1;
static const int tw_msg_cmsg_cloexec = 0x40000000;

// Enumerators that Swift imports as signed numbers, or not at all.
static const uint32_t tw_epollin = EPOLLIN;
static const uint32_t tw_epollout = EPOLLOUT;
static const uint32_t tw_epollpri = EPOLLPRI;
static const uint32_t tw_epollerr = EPOLLERR;
static const uint32_t tw_epollhup = EPOLLHUP;
static const uint32_t tw_epollrdhup = EPOLLRDHUP;
static const uint32_t tw_epollet = EPOLLET;
static const uint32_t tw_epollexclusive = EPOLLEXCLUSIVE;

// `stdout` is a mutable global, which Swift 6 does not let a program touch. Without <stdio.h>: types that it brings along would then be
// this module's for Swift, and no longer Glibc's.
extern void *tw_stdout __asm__("stdout");
int tw_fflush(void *stream) __asm__("fflush");
int tw_ferror(void *stream) __asm__("ferror");
// Whether all that was printed is written.
static inline int tw_flush_stdout(void) { return tw_fflush(tw_stdout) == 0 && !tw_ferror(tw_stdout); }
