/*
 * System calls that a server of files never makes, and that would be of use to whoever took it over: they are
 * answered EPERM from syscalls_forbid on, in this thread and all that it will make (seccomp(2)).
 *
 * Threads: the main one, before there are others; no_new_privs must be set. Errors: errno; ENOSYS where the processor
 * is none whose calls are known here, or the kernel has no filters.
 */
#ifndef HOLDFAST_SYSCALLS_H
#define HOLDFAST_SYSCALLS_H

int syscalls_forbid(void);

#endif
