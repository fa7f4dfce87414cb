#include "CTailwartVersion.h"

#ifndef TAILWART_COMMIT
#define TAILWART_COMMIT unknown
#endif
#define TAILWART_TEXT(x) #x
#define TAILWART_STRING(x) TAILWART_TEXT(x)

const char *tailwart_commit(void) { return TAILWART_STRING(TAILWART_COMMIT); }
