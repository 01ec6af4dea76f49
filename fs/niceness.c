/*
 * Linux has it per thread, other than POSIX; the kernel cuts what is beyond the last.
 */
#include "fs/niceness.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

void niceness_add(int niceness)
{
    id_t self = (id_t)gettid();

    errno = 0;
    int now = getpriority(PRIO_PROCESS, self);
    if (niceness && !errno)
        (void)setpriority(PRIO_PROCESS, self, now + niceness);
}
