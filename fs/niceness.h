/*
 * Threads that let others go first, and threads that are not to be kept waiting.
 *
 * A thread is born with the nice value of the one that makes it, and may raise but not lower it. So
 * whoever is to have a certain one is made by the process's first thread and calls this at its beginning.
 */
#ifndef HOLDFAST_NICENESS_H
#define HOLDFAST_NICENESS_H

#define NICENESS_TREES 10 /* trees have time: an answer that is quick otherwise stays so */
#define NICENESS_LAST  39 /* whatever the process has: the lowest priority there is */

/* The calling thread, above what it has. Where it is refused nothing is lost but others' time. */
void niceness_add(int niceness);

/* The calling thread works in small steps: it takes the processor from others sooner, and has it no longer than before
 * in all. Since Linux 6.12; elsewhere nothing happens. */
void niceness_be_prompt(void);

#endif
