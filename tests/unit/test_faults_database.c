/*
 * Nothing is lost, seen by a client: the state database fails in the middle of a request.
 *
 * All requests of ordeal_requests.c, with a failure at each statement in turn. The linker puts the functions
 * below between the program and apr_dbd (--wrap, in tests/CMakeLists.txt): a statement that fails has no
 * effect, and the driver's message is what SQLite says then.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <apr_dbd.h>
#include <cmocka.h>

#include "tests/support/ordeal.h"

static atomic_uint calls, fail_nth;
static atomic_bool has_struck, is_told; /* until the driver is asked for something else */
static atomic_int fail_error;

static bool strikes(void)
{
    bool strikes = atomic_fetch_add(&calls, 1) + 1 == atomic_load(&fail_nth);

    atomic_store(&is_told, strikes);
    if (strikes)
        atomic_store(&has_struck, true);
    return strikes;
}

int __wrap_apr_dbd_query(const apr_dbd_driver_t *driver, apr_dbd_t *handle, int *rows, const char *sql);
int __wrap_apr_dbd_select(const apr_dbd_driver_t *driver, apr_pool_t *pool, apr_dbd_t *handle,
                          apr_dbd_results_t **out, const char *sql, int random);
int __wrap_apr_dbd_pbquery(const apr_dbd_driver_t *driver, apr_pool_t *pool, apr_dbd_t *handle, int *rows,
                           apr_dbd_prepared_t *prepared, const void **args);
int __wrap_apr_dbd_pbselect(const apr_dbd_driver_t *driver, apr_pool_t *pool, apr_dbd_t *handle,
                            apr_dbd_results_t **out, apr_dbd_prepared_t *prepared, int random,
                            const void **args);
const char *__wrap_apr_dbd_error(const apr_dbd_driver_t *driver, apr_dbd_t *handle, int number);
int __real_apr_dbd_query(const apr_dbd_driver_t *driver, apr_dbd_t *handle, int *rows, const char *sql);
int __real_apr_dbd_select(const apr_dbd_driver_t *driver, apr_pool_t *pool, apr_dbd_t *handle,
                          apr_dbd_results_t **out, const char *sql, int random);
int __real_apr_dbd_pbquery(const apr_dbd_driver_t *driver, apr_pool_t *pool, apr_dbd_t *handle, int *rows,
                           apr_dbd_prepared_t *prepared, const void **args);
int __real_apr_dbd_pbselect(const apr_dbd_driver_t *driver, apr_pool_t *pool, apr_dbd_t *handle,
                            apr_dbd_results_t **out, apr_dbd_prepared_t *prepared, int random,
                            const void **args);
const char *__real_apr_dbd_error(const apr_dbd_driver_t *driver, apr_dbd_t *handle, int number);

int __wrap_apr_dbd_query(const apr_dbd_driver_t *driver, apr_dbd_t *handle, int *rows, const char *sql)
{
    return strikes() ? 1 : __real_apr_dbd_query(driver, handle, rows, sql);
}

int __wrap_apr_dbd_select(const apr_dbd_driver_t *driver, apr_pool_t *pool, apr_dbd_t *handle,
                          apr_dbd_results_t **out, const char *sql, int random)
{
    return strikes() ? 1 : __real_apr_dbd_select(driver, pool, handle, out, sql, random);
}

int __wrap_apr_dbd_pbquery(const apr_dbd_driver_t *driver, apr_pool_t *pool, apr_dbd_t *handle, int *rows,
                           apr_dbd_prepared_t *prepared, const void **args)
{
    return strikes() ? 1 : __real_apr_dbd_pbquery(driver, pool, handle, rows, prepared, args);
}

int __wrap_apr_dbd_pbselect(const apr_dbd_driver_t *driver, apr_pool_t *pool, apr_dbd_t *handle,
                            apr_dbd_results_t **out, apr_dbd_prepared_t *prepared, int random,
                            const void **args)
{
    return strikes() ? 1 : __real_apr_dbd_pbselect(driver, pool, handle, out, prepared, random, args);
}

const char *__wrap_apr_dbd_error(const apr_dbd_driver_t *driver, apr_dbd_t *handle, int number)
{
    if (!atomic_load(&is_told))
        return __real_apr_dbd_error(driver, handle, number);
    switch (atomic_load(&fail_error)) {
    case ENOSPC:
        return "database or disk is full";
    case EROFS:
        return "attempt to write a readonly database";
    default:
        return "disk I/O error";
    }
}

static void arm(struct exchange *x, unsigned nth, int error)
{
    (void)x;
    atomic_store(&has_struck, false);
    atomic_store(&calls, 0);
    atomic_store(&fail_error, error);
    atomic_store(&fail_nth, nth);
}

static bool disarm(struct exchange *x)
{
    (void)x;
    atomic_store(&fail_nth, 0);
    return atomic_load(&has_struck);
}

static void any_failing_statement_leaves_old_or_new(void **state)
{
    static const struct ordeal_fault fault = { .arm = arm, .disarm = disarm };
    static const int errors[] = { EIO, ENOSPC, EROFS, 0 };
    struct ordeal_count count = { 0 };

    (void)state;
    ordeal_run(&fault, errors, &count);
    print_message("faults injected: %u, operations: %u, lost: %u; left for the restart: %u\n", count.faults,
                  count.requests, count.lost, count.left);
    assert_int_equal(count.lost, 0);
    assert_int_equal(count.left, 0);
    assert_true(count.faults > 50);
}

/* The first thing that any of them asks of the database: to note where a hidden name will be. */
static void a_journal_that_cannot_be_written_refuses(void **state)
{
    static const struct {
        const char *method, *target, *headers, *body;
    } rows[] = {
        { "PUT", "/file", NULL, "new" },
        { "COPY", "/tree", "Destination: /new", NULL },
        { "COPY", "/tree", "Destination: /file", NULL },
        { "MOVE", "/tree", "Destination: /file", NULL },
        { "DELETE", "/tree", NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct exchange *x = exchange_open(NULL);
        exchange_write(x, "file", "old");
        exchange_mkdir(x, "tree");
        arm(x, 1, ENOSPC);
        int status = exchange(x, rows[i].method, rows[i].target, rows[i].headers, rows[i].body)->status;
        assert_true(disarm(x));
        assert_int_equal(status, 507);
        assert_string_equal(exchange_read(x, "file"), "old");
        assert_true(exchange_exists(x, "tree"));
        assert_false(exchange_exists(x, "new"));
        exchange_close(x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_failing_statement_leaves_old_or_new),
        cmocka_unit_test(a_journal_that_cannot_be_written_refuses),
    };

    setenv("TMPDIR", "/dev/shm", 0); /* a state database for each fault */
    return cmocka_run_group_tests_name("faults_database", tests, NULL, NULL);
}
