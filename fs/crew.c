/*
 * One lock for everything: it is taken once per task and once per party, and a task is long.
 *
 * Parties that have tasks waiting stand in a row. A helper takes the first one's first task and sends
 * the party to the end of the row, which makes it everybody's turn.
 */
#include "fs/crew.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "fs/niceness.h"

#define STOCK 4 /* tasks put aside for each helper */

struct crew {
    pthread_mutex_t mutex;
    pthread_cond_t has_task;
    struct crew_party *first, **last; /* with tasks waiting */
    unsigned helpers;
    atomic_uint idle; /* helpers without a task */
    bool ends;
    pthread_t threads[];
};

unsigned crew_size(unsigned workers)
{
    cpu_set_t set;
    unsigned processors = sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
    unsigned threads = workers < processors ? workers : processors;

    return threads ? threads - 1 : 0;
}

/* ---- with the lock held ---- */

static void row_append(struct crew *crew, struct crew_party *party)
{
    party->next = NULL;
    *crew->last = party;
    crew->last = &party->next;
}

static void row_remove(struct crew *crew, struct crew_party *party)
{
    struct crew_party **link = &crew->first;

    while (*link != party)
        link = &(*link)->next;
    *link = party->next;
    if (crew->last == &party->next)
        crew->last = link;
}

/* The party is in the row as long as it has tasks. */
static struct crew_task *take(struct crew *crew, struct crew_party *party)
{
    struct crew_task *task = party->first;

    row_remove(crew, party);
    party->first = task->next;
    if (!party->first)
        party->last = &party->first;
    else
        row_append(crew, party);
    atomic_fetch_sub_explicit(&party->waiting, 1, memory_order_relaxed);
    return task;
}

static void run_for(struct crew *crew, struct crew_party *party)
{
    struct crew_task *task = take(crew, party);

    party->running++;
    pthread_mutex_unlock(&crew->mutex);
    task->run(task);
    pthread_mutex_lock(&crew->mutex);
    if (--party->running == 0)
        pthread_cond_signal(&party->has_news);
}

static void *help(void *arg)
{
    struct crew *crew = arg;

    niceness_add(NICENESS_TREES);
    pthread_mutex_lock(&crew->mutex);
    while (!crew->ends) {
        if (!crew->first) {
            pthread_cond_wait(&crew->has_task, &crew->mutex);
            continue;
        }
        atomic_fetch_sub_explicit(&crew->idle, 1, memory_order_relaxed);
        run_for(crew, crew->first);
        atomic_fetch_add_explicit(&crew->idle, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&crew->mutex);
    return NULL;
}

/* ---- life ---- */

static void start(struct crew *crew, unsigned helpers)
{
    while (crew->helpers < helpers && pthread_create(&crew->threads[crew->helpers], NULL, help, crew) == 0)
        crew->helpers++;
}

int crew_open(unsigned helpers, struct crew **out)
{
    struct crew *crew = NULL;

    if (helpers) {
        crew = calloc(1, sizeof(*crew) + helpers * sizeof(*crew->threads));
        if (!crew)
            return ENOMEM;
        crew->last = &crew->first;
        pthread_mutex_init(&crew->mutex, NULL);
        pthread_cond_init(&crew->has_task, NULL);
        start(crew, helpers);
        atomic_init(&crew->idle, crew->helpers);
    }
    *out = crew;
    return 0;
}

void crew_close(struct crew *crew)
{
    if (!crew)
        return;
    pthread_mutex_lock(&crew->mutex);
    assert(!crew->first);
    crew->ends = true;
    pthread_cond_broadcast(&crew->has_task);
    pthread_mutex_unlock(&crew->mutex);
    for (unsigned i = 0; i < crew->helpers; i++)
        pthread_join(crew->threads[i], NULL);
    pthread_cond_destroy(&crew->has_task);
    pthread_mutex_destroy(&crew->mutex);
    free(crew);
}

/* ---- parties ---- */

void crew_begin(struct crew_party *party, struct crew *crew)
{
    *party = (struct crew_party){ .crew = crew };
    party->last = &party->first;
    if (crew)
        pthread_cond_init(&party->has_news, NULL);
}

bool crew_is_idle(const struct crew_party *party)
{
    return party->crew && atomic_load_explicit(&party->waiting, memory_order_relaxed) == 0 &&
           (atomic_load_explicit(&party->crew->idle, memory_order_relaxed) > 0 ||
            atomic_load_explicit(&party->owner_waits, memory_order_relaxed));
}

bool crew_wants(const struct crew_party *party)
{
    return party->crew &&
           atomic_load_explicit(&party->waiting, memory_order_relaxed) < STOCK * party->crew->helpers;
}

void crew_give(struct crew_party *party, struct crew_task *task)
{
    struct crew *crew = party->crew;

    pthread_mutex_lock(&crew->mutex);
    if (!party->first)
        row_append(crew, party);
    task->next = NULL;
    *party->last = task;
    party->last = &task->next;
    atomic_fetch_add_explicit(&party->waiting, 1, memory_order_relaxed);
    if (atomic_exchange_explicit(&party->owner_waits, false, memory_order_relaxed))
        pthread_cond_signal(&party->has_news);
    else
        pthread_cond_signal(&crew->has_task);
    pthread_mutex_unlock(&crew->mutex);
}

void crew_wait(struct crew_party *party)
{
    struct crew *crew = party->crew;

    if (!crew)
        return;
    pthread_mutex_lock(&crew->mutex);
    while (party->first || party->running) {
        if (party->first) {
            run_for(crew, party);
            continue;
        }
        atomic_store_explicit(&party->owner_waits, true, memory_order_relaxed);
        pthread_cond_wait(&party->has_news, &crew->mutex);
        atomic_store_explicit(&party->owner_waits, false, memory_order_relaxed);
    }
    pthread_mutex_unlock(&crew->mutex);
}

void crew_end(struct crew_party *party)
{
    if (!party->crew)
        return;
    assert(!party->first && !party->running);
    pthread_cond_destroy(&party->has_news);
    party->crew = NULL;
}
