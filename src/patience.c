/*
 * That a head has begun is seen by the count of bytes that TCP has received: libmicrohttpd tells of a head when it is
 * whole. What it had read ahead when the last answer ended is not seen; then the clock begins with the next byte.
 */
#include "src/patience.h"

#define EVERY_MAX_MS 1000
#define EVERY_MIN_MS 20
#define SHARE        4 /* how late a clock may be noticed: a quarter of it */

void patience_init(struct patience *patience, int64_t now_ms)
{
    *patience = (struct patience){ .since_ms = now_ms, .looked_ms = now_ms, .head_ms = now_ms };
}

static void begin_turn(struct patience *patience, const struct patience_view *view)
{
    *patience = (struct patience){ .turn = view->turn,
                                   .since_ms = view->now_ms,
                                   .looked_ms = view->now_ms,
                                   .head_ms = PATIENCE_NEVER,
                                   .received = view->received };
}

static enum patience_end look_at_head(struct patience *patience, const struct limits *limits,
                                      const struct patience_view *view)
{
    bool has_come = view->received > patience->received;

    if (has_come && patience->head_ms == PATIENCE_NEVER)
        patience->head_ms = view->now_ms;
    if (view->has_unread)
        return PATIENCE_LASTS;
    if (patience->head_ms != PATIENCE_NEVER && view->now_ms - patience->head_ms >= limits->head_ms)
        return has_come ? PATIENCE_ENDS_HEAD : PATIENCE_ENDS_IDLE;
    return view->now_ms - patience->since_ms >= limits->idle_ms ? PATIENCE_ENDS_IDLE : PATIENCE_LASTS;
}

static enum patience_end look_at_body(struct patience *patience, const struct limits *limits,
                                      const struct patience_view *view, int64_t elapsed_ms)
{
    if (view->has_unread)
        return PATIENCE_LASTS;
    patience->waited_ms += elapsed_ms;
    if (patience->waited_ms < limits->head_ms)
        return PATIENCE_LASTS;
    uint64_t least = limits->body_rate * (uint64_t)patience->waited_ms / 1000;
    return view->taken < least ? PATIENCE_ENDS_BODY : PATIENCE_LASTS;
}

enum patience_end patience_look(struct patience *patience, const struct limits *limits,
                                const struct patience_view *view)
{
    int64_t elapsed_ms = view->now_ms - patience->looked_ms;

    patience->looked_ms = view->now_ms;
    if (view->turn != patience->turn) {
        begin_turn(patience, view);
        elapsed_ms = 0;
    }
    switch (view->what) {
    case PATIENCE_FOR_HEAD:
        return look_at_head(patience, limits, view);
    case PATIENCE_FOR_BODY:
        return look_at_body(patience, limits, view, elapsed_ms);
    case PATIENCE_FOR_NOTHING:
        break;
    }
    return PATIENCE_LASTS;
}

int64_t patience_every_ms(const struct limits *limits)
{
    int64_t every_ms = (limits->head_ms < limits->idle_ms ? limits->head_ms : limits->idle_ms) / SHARE;

    if (every_ms > EVERY_MAX_MS)
        return EVERY_MAX_MS;
    return every_ms > EVERY_MIN_MS ? every_ms : EVERY_MIN_MS;
}
