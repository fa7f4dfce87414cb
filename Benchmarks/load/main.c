#include "mode.h"
#include "socket.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

static const char usage[] =
    "usage: load connections --port P --count N --concurrency C [--verify 1] [--hello NAME --tag LETTER]\n"
    "       load rate --port P --rate PER_SECOND --seconds S\n"
    "       load bulk --port P --streams S --bytes B\n"
    "       load hold --port P            (reads how many to hold, one number a line, from standard input)\n"
    "       load backend banner:PORT | hello:LETTER:PORT | bulk:PORT …\n";

static struct options parse(int count, char **words) {
    struct options options = {0};
    for (int i = 0; i < count; i += 2) {
        const char *name = words[i], *value = i + 1 < count ? words[i + 1] : NULL;
        if (value == NULL) die("%s needs a value", name);
        if (!strcmp(name, "--port")) options.port = (uint16_t)number(value, name, 1, 65535);
        else if (!strcmp(name, "--count")) options.count = (uint32_t)number(value, name, 1, 10000000);
        else if (!strcmp(name, "--concurrency")) options.concurrency = (uint32_t)number(value, name, 1, 4096);
        else if (!strcmp(name, "--rate")) options.rate = (uint32_t)number(value, name, 1, 100000);
        else if (!strcmp(name, "--seconds")) options.seconds = (uint32_t)number(value, name, 1, 600);
        else if (!strcmp(name, "--streams")) options.streams = (uint32_t)number(value, name, 1, 1024);
        else if (!strcmp(name, "--bytes")) options.bytes = number(value, name, 1, 1ull << 40);
        else if (!strcmp(name, "--hello")) options.hello = value;
        else if (!strcmp(name, "--tag")) options.tag = value[0];
        else if (!strcmp(name, "--verify")) options.verify = number(value, name, 0, 1) == 1;
        else die("unknown option %s\n%s", name, usage);
    }
    return options;
}

int main(int argc, char **argv) {
    // The harness started us; without it nobody would end us.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) die("no mode\n%s", usage);
    if (!strcmp(argv[1], "backend")) return run_backend(argc - 2, argv + 2);
    struct options options = parse(argc - 2, argv + 2);
    if (options.port == 0) die("--port is missing\n%s", usage);
    if (!strcmp(argv[1], "connections")) return run_connections(&options);
    if (!strcmp(argv[1], "rate")) return run_rate(&options);
    if (!strcmp(argv[1], "bulk")) return run_bulk(&options);
    if (!strcmp(argv[1], "hold")) return run_hold(&options);
    die("unknown mode %s\n%s", argv[1], usage);
}
