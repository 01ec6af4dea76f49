/*
 * The grid is kept by remembering when the last beat was due instead of when it went out.
 */
#include "src/heartbeat.h"

int64_t heartbeat_due_ms(const struct heartbeat *heartbeat)
{
    bool is_used_up = heartbeat->cap && heartbeat->sent >= heartbeat->cap;

    if (heartbeat->kind == BEAT_NONE || is_used_up)
        return INT64_MAX;
    return heartbeat->last_ms + heartbeat->interval_ms;
}

bool heartbeat_is_due(const struct heartbeat *heartbeat, int64_t now_ms)
{
    return heartbeat_due_ms(heartbeat) <= now_ms;
}

void heartbeat_was_sent(struct heartbeat *heartbeat, int64_t now_ms)
{
    int64_t due_ms = heartbeat->last_ms + heartbeat->interval_ms;
    bool is_on_grid = now_ms >= due_ms && now_ms - due_ms <= heartbeat->interval_ms / 2;

    heartbeat->last_ms = is_on_grid ? due_ms : now_ms;
    heartbeat->sent++;
}
