/*
 * Everything between the served folders and the listening sockets, opened and closed in order, and put right on SIGHUP.
 *
 * Life: program_open, program_reload any number of times, server_stop, program_close. Threads: the main one. Ownership:
 * what is opened lives in the pool given; the options must outlive the program. Each reload that changes something
 * leaves a pool behind that stays until the end of the process, as requests under way may still read what is in it.
 * Errors: errno, and one line for the operator.
 */
#ifndef HOLDFAST_PROGRAM_H
#define HOLDFAST_PROGRAM_H

#include <apr_pools.h>

#include "src/front.h"
#include "src/options.h"
#include "src/standing.h"

struct program {
    const struct options *options; /* in force */
    struct shares *shares;
    struct auth *auth;
    struct front front;
    struct standing standing;
    struct server *server;
};

/* On an error what was opened so far is program_close's. */
int program_open(apr_pool_t *pool, const struct options *o, struct program *p, const char **out_message);
void program_close(struct program *p);

/* For requests from now on. `pool` holds the options and stays as long as the program. */
void program_set_options(struct program *p, apr_pool_t *pool, const struct options *o);

/* Reads the configuration and what it names again (reload.c). What is unsound is told in one line and stays as it was;
 * if that is the configuration itself, everything stays. What cannot change while the server runs is told, too. */
void program_reload(struct program *p);

/* A pool of its own, that ends the process when there is no memory: every size that a client controls is bounded
 * before. */
apr_pool_t *program_pool(void);

#endif
