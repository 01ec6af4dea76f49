/*
 * The result's own XML declaration is left out, since it has gone before.
 */
#include "src/trickle.h"

#include <stdlib.h>
#include <string.h>

#include "src/metrics.h"
#include "webdav/multistatus.h"

#define BLOCK_SIZE (64 * 1024)
#define RESULT_MAX (20 * 1024 * 1024) /* a 207 of a copy names at most a thousand failures */

struct trickle {
    unsigned references; /* the transaction's and the response's: one thread */
    struct trickle_source source;
    const char *text; /* what goes out next */
    size_t left;
    bool has_result;
    struct buffer result;
    struct outflow *outflow; /* of a result that is a stream */
};

static void drop_reference(struct trickle *trickle)
{
    if (--trickle->references > 0)
        return;
    buffer_release(&trickle->result);
    free(trickle);
}

static void open_stream(struct trickle *trickle)
{
    struct dav_reply *reply = operation_reply(trickle->source.operation);
    trickle->outflow =
        outflow_start(&trickle->source.outflow, reply->stream, sizeof MULTISTATUS_DECLARATION - 1);
    reply->stream = NULL;
}

static void take_result(struct trickle *trickle)
{
    trickle->has_result = true;
    trickle->source.has_result(trickle->source.ctx);
    if (!operation_multistatus(trickle->source.operation, &trickle->result)) {
        open_stream(trickle);
        return;
    }
    trickle->text = trickle->result.data;
    trickle->left = trickle->result.size;
}

static void beat(struct trickle *trickle)
{
    struct pulse *pulse = trickle->source.pulse;
    heartbeat_was_sent(&pulse->heartbeat, timer_now_ms());
    if (pulse->beats)
        atomic_fetch_add(pulse->beats, 1);
    metrics_count(METRIC_BEATS_MULTISTATUS);
    trickle->text = " ";
    trickle->left = 1;
}

static ssize_t give_text(struct trickle *trickle, char *out, size_t max)
{
    size_t n = trickle->left < max ? trickle->left : max;
    memcpy(out, trickle->text, n);
    trickle->text += n;
    trickle->left -= n;
    *trickle->source.bytes += n;
    return (ssize_t)n;
}

static ssize_t give_stream(struct trickle *trickle, char *out, size_t max)
{
    ssize_t n = outflow_read(trickle->outflow, out, max);
    if (n > 0)
        *trickle->source.bytes += (size_t)n;
    return n;
}

static ssize_t read_more(void *cls, uint64_t position, char *out, size_t max)
{
    struct trickle *trickle = cls;
    struct pulse *pulse = trickle->source.pulse;
    (void)position;

    if (!trickle->left && !trickle->has_result) {
        if (job_is_done(trickle->source.waiter)) {
            take_result(trickle);
        } else if (pulse->has_gone) {
            return MHD_CONTENT_READER_END_WITH_ERROR;
        } else if (heartbeat_is_due(&pulse->heartbeat, timer_now_ms())) {
            beat(trickle);
        } else {
            pulse_rest(pulse, timer_now_ms());
            if (job_is_done(trickle->source.waiter))
                pause_end(pulse->pause);
            return 0;
        }
    }
    if (trickle->left)
        return give_text(trickle, out, max);
    return trickle->outflow ? give_stream(trickle, out, max) : MHD_CONTENT_READER_END_OF_STREAM;
}

static void release(void *cls)
{
    drop_reference(cls);
}

struct MHD_Response *trickle_open(const struct trickle_source *source, struct trickle **out)
{
    struct trickle *trickle = calloc(1, sizeof *trickle);
    if (!trickle)
        return NULL;
    *trickle = (struct trickle){ .references = 2,
                                 .source = *source,
                                 .text = MULTISTATUS_DECLARATION,
                                 .left = sizeof MULTISTATUS_DECLARATION - 1 };
    buffer_init(&trickle->result, RESULT_MAX);
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, read_more, trickle, release);
    if (!response) {
        free(trickle);
        return NULL;
    }
    MHD_add_response_header(response, "Content-Type", MULTISTATUS_TYPE);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "X-Accel-Buffering", "no");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    *out = trickle;
    return response;
}

void trickle_leave(struct trickle *trickle)
{
    if (!trickle)
        return;
    /* What it waits with goes now, and libmicrohttpd lets go of the response only afterwards: nobody may wake it. */
    outflow_leave(trickle->outflow);
    trickle->outflow = NULL;
    drop_reference(trickle);
}
