/*
 * The buffer has one user at a time: the worker while a fill job runs, the connection's thread
 * otherwise. The job's end, seen through job_is_done, hands it over.
 */
#include "src/outflow.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE (64 * 1024)
#define BUFFER_MAX (4 * 1024 * 1024) /* a single response of a listing may be larger than a block */

struct outflow {
    struct job_waiter waiter; /* first: what done() gets */
    struct job_engine *engine;
    enum job_lane lane;
    struct pause *pause;
    struct dav_stream *stream;
    struct buffer buffer;
    size_t taken; /* of buffer */
    bool is_last; /* what is in the buffer is the end */
    int error;
    uint64_t *sent;
};

static void fill(void *item)
{
    struct outflow *flow = item;
    buffer_clear(&flow->buffer);
    flow->taken = 0;
    flow->error = flow->stream->fill(flow->stream, &flow->buffer, &flow->is_last);
    if (flow->buffer.overflow)
        flow->error = -1;
}

static const struct job_kind fill_kind = { .run = fill };

static void filled(struct job_waiter *waiter)
{
    struct outflow *flow = (struct outflow *)waiter;
    pause_end(flow->pause);
}

/* On the connection's thread. 0 = nothing yet; libmicrohttpd asks again after the resume. */
static ssize_t read_more(void *cls, uint64_t position, char *out, size_t max)
{
    struct outflow *flow = cls;
    (void)position;

    if (flow->waiter.job) {
        if (!job_is_done(&flow->waiter))
            return 0;
        job_leave(&flow->waiter);
    }
    if (flow->error)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t left = flow->buffer.size - flow->taken;
    if (left > 0) {
        size_t n = left < max ? left : max;
        memcpy(out, flow->buffer.data + flow->taken, n);
        flow->taken += n;
        *flow->sent += n;
        return (ssize_t)n;
    }
    if (flow->is_last)
        return MHD_CONTENT_READER_END_OF_STREAM;

    pause_begin(flow->pause);
    if (job_submit(flow->engine, &fill_kind, flow, flow->lane, &flow->waiter) != 0) {
        flow->error = -1;
        pause_end(flow->pause);
    }
    return 0;
}

static void release(void *cls)
{
    struct outflow *flow = cls;
    /* A connection is suspended while its buffer is being filled and so cannot end meanwhile. */
    job_leave(&flow->waiter);
    flow->stream->close(flow->stream);
    buffer_release(&flow->buffer);
    free(flow);
}

struct MHD_Response *outflow_open(struct job_engine *engine, enum job_lane lane, struct pause *pause,
                                  struct dav_stream *stream, uint64_t *out_sent)
{
    uint64_t length = stream->length == DAV_LENGTH_UNKNOWN ? MHD_SIZE_UNKNOWN : stream->length;
    struct outflow *flow = calloc(1, sizeof *flow);
    if (!flow) {
        stream->close(stream);
        return NULL;
    }
    *flow = (struct outflow){ .waiter = { .done = filled },
                              .engine = engine,
                              .lane = lane,
                              .pause = pause,
                              .stream = stream,
                              .sent = out_sent };
    buffer_init(&flow->buffer, BUFFER_MAX);

    struct MHD_Response *response =
        MHD_create_response_from_callback(length, BLOCK_SIZE, read_more, flow, release);
    if (!response)
        release(flow);
    return response;
}
