import CTailwartLinux

/// The memory of the process.
package enum Memory {
    /// Gives pages on which nothing is left back to the system, wherever they lie: by itself the C library gives back only what is free at
    /// the end of an arena. Takes milliseconds, in which whoever allocates may have to wait: not often, and never on the data plane
    /// (malloc_trim(3)).
    package static func giveBack() { _ = tw_malloc_trim(0) }
}
