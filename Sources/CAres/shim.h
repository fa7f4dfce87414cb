// Newer releases deprecate functions whose successors Debian 12's has not.
#define CARES_NO_DEPRECATED
#include <ares.h>

// Numbers in older releases, an enumeration in newer ones; functions return an int in all of them.
static const int CARES_SUCCESS = ARES_SUCCESS;
static const int CARES_ENODATA = ARES_ENODATA;
static const int CARES_ENOTFOUND = ARES_ENOTFOUND;
static const int CARES_ECONNREFUSED = ARES_ECONNREFUSED;
static const int CARES_ETIMEOUT = ARES_ETIMEOUT;
