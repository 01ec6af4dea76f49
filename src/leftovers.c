/*
 * Two lines in the log tell of it: how much there is, and that it is done or not.
 */
#include "src/leftovers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fs/niceness.h"
#include "src/log.h"

struct leftovers {
    pthread_t thread;
    struct dav *dav;
    const char *root;
    unsigned found;
    struct progress progress;
};

static void *purge(void *arg)
{
    struct leftovers *leftovers = arg;
    unsigned left;

    niceness_add(NICENESS_LAST);
    dav_purge_leftovers(leftovers->dav, &leftovers->progress);
    dav_leftovers(leftovers->dav, &left);
    if (left)
        log_info("%u leftovers in %s stay for the next start", left, leftovers->root);
    else if (leftovers->found)
        log_info("the leftovers in %s are removed", leftovers->root);
    return NULL;
}

struct leftovers *leftovers_start(struct dav *dav, const char *root)
{
    struct leftovers *leftovers = calloc(1, sizeof *leftovers);
    if (!leftovers)
        abort();
    leftovers->dav = dav;
    leftovers->root = root;
    int error = dav_leftovers(dav, &leftovers->found);
    if (error)
        log_error("what the last run left in %s could not be put right everywhere: %s", root,
                  strerror(error));
    if (leftovers->found)
        log_info("removing %u leftovers of the last run in %s", leftovers->found, root);
    if (pthread_create(&leftovers->thread, NULL, purge, leftovers) == 0)
        return leftovers;
    free(leftovers);
    return NULL;
}

void leftovers_stop(struct leftovers *leftovers)
{
    if (leftovers)
        progress_stop(&leftovers->progress);
}

/* By the clock that can be set: ThreadSanitizer knows no other such join. */
bool leftovers_join(struct leftovers *leftovers, unsigned wait_s)
{
    struct timespec until;

    if (!leftovers)
        return true;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += wait_s;
    if (pthread_timedjoin_np(leftovers->thread, NULL, &until) != 0)
        return false;
    free(leftovers);
    return true;
}
