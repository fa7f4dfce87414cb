import Glibc

/// Standard input, output and error.
package enum StandardDescriptors {
    /// To be called before anything is opened: takes the places of those that were closed when the program began, since the next socket would
    /// get their numbers, and what is meant for people would go to a client. What is read or written there fails as before, which is why
    /// these are opened for the other direction, as the C library does for set-user-ID programs.
    package static func fill() {
        for (number, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(number, F_GETFD) < 0 {
            // The lowest number that is free, which is this one.
            _ = open("/dev/null", mode)
        }
    }
}
