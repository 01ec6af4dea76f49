/*
 * Users stand in a row (a rank) with those who have as many jobs running as they; a rank is a ring, and
 * whoever was served goes to its end. Each user has such a ring of clients. The same again holds only
 * those with a client that has nothing running, so that the reserve need not look for them. A step
 * touches one user and one client; the ranks are as many as the workers.
 *
 * The names are found with the C library's tsearch(): a balanced tree, so that no choice of names by a
 * client makes it slow.
 */
#include "src/fairqueue.h"

#include <assert.h>
#include <errno.h>
#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- rings ---- */

/* A member of a ring, or its head; alone it points to itself. */
struct link {
    struct link *next, *previous;
};

#define OWNER_OF(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static void link_init(struct link *link)
{
    link->next = link->previous = link;
}

static bool link_is_alone(const struct link *link)
{
    return link->next == link;
}

/* At the end; who is in already keeps its place. */
static void link_join(struct link *head, struct link *link)
{
    if (!link_is_alone(link))
        return;
    link->next = head;
    link->previous = head->previous;
    head->previous->next = link;
    head->previous = link;
}

static void link_leave(struct link *link)
{
    link->next->previous = link->previous;
    link->previous->next = link->next;
    link_init(link);
}

/* ---- users and their clients ---- */

struct name { /* first in whatever is found by it */
    const char *text;
    size_t length;
};

struct fifo {
    struct fairqueue_entry *first, *last;
};

struct user {
    struct name name;
    void *clients; /* tsearch's tree of flows */
    unsigned waiting, running;
    struct link turn, fresh_turn;   /* in its rank */
    struct link flows, fresh_flows; /* heads: those with something waiting; see is_fresh() */
    char text[];
};

struct fairqueue_flow {
    struct name name;
    struct user *user;
    struct fifo jobs, background;
    unsigned waiting, running;
    struct link turn, fresh_turn; /* in its user's rings */
    char text[];
};

struct rank {
    struct link users, fresh_users; /* heads */
};

struct fairqueue {
    void *users;                   /* tsearch's tree */
    struct fairqueue_flow *nobody; /* of user "", client ""; always there */
    struct fairqueue_flow *holder; /* of the reserve: its one running job; NULL: the reserve is free */
    unsigned workers, waiting_max;
    unsigned running_max;  /* of one user */
    unsigned ordinary_max; /* workers but the reserve */
    unsigned ordinary;     /* of them at work */
    unsigned waiting;
    uint64_t tickets;
    struct rank ranks[]; /* by what the user has running: 0 to workers */
};

static struct name name_of(const char *text)
{
    return (struct name){ text, strnlen(text, FAIRQUEUE_NAME_MAX) };
}

static int compare_names(const void *left, const void *right)
{
    const struct name *a = left, *b = right;
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return memcmp(a->text, b->text, a->length);
}

/* Into the tree, named; false: no memory. text has room for the name. */
static bool insert(void **tree, struct name *member, char *text, const struct name *name)
{
    memcpy(text, name->text, name->length);
    *member = (struct name){ text, name->length };
    return tsearch(member, tree, compare_names) != NULL;
}

static struct user *find_user(struct fairqueue *queue, const struct name *name)
{
    void *found = tfind(name, &queue->users, compare_names);
    if (found)
        return *(struct user **)found;

    struct user *user = calloc(1, sizeof *user + name->length);
    if (!user)
        return NULL;
    link_init(&user->turn);
    link_init(&user->fresh_turn);
    link_init(&user->flows);
    link_init(&user->fresh_flows);
    if (insert(&queue->users, &user->name, user->text, name))
        return user;
    free(user);
    return NULL;
}

static struct fairqueue_flow *find_client(struct user *user, const struct name *name)
{
    void *found = tfind(name, &user->clients, compare_names);
    if (found)
        return *(struct fairqueue_flow **)found;

    struct fairqueue_flow *flow = calloc(1, sizeof *flow + name->length);
    if (!flow)
        return NULL;
    flow->user = user;
    link_init(&flow->turn);
    link_init(&flow->fresh_turn);
    if (insert(&user->clients, &flow->name, flow->text, name))
        return flow;
    free(flow);
    return NULL;
}

static void forget_user_if_empty(struct fairqueue *queue, struct user *user)
{
    if (user->clients)
        return;
    tdelete(user, &queue->users, compare_names);
    free(user);
}

static void forget_if_idle(struct fairqueue *queue, struct fairqueue_flow *flow)
{
    struct user *user = flow->user;
    if (flow->jobs.first || flow->background.first || flow->running > 0 || flow == queue->nobody)
        return;
    tdelete(flow, &user->clients, compare_names);
    free(flow);
    forget_user_if_empty(queue, user);
}

static struct fairqueue_flow *find_flow(struct fairqueue *queue, struct name user_name,
                                        struct name client_name)
{
    struct user *user = find_user(queue, &user_name);
    if (!user)
        return NULL;
    struct fairqueue_flow *flow = find_client(user, &client_name);
    if (!flow)
        forget_user_if_empty(queue, user);
    return flow;
}

/* ---- turns ---- */

/* May have the reserve. */
static bool is_fresh(const struct fairqueue_flow *flow)
{
    return flow->running == 0 && flow->jobs.first;
}

/* Puts the flow and its user wherever they belong and are not yet. */
static void take_places(struct fairqueue *queue, struct fairqueue_flow *flow)
{
    struct user *user = flow->user;
    struct rank *rank = &queue->ranks[user->running];

    if (flow->jobs.first || flow->background.first)
        link_join(&user->flows, &flow->turn);
    if (is_fresh(flow))
        link_join(&user->fresh_flows, &flow->fresh_turn);
    if (!link_is_alone(&user->flows))
        link_join(&rank->users, &user->turn);
    if (!link_is_alone(&user->fresh_flows))
        link_join(&rank->fresh_users, &user->fresh_turn);
}

static void leave_rank(struct user *user)
{
    link_leave(&user->turn);
    link_leave(&user->fresh_turn);
}

static void push(struct fairqueue *queue, struct fairqueue_flow *flow, struct fifo *fifo,
                 struct fairqueue_entry *entry)
{
    *entry = (struct fairqueue_entry){ .flow = flow, .ticket = queue->tickets++ };
    if (fifo->first)
        fifo->last->next = entry;
    else
        fifo->first = entry;
    fifo->last = entry;
    queue->waiting++;
    flow->waiting++;
    flow->user->waiting++;
    take_places(queue, flow);
}

static struct fairqueue_entry *pop(struct fairqueue *queue, struct fairqueue_flow *flow, bool only_jobs)
{
    const struct fairqueue_entry *job = flow->jobs.first, *background = flow->background.first;
    bool is_job = only_jobs || !background || (job && job->ticket < background->ticket);
    struct fifo *fifo = is_job ? &flow->jobs : &flow->background;
    struct fairqueue_entry *entry = fifo->first;

    fifo->first = entry->next;
    queue->waiting--;
    flow->waiting--;
    flow->user->waiting--;
    return entry;
}

/* Who has as many running as may be is in a rank that is not looked at, unless it is nobody in particular. */
static struct fairqueue_flow *first_in_turn(const struct fairqueue *queue)
{
    const struct link *flows = &queue->nobody->user->flows;
    for (unsigned i = 0; i < queue->running_max; i++) {
        const struct link *users = &queue->ranks[i].users;
        if (link_is_alone(users))
            continue;
        flows = &OWNER_OF(users->next, struct user, turn)->flows;
        break;
    }
    return link_is_alone(flows) ? NULL : OWNER_OF(flows->next, struct fairqueue_flow, turn);
}

static struct fairqueue_flow *first_fresh(const struct fairqueue *queue)
{
    const struct link *flows = &queue->nobody->user->fresh_flows;
    for (unsigned i = 0; i < queue->running_max; i++) {
        const struct link *users = &queue->ranks[i].fresh_users;
        if (link_is_alone(users))
            continue;
        flows = &OWNER_OF(users->next, struct user, fresh_turn)->fresh_flows;
        break;
    }
    return link_is_alone(flows) ? NULL : OWNER_OF(flows->next, struct fairqueue_flow, fresh_turn);
}

/* Whose turn it is, and on which kind of worker. NULL: none is free for what waits. */
static struct fairqueue_flow *choose(struct fairqueue *queue, bool *out_is_reserve)
{
    struct fairqueue_flow *flow = NULL;

    *out_is_reserve = false;
    if (queue->ordinary < queue->ordinary_max)
        flow = first_in_turn(queue);
    /* It wants a second worker: what it has becomes an ordinary one, and the reserve is free again. */
    if (flow && flow == queue->holder) {
        queue->holder = NULL;
        queue->ordinary++;
    }
    if (flow && queue->ordinary < queue->ordinary_max)
        return flow;
    if (queue->ordinary < queue->ordinary_max || queue->holder || queue->ordinary_max == queue->workers)
        return NULL;
    *out_is_reserve = true;
    return first_fresh(queue);
}

/* ---- the queue ---- */

int fairqueue_open(unsigned workers, unsigned waiting_max, bool has_reserve, struct fairqueue **out)
{
    struct fairqueue *queue = calloc(1, sizeof *queue + (workers + 1) * sizeof queue->ranks[0]);
    if (!queue)
        return ENOMEM;
    queue->workers = workers;
    queue->waiting_max = waiting_max;
    fairqueue_set_running_max(queue, 0);
    queue->ordinary_max = has_reserve && workers >= 2 ? workers - 1 : workers;
    for (unsigned i = 0; i <= workers; i++) {
        link_init(&queue->ranks[i].users);
        link_init(&queue->ranks[i].fresh_users);
    }
    queue->nobody = find_flow(queue, name_of(""), name_of(""));
    if (!queue->nobody) {
        free(queue);
        return ENOMEM;
    }
    *out = queue;
    return 0;
}

void fairqueue_close(struct fairqueue *queue)
{
    if (!queue)
        return;
    struct fairqueue_flow *nobody = queue->nobody;
    queue->nobody = NULL;
    forget_if_idle(queue, nobody);
    assert(!queue->users); /* whoever is left has something waiting or running, or was forgotten here */
    free(queue);
}

void fairqueue_set_running_max(struct fairqueue *queue, unsigned running_max)
{
    bool is_bound = running_max && running_max <= queue->workers;
    queue->running_max = is_bound ? running_max : queue->workers + 1; /* ranks */
}

static bool has_room(const struct fairqueue *queue, const struct user *user)
{
    if (queue->waiting >= queue->waiting_max)
        return false;
    return user->name.length == 0 || user->waiting < queue->waiting_max - queue->waiting_max / 2;
}

static bool has_own_max(const struct fairqueue_flow *flow, unsigned own_max)
{
    unsigned waiting = flow->user->name.length ? flow->user->waiting : flow->waiting;
    return own_max && waiting >= own_max;
}

int fairqueue_add(struct fairqueue *queue, const char *user, const char *client, unsigned own_max,
                  struct fairqueue_entry *entry)
{
    struct fairqueue_flow *flow = find_flow(queue, name_of(user), name_of(client));
    if (!flow)
        return EAGAIN;
    int error = has_own_max(flow, own_max) ? EDQUOT : has_room(queue, flow->user) ? 0 : EAGAIN;
    if (error) {
        forget_if_idle(queue, flow);
        return error;
    }
    push(queue, flow, &flow->jobs, entry);
    return 0;
}

void fairqueue_add_background(struct fairqueue *queue, const struct fairqueue_flow *flow,
                              struct fairqueue_entry *entry)
{
    struct fairqueue_flow *here = flow ? find_flow(queue, flow->user->name, flow->name) : NULL;
    if (!here)
        here = queue->nobody;
    push(queue, here, &here->background, entry);
}

struct fairqueue_entry *fairqueue_take(struct fairqueue *queue)
{
    bool is_reserve;
    struct fairqueue_flow *flow = choose(queue, &is_reserve);
    if (!flow)
        return NULL;

    struct fairqueue_entry *entry = pop(queue, flow, is_reserve);
    leave_rank(flow->user);
    link_leave(&flow->turn);
    link_leave(&flow->fresh_turn);
    flow->user->running++;
    flow->running++;
    if (is_reserve)
        queue->holder = flow;
    else
        queue->ordinary++;
    take_places(queue, flow);
    return entry;
}

bool fairqueue_is_ready(struct fairqueue *queue)
{
    bool is_reserve;
    return choose(queue, &is_reserve) != NULL;
}

void fairqueue_end(struct fairqueue *queue, struct fairqueue_flow *flow)
{
    assert(flow->running > 0);
    leave_rank(flow->user);
    flow->user->running--;
    flow->running--;
    /* A holder has but one job running: see choose(). */
    if (flow == queue->holder)
        queue->holder = NULL;
    else
        queue->ordinary--;
    take_places(queue, flow);
    forget_if_idle(queue, flow);
}

unsigned fairqueue_waiting(const struct fairqueue *queue)
{
    return queue->waiting;
}
