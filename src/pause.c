/*
 * The mutex is held across the calls into libmicrohttpd so that a resume cannot overtake the suspend
 * that it belongs to.
 */
#include "src/pause.h"

#include <assert.h>

void pause_init(struct pause *pause, struct MHD_Connection *connection)
{
    pause->connection = connection;
    pause->is_resting = false;
    pthread_mutex_init(&pause->mutex, NULL);
}

void pause_release(struct pause *pause)
{
    pthread_mutex_destroy(&pause->mutex);
}

void pause_begin(struct pause *pause)
{
    pthread_mutex_lock(&pause->mutex);
    assert(!pause->is_resting);
    pause->is_resting = true;
    MHD_suspend_connection(pause->connection);
    pthread_mutex_unlock(&pause->mutex);
}

void pause_end(struct pause *pause)
{
    pthread_mutex_lock(&pause->mutex);
    if (pause->is_resting) {
        pause->is_resting = false;
        MHD_resume_connection(pause->connection);
    }
    pthread_mutex_unlock(&pause->mutex);
}

bool pause_use(struct pause *pause, void (*use)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&pause->mutex);
    bool is_resting = pause->is_resting;
    if (is_resting)
        use(ctx);
    pthread_mutex_unlock(&pause->mutex);
    return is_resting;
}
