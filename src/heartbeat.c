/*
 * Beats are counted from the last one that was sent, not from a grid: a connection that could not
 * be served in time must not get two in a row.
 */
#include "src/heartbeat.h"

enum beat heartbeat_policy(enum heartbeat_mode mode, const struct heartbeat_client *client)
{
    if (mode == HEARTBEAT_OFF || !client->http_1_1)
        return BEAT_NONE;
    return BEAT_INTERIM;
}

int64_t heartbeat_due_ms(const struct heartbeat *heartbeat)
{
    if (heartbeat->kind == BEAT_NONE)
        return INT64_MAX;
    return heartbeat->last_ms + heartbeat->interval_ms;
}

bool heartbeat_is_due(const struct heartbeat *heartbeat, int64_t now_ms)
{
    return heartbeat_due_ms(heartbeat) <= now_ms;
}

void heartbeat_was_sent(struct heartbeat *heartbeat, int64_t now_ms)
{
    heartbeat->last_ms = now_ms;
}
