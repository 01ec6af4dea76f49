/*
 * Time and process make a name differ from those of earlier runs, the counter from others of this.
 */
#include "fs/hidden.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fs/path.h"

#define ASIDE_PREFIX PATH_RESERVED_PREFIX "aside-"

static void make_name(const char *prefix, char out[HIDDEN_SIZE])
{
    static atomic_uint counter;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(out, HIDDEN_SIZE, "%s%x-%llx%08lx-%x", prefix, (unsigned)getpid(),
             (unsigned long long)now.tv_sec, now.tv_nsec, atomic_fetch_add(&counter, 1));
}

void hidden_name(char out[HIDDEN_SIZE])
{
    make_name(PATH_RESERVED_PREFIX, out);
}

void hidden_aside_name(uint64_t ino, char out[HIDDEN_SIZE])
{
    char prefix[HIDDEN_SIZE / 2];

    snprintf(prefix, sizeof(prefix), ASIDE_PREFIX "%" PRIx64 "-", ino);
    make_name(prefix, out);
}

bool hidden_is_aside(const char *name, uint64_t *out_ino)
{
    uint64_t ino;

    if (strncmp(name, ASIDE_PREFIX, sizeof(ASIDE_PREFIX) - 1) != 0 ||
        sscanf(name + sizeof(ASIDE_PREFIX) - 1, "%" SCNx64 "-", &ino) != 1)
        return false;
    *out_ino = ino;
    return true;
}
