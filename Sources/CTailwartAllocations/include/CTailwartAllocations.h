// Counts heap allocations, for tests and micro-benchmarks: linked into an executable, it takes the place of malloc and its
// relatives for the whole process, libraries included, and passes every call on to the C library (glibc). Freeing is left alone.
#pragma once

#include <stdint.h>

/// Allocations of a group of threads.
typedef struct tw_tally tw_tally;

tw_tally *_Nonnull tw_tally_make(void);
/// Only once the threads that it counts have ended.
void tw_tally_free(tw_tally *_Nonnull tally);
/// Allocations so far; may be asked by any thread.
uint64_t tw_tally_count(const tw_tally *_Nonnull tally);

/// Threads that the calling thread starts from now on are counted by `tally`; by none if it is null. A thread is told from others
/// by who started it, since tests run side by side in one process and name their threads alike.
void tw_tally_started_threads(tw_tally *_Nullable tally);

/// Allocations of the calling thread so far.
uint64_t tw_own_allocations(void);
