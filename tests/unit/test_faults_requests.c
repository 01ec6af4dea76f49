/*
 * Nothing is lost, seen by a client: one call of the file system fails in the middle of a request.
 *
 * All requests of ordeal_requests.c, each call in turn, with the errors that have a meaning of their own.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/fs_mem.h"
#include "tests/support/ordeal.h"

static void arm(struct exchange *x, unsigned nth, int error)
{
    fs_mem_fail(x->fs, FS_MEM_ANY, nth, error);
}

static bool disarm(struct exchange *x)
{
    return fs_mem_revive(x->fs);
}

static void any_failing_call_leaves_old_or_new(void **state)
{
    static const struct ordeal_fault fault = { .arm = arm, .disarm = disarm };
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) /* they take several times as long */
    static const int errors[] = { EIO, ENOSPC, 0 };
#else
    static const int errors[] = { EIO, ENOSPC, EACCES, EMFILE, 0 };
#endif
    struct ordeal_count count = { 0 };

    (void)state;
    ordeal_run(&fault, errors, &count);
    print_message("faults injected: %u, operations: %u, lost: %u; left for the restart: %u\n", count.faults,
                  count.requests, count.lost, count.left);
    assert_int_equal(count.lost, 0);
    assert_true(count.left < count.faults / 6); /* the fault met the removal itself */
    assert_true(count.faults > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(any_failing_call_leaves_old_or_new) };

    setenv("TMPDIR", "/dev/shm", 0); /* a state database for each fault */
    return cmocka_run_group_tests_name("faults_requests", tests, NULL, NULL);
}
