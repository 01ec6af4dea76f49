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

#define NSEC_DIGITS  8 /* that the end of the time always has */
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

/* Behind so many hexadecimal digits and a dash; NULL if they are not there, or fewer. */
static const char *skip_number(const char *text, size_t least)
{
    size_t len = strspn(text, "0123456789abcdef");

    return len >= least && text[len] == '-' ? text + len + 1 : NULL;
}

bool hidden_is_ours(const char *name)
{
    if (strncmp(name, PATH_RESERVED_PREFIX, sizeof(PATH_RESERVED_PREFIX) - 1) != 0)
        return false;
    if (strncmp(name, ASIDE_PREFIX, sizeof(ASIDE_PREFIX) - 1) == 0)
        name = skip_number(name + sizeof(ASIDE_PREFIX) - 1, 1);
    else
        name += sizeof(PATH_RESERVED_PREFIX) - 1;
    if (name)
        name = skip_number(name, 1);
    if (name)
        name = skip_number(name, NSEC_DIGITS + 1);
    return name && *name && !name[strspn(name, "0123456789abcdef")];
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
