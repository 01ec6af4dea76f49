/*
 * Linux has it per thread, other than POSIX; the kernel cuts what is beyond the last.
 */
#include "fs/niceness.h"

#include <errno.h>
#include <linux/sched/types.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLICE_NS 100000 /* the shortest that there is */

void niceness_add(int niceness)
{
    id_t self = (id_t)gettid();

    errno = 0;
    int now = getpriority(PRIO_PROCESS, self);
    if (niceness && !errno)
        (void)setpriority(PRIO_PROCESS, self, now + niceness);
}

/* sched_setattr(2), which the C library does not know: the run time is the slice. */
void niceness_be_prompt(void)
{
    struct sched_attr attr = { .size = sizeof(attr) };

    if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) != 0)
        return;
    attr.sched_runtime = SLICE_NS;
    (void)syscall(SYS_sched_setattr, 0, &attr, 0);
}
