/*
 * APR comes and goes with the pool, so that a leak of either is seen.
 */
#include "tests/support/pool.h"

#include <apr_general.h>

apr_pool_t *pool;

int pool_set_up(void **state)
{
    (void)state;
    apr_initialize();
    return apr_pool_create(&pool, NULL);
}

int pool_tear_down(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
