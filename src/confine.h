/*
 * What this process can still do once it serves: reach the files that it was told of, and no others; no other
 * programs, no other processes, no connections of its own.
 *
 * Landlock (landlock(7)) holds the files, and connections over TCP; a filter of system calls (seccomp(2)) holds the
 * rest, and is all there is where the kernel has no Landlock. Both are for good, and pass on to every thread that is
 * made later: the threads come after confine_enforce. Neither needs a right.
 *
 * Life: confine_begin, confine_allow for each path, confine_enforce once. Threads: the main one, before there are
 * others. Ownership: none beyond the call. Errors: errno. A path that does not exist is not allowed later either, but
 * for what lies below one that is.
 */
#ifndef HOLDFAST_CONFINE_H
#define HOLDFAST_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

enum confine_access {
    CONFINE_READ,   /* files, not listings */
    CONFINE_APPEND, /* make and write files, as logs are */
    CONFINE_ALL,    /* all but devices and the running of programs */
};

struct confine {
    int ruleset;      /* -1: there is no Landlock */
    uint64_t handled; /* what it may be asked to hold */
    int error;        /* the first that a rule met */
};

/* False: this kernel has no Landlock that would do, and only the filter is to be had. Sanitizers look into their
 * process in ways that are forbidden here: what is built with them has neither. */
bool confine_begin(struct confine *confine);

/* The file, or the folder with all that it will ever hold. NULL is no path. */
void confine_allow(struct confine *confine, const char *path, enum confine_access access);

int confine_enforce(struct confine *confine);

#endif
