/*
 * How the process itself is: what the kernel says of its time, memory and descriptors.
 *
 * Life: vitals_open once, at the start; /proc is not looked up again, so that it may be out of reach later (another
 * user, Landlock). Threads: vitals_open before others are there; vitals_read from any.
 */
#ifndef HOLDFAST_VITALS_H
#define HOLDFAST_VITALS_H

struct vitals {
    double started_s; /* since 1970 */
    double uptime_s, cpu_s;
    double resident_bytes, virtual_bytes;
    double threads;
    double open_files, max_files; /* open_files -1: the kernel does not tell (before Linux 6.2) */
};

void vitals_open(void);

/* What cannot be found out is 0. */
void vitals_read(struct vitals *out);

#endif
