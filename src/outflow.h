/*
 * A body that is made while it is sent: dav_stream on one side, libmicrohttpd's content reader on the
 * other, two buffers between them.
 *
 * A worker fills one while the other is sent, and is free again when it is full; where there is nothing
 * to send the connection rests. So a slow client costs two buffers and no worker, and memory is flat at
 * any length.
 *
 * Life: outflow_start takes the stream, outflow_open makes a response of it; outflow_leave when the
 * transaction ends; it goes when libmicrohttpd is done with the response too. The connection's pause is shared with the transaction: by the time a body flows
 * the transaction waits for nothing else.
 */
#ifndef HOLDFAST_OUTFLOW_H
#define HOLDFAST_OUTFLOW_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdint.h>

#include "src/job.h"
#include "src/pause.h"
#include "src/timer.h"
#include "webdav/dav.h"

struct outflow;

struct outflow_source {
    struct job_engine *engine;
    struct job_owner owner; /* whose turn the making takes */
    enum job_lane lane;
    struct pause *pause; /* the transaction's */
    struct timer *timer;
    int64_t
        blank_ms; /* where the stream is XML: a blank goes out when there was nothing for so long; 0: never */
};

/* To be read piece by piece. The first `skip` bytes of the stream are left out, since they have gone before; with 0
 * no blank goes out before its first byte. What the source points to is used until outflow_leave. */
struct outflow *outflow_start(const struct outflow_source *source, struct dav_stream *stream, size_t skip);

/* As libmicrohttpd's content reader, which calls it: bytes, 0 (the connection rests) or an end. */
ssize_t outflow_read(struct outflow *flow, char *out, size_t max);

/* As a response. *out_sent counts the bytes handed to libmicrohttpd. NULL if there is no memory: the
 * stream is closed then. */
struct MHD_Response *outflow_open(const struct outflow_source *source, struct dav_stream *stream,
                                  uint64_t *out_sent, struct outflow **out);

/* Whoever started or opened it is done with it. libmicrohttpd may release the response before or after. */
void outflow_leave(struct outflow *flow);

#endif
