#define _GNU_SOURCE
#include "CTailwartAllocations.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

// The names under which glibc exports its allocator beside the ones that a program may replace. dlsym would do too, but
// allocates before it has found anything.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

struct tw_tally {
    atomic_uint_fast64_t count;
};

// In the static part of a thread's memory: another model would allocate at the first access, which is inside of malloc.
#define THREAD_LOCAL static _Thread_local __attribute__((tls_model("initial-exec")))

THREAD_LOCAL uint64_t own_count;
/// Counts this thread.
THREAD_LOCAL tw_tally *own_tally;
/// Will count the threads that this thread starts.
THREAD_LOCAL tw_tally *next_tally;

static void count(void) {
    own_count++;
    if (own_tally) atomic_fetch_add_explicit(&own_tally->count, 1, memory_order_relaxed);
}

tw_tally *tw_tally_make(void) {
    tw_tally *tally = __libc_calloc(1, sizeof *tally);
    if (!tally) abort();
    return tally;
}

void tw_tally_free(tw_tally *tally) { free(tally); }

uint64_t tw_tally_count(const tw_tally *tally) {
    return atomic_load_explicit(&tally->count, memory_order_relaxed);
}

void tw_tally_started_threads(tw_tally *tally) { next_tally = tally; }

uint64_t tw_own_allocations(void) { return own_count; }

// MARK: - the allocator

void *malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count();
    return __libc_calloc(number, size);
}

// Growing in place counts too: whether it does is chance.
void *realloc(void *old, size_t size) {
    count();
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
    // posix_memalign(3): a power of two and a multiple of the size of a pointer.
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
    void *memory = memalign(alignment, size);
    if (!memory) return ENOMEM;
    *result = memory;
    return 0;
}

// MARK: - threads

typedef struct {
    void *(*routine)(void *);
    void *argument;
    tw_tally *tally;
} Start;

static void *begin(void *argument) {
    Start start = *(Start *)argument;
    free(argument);
    own_tally = start.tally;
    return start.routine(start.argument);
}

int pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument) {
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = dlsym(RTLD_NEXT, "pthread_create");
    if (!next_tally) return create(thread, attributes, routine, argument);
    Start *start = malloc(sizeof *start);
    if (!start) return EAGAIN;
    *start = (Start){routine, argument, next_tally};
    int error = create(thread, attributes, begin, start);
    if (error) free(start);
    return error;
}
