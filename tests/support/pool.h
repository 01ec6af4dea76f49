/*
 * The pool of tests that need nothing else: a fixture for each test or for a group of them.
 *
 * Life: pool_set_up, pool_tear_down, in turn any number of times. Threads: the test's own.
 */
#ifndef HOLDFAST_TESTS_POOL_H
#define HOLDFAST_TESTS_POOL_H

#include <apr_pools.h>

extern apr_pool_t *pool;

int pool_set_up(void **state);
int pool_tear_down(void **state);

#endif
