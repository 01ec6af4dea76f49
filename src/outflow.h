/*
 * A body that is made while it is sent: dav_stream on one side, libmicrohttpd's content reader on the
 * other, two buffers between them.
 *
 * A worker fills one while the other is sent, and is free again when it is full; where there is nothing
 * to send the connection rests. So a slow client costs two buffers and no worker, and memory is flat at
 * any length.
 *
 * Life: outflow_open takes the stream and gives a response; outflow_leave when the transaction ends; both go when libmicrohttpd is done
 * with the response. The connection's pause is shared with the transaction: by the time a body flows
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

/* Where the stream is XML and the next piece keeps everybody waiting, a blank goes out each interval, once
 * the first piece is out: proxies and clients see life, and parsers see white space between elements.
 * interval_ms 0: never.
 *
 * *out_sent counts the bytes handed to libmicrohttpd. Both pointers, the pause and the timer are used until outflow_leave. NULL if
 * there is no memory: the stream is closed then. */
struct MHD_Response *outflow_open(struct job_engine *engine, enum job_lane lane, struct timer *timer,
                                  int64_t interval_ms, struct pause *pause, struct dav_stream *stream,
                                  uint64_t *out_sent, struct outflow **out);

/* The transaction ends. libmicrohttpd may release the response before or after. */
void outflow_leave(struct outflow *flow);

#endif
