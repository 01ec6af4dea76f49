/*
 * While one piece is being sent the next is made: `front` belongs to the connection's thread, `back`
 * to the worker from job_submit until the job is seen to be done. Then they change places.
 *
 * A connection may end while a piece is being made. So the flow is freed by whoever leaves last: the
 * transaction, the response, or the job.
 */
#include "src/outflow.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "src/metrics.h"

#define BLOCK_SIZE (64 * 1024)
#define PIECE_MAX  (4 * 1024 * 1024) /* a single response of a listing may be larger than a block */

struct piece {
    struct buffer buffer;
    bool is_last; /* nothing comes after it */
    int error;    /* breaks the connection off, after what is in the buffer */
};

struct outflow {
    struct job_waiter waiter; /* first: what filled() gets */
    atomic_uint references;
    struct outflow_source source;
    struct alarm alarm; /* only wakes */
    size_t skip;        /* of what comes first */
    int64_t last_ms;    /* when the last byte was given */
    bool has_begun;     /* a byte has been, here or before */
    struct dav_stream *stream;
    struct piece pieces[2];
    struct piece *front, *back;
    size_t taken;   /* of front */
    uint64_t *sent; /* of a response; NULL: it is read otherwise */
};

static void drop_reference(void *item)
{
    struct outflow *flow = item;
    if (atomic_fetch_sub(&flow->references, 1) > 1)
        return;
    flow->stream->close(flow->stream);
    buffer_release(&flow->pieces[0].buffer);
    buffer_release(&flow->pieces[1].buffer);
    free(flow);
}

static void fill(void *item)
{
    struct outflow *flow = item;
    struct piece *piece = flow->back;
    buffer_clear(&piece->buffer);
    piece->error = flow->stream->fill(flow->stream, &piece->buffer, &piece->is_last);
    if (piece->buffer.overflow)
        piece->error = -1;
}

static const struct job_kind fill_kind = { .run = fill, .release = drop_reference };

static void filled(struct job_waiter *waiter)
{
    pause_end(((struct outflow *)waiter)->source.pause);
}

static void start_filling(struct outflow *flow)
{
    atomic_fetch_add(&flow->references, 1);
    if (job_submit(flow->source.engine, &fill_kind, flow, flow->source.lane, &flow->source.owner,
                   &flow->waiter) == 0)
        return;
    atomic_fetch_sub(&flow->references, 1);
    buffer_clear(&flow->back->buffer);
    flow->back->error = -1;
}

static int64_t wake(struct alarm *alarm)
{
    pause_end(((struct outflow *)((char *)alarm - offsetof(struct outflow, alarm)))->source.pause);
    return TIMER_NEVER;
}

/* The connection rests until the next piece is there or a blank is due; libmicrohttpd asks again then. */
static ssize_t rest(struct outflow *flow)
{
    pause_begin(flow->source.pause);
    if (flow->source.blank_ms && flow->has_begun)
        timer_set(flow->source.timer, &flow->alarm, flow->last_ms + flow->source.blank_ms);
    if (job_is_done(&flow->waiter))
        pause_end(flow->source.pause);
    return 0;
}

static void turn_over(struct outflow *flow)
{
    struct piece *used = flow->front;
    job_leave(&flow->waiter);
    flow->front = flow->back;
    flow->back = used;
    flow->taken = 0;
    if (!flow->front->is_last && !flow->front->error)
        start_filling(flow);
}

static void note_given(struct outflow *flow)
{
    if (!flow->source.blank_ms)
        return;
    flow->last_ms = timer_now_ms();
    flow->has_begun = true;
}

static bool is_blank_due(const struct outflow *flow)
{
    return flow->source.blank_ms && flow->has_begun &&
           timer_now_ms() - flow->last_ms >= flow->source.blank_ms;
}

/* What the reader has had already. */
static void skip_first(struct outflow *flow)
{
    size_t left = flow->front->buffer.size - flow->taken;
    size_t n = left < flow->skip ? left : flow->skip;
    flow->taken += n;
    flow->skip -= n;
}

ssize_t outflow_read(struct outflow *flow, char *out, size_t max)
{
    while (flow->taken == flow->front->buffer.size) {
        if (flow->front->error)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (flow->front->is_last)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (flow->waiter.job && !job_is_done(&flow->waiter)) {
            if (!is_blank_due(flow))
                return rest(flow);
            *out = ' ';
            metrics_count(METRIC_BEATS_LISTING);
            note_given(flow);
            return 1;
        }
        turn_over(flow);
        skip_first(flow);
    }
    size_t left = flow->front->buffer.size - flow->taken;
    size_t n = left < max ? left : max;
    memcpy(out, flow->front->buffer.data + flow->taken, n);
    flow->taken += n;
    note_given(flow);
    return (ssize_t)n;
}

void outflow_leave(struct outflow *flow)
{
    if (!flow)
        return;
    if (flow->source.blank_ms)
        timer_cancel(flow->source.timer, &flow->alarm);
    job_leave(&flow->waiter);
    drop_reference(flow);
}

struct outflow *outflow_start(const struct outflow_source *source, struct dav_stream *stream, size_t skip)
{
    struct outflow *flow = calloc(1, sizeof *flow);
    if (!flow)
        abort();
    *flow = (struct outflow){ .waiter = { .done = filled },
                              .references = 1,
                              .source = *source,
                              .alarm = { .ring = wake },
                              .skip = skip,
                              .last_ms = timer_now_ms(),
                              .has_begun = skip > 0,
                              .stream = stream,
                              .front = &flow->pieces[0],
                              .back = &flow->pieces[1] };
    if (!stream->is_xml)
        flow->source.blank_ms = 0;
    buffer_init(&flow->pieces[0].buffer, PIECE_MAX);
    buffer_init(&flow->pieces[1].buffer, PIECE_MAX);
    start_filling(flow);
    return flow;
}

/* ---- as a response ---- */

static ssize_t read_more(void *cls, uint64_t position, char *out, size_t max)
{
    struct outflow *flow = cls;
    (void)position;
    ssize_t n = outflow_read(flow, out, max);
    if (n > 0)
        *flow->sent += (uint64_t)n;
    return n;
}

static void release(void *cls)
{
    outflow_leave(cls);
}

struct MHD_Response *outflow_open(const struct outflow_source *source, struct dav_stream *stream,
                                  uint64_t *out_sent, struct outflow **out)
{
    uint64_t length = stream->length == DAV_LENGTH_UNKNOWN ? MHD_SIZE_UNKNOWN : stream->length;
    struct outflow *flow = outflow_start(source, stream, 0);

    flow->sent = out_sent;
    atomic_fetch_add(&flow->references, 1); /* the response's */
    struct MHD_Response *response =
        MHD_create_response_from_callback(length, BLOCK_SIZE, read_more, flow, release);
    if (!response) {
        atomic_fetch_sub(&flow->references, 1);
        outflow_leave(flow);
        return NULL;
    }
    *out = flow;
    return response;
}
