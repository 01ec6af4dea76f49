/*
 * A connection at rest, and those who may wake it.
 *
 * libmicrohttpd lets a connection be suspended by its own thread and resumed by any; resuming one
 * that is not suspended is against its rules. A job that ends and an alarm that rings at the same
 * moment both want to wake: only the first does.
 *
 * Life: embedded in a transaction; pause_init, any number of pause_begin / pause_end, pause_release.
 * Threads: pause_begin only on the connection's thread, pause_end on any; own mutex, a leaf: nothing
 * of ours is locked under it.
 */
#ifndef HOLDFAST_PAUSE_H
#define HOLDFAST_PAUSE_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>

struct pause {
    struct MHD_Connection *connection;
    pthread_mutex_t mutex;
    bool is_resting; /* guarded by mutex */
};

void pause_init(struct pause *pause, struct MHD_Connection *connection);
void pause_release(struct pause *pause);

/* Suspends. What was to wake it before this could not: the caller looks once more afterwards, and calls pause_end. */
void pause_begin(struct pause *pause);

/* Resumes, if it rests. libmicrohttpd then calls the transaction (or its content reader) again. */
void pause_end(struct pause *pause);

/* If it rests: calls use(ctx) and keeps it at rest meanwhile, so that libmicrohttpd does not touch it. False if
 * it does not rest. */
bool pause_use(struct pause *pause, void (*use)(void *ctx), void *ctx);

#endif
