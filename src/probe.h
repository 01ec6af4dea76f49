/*
 * holdfast probe URL: what the way to a Holdfast with --diagnostics does to signs of life, and which
 * setting suits it.
 *
 * Trials (probe_trial.h) are made here, in threads of their own, judged by probe_verdict.h and printed
 * by probe_print.h.
 */
#ifndef HOLDFAST_PROBE_H
#define HOLDFAST_PROBE_H

/* The exit status beyond those of every subcommand. */
enum { PROBE_EXIT_UNFIT = 3 };

/* The whole program, which `holdfast probe` becomes; returns the exit status: 0 fit, PROBE_EXIT_UNFIT, 1 the server cannot be
 * reached or asked, 2 wrong usage. */
int probe_main(int argc, char **argv);

#endif
