/*
 * The function of libc that a preloaded one of the same name stands before, and the arguments of syscall(2).
 */
#ifndef HOLDFAST_TESTS_REAL_H
#define HOLDFAST_TESTS_REAL_H

#include <dlfcn.h>
#include <stdarg.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define FICLONE_REQUEST 0x40049409 /* ioctl_ficlonerange(2) */

static inline void read_arguments(va_list list, long out[6])
{
    for (int i = 0; i < 6; i++)
        out[i] = va_arg(list, long);
}

#endif
