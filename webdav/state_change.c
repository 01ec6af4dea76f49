/*
 * Group commit: whoever comes while a transaction runs shares the next one.
 *
 * Most of what a change costs is the transaction around it, above all its fsync. So changes queue, and
 * the one at the head leads: it runs what has queued up by then as one transaction, on its own thread,
 * tells the others how it went, and hands on to the head of the queue. Nobody waits for company: a change
 * that comes alone is run alone and at once.
 *
 * If anything fails in a group, all of it is rolled back and each change is run once more by itself, so
 * that each has the result that is its own.
 */
#include <apr_strings.h>
#include <assert.h>
#include <errno.h>
#include <semaphore.h>
#include <stddef.h>

#include "webdav/state_internal.h"

#define GROUP_MAX 64

/* One change, on its caller's stack. */
struct state_pending {
    state_change_fn *change;
    void *ctx;
    int error;
    bool leads; /* it is its turn to lead; else, when it is woken, it is done */
    sem_t turn; /* no mutex and condition: those who are woken would only meet at the mutex again */
    struct state_pending *next;
};

static const char begin_sql[] = "BEGIN IMMEDIATE";
static const char commit_sql[] = "COMMIT";

/* ---- running a group; the mutex is held ---- */

/* The first `count` changes of the list, as one transaction. */
static int run_transaction(struct state *state, struct state_pending *list, unsigned count)
{
    int error = state_run(state, state->scratch, begin_sql, NULL);
    if (error)
        return error;
    for (unsigned i = 0; i < count && !error; i++, list = list->next)
        error = list->change(state, state->scratch, list->ctx);
    if (!error)
        error = state_run(state, state->scratch, commit_sql, NULL);
    if (error)
        state_execute(state, "ROLLBACK"); /* fails if SQLite has done so itself */
    apr_pool_clear(state->scratch);
    return error;
}

static void run_group(struct state *state, struct state_pending *list, unsigned count)
{
    int error = run_transaction(state, list, count);
    for (unsigned i = 0; i < count; i++, list = list->next) {
        list->error = error && count > 1 ? run_transaction(state, list, 1) : error;
        state->is_failing = list->error == EIO || list->error == ENOSPC || list->error == EROFS;
    }
}

/* ---- the queue ---- */

/* The change at the head is the caller's; the group stays linked behind it. */
static unsigned take_group(struct state_queue *queue)
{
    struct state_pending *last = queue->first;
    unsigned count = 1;
    for (; last->next && count < GROUP_MAX; last = last->next)
        count++;
    queue->first = last->next;
    if (!queue->first)
        queue->last = &queue->first;
    queue->length -= count;
    return count;
}

/* They are gone as soon as they know, so each is asked for the next one before. */
static void tell_others(struct state_pending *mine, unsigned count)
{
    struct state_pending *other = mine->next;
    for (unsigned i = 1; i < count; i++) {
        struct state_pending *next = other->next;
        sem_post(&other->turn);
        other = next;
    }
}

static void lead(struct state *state, struct state_pending *mine)
{
    struct state_queue *queue = &state->queue;
    pthread_mutex_lock(&queue->mutex);
    assert(queue->first == mine);
    unsigned count = take_group(queue);
    pthread_mutex_unlock(&queue->mutex);

    pthread_mutex_lock(&state->mutex);
    run_group(state, mine, count);
    pthread_mutex_unlock(&state->mutex);
    tell_others(mine, count);

    pthread_mutex_lock(&queue->mutex);
    queue->groups++;
    struct state_pending *successor = queue->first;
    queue->is_led = successor != NULL;
    pthread_mutex_unlock(&queue->mutex);
    if (successor) { /* it does nothing before it is told */
        successor->leads = true;
        sem_post(&successor->turn);
    }
}

int state_change(struct state *state, state_change_fn *change, void *ctx)
{
    struct state_queue *queue = &state->queue;
    struct state_pending mine = { .change = change, .ctx = ctx };
    sem_init(&mine.turn, 0, 0);
    pthread_mutex_lock(&queue->mutex);
    *queue->last = &mine;
    queue->last = &mine.next;
    queue->length++;
    bool is_first = !queue->is_led;
    queue->is_led = true;
    pthread_mutex_unlock(&queue->mutex);
    while (!is_first && sem_wait(&mine.turn) != 0)
        assert(errno == EINTR);
    if (is_first || mine.leads)
        lead(state, &mine);
    sem_destroy(&mine.turn);
    return mine.error;
}

/* ---- is it still well? ---- */

/* The version is what it is already; what counts is that it can be written. */
static int write_if_failing(struct state *state, apr_pool_t *scratch, void *ctx)
{
    (void)ctx;
    if (!state->is_failing)
        return 0;
    return state_execute(state, apr_psprintf(scratch, "PRAGMA user_version = %d", state_schema_version));
}

int state_check(struct state *state)
{
    return state_change(state, write_if_failing, NULL);
}
