/*
 * holdfast check: could it be served so? Nothing is made, bound or locked.
 *
 * Threads: the main one. Ownership: a pool of its own, for as long as the call.
 */
#ifndef HOLDFAST_CHECK_H
#define HOLDFAST_CHECK_H

/* argv[0] is the subcommand. Prints the settings that count on standard output; returns the exit status: 0, or 2 and one
 * line on standard error. */
int check_main(int argc, char **argv);

#endif
