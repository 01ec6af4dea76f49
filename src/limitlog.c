/*
 * Who comes first after the pause writes the line: one compare-and-swap decides that.
 */
#include "src/limitlog.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "src/log.h"
#include "src/timer.h"

static struct {
    const char *const name;
    atomic_uint_fast64_t count, told; /* told: the count at the last line */
    _Atomic int64_t next_ms;          /* no line before */
} limits[] = {
    { .name = "max-connections" },
    { .name = "max-connections-per-address" },
    { .name = "max-header" },
    { .name = "max-url" },
    { .name = "head-timeout" },
    { .name = "body-rate" },
    { .name = "max-upload" },
    { .name = "max-xml" },
    { .name = "max-xml-elements" },
    { .name = "max-xml-depth" },
    { .name = "max-property" },
    { .name = "max-properties" },
    { .name = "max-locks-per-user" },
    { .name = "max-locks-per-resource" },
    { .name = "max-queued-jobs-per-user" },
};
enum { COUNT = sizeof limits / sizeof limits[0] };

void limitlog_met(const char *limit, const char *client)
{
    unsigned i = 0;
    while (i < COUNT && strcmp(limits[i].name, limit) != 0)
        i++;
    assert(i < COUNT);

    uint64_t count = atomic_fetch_add(&limits[i].count, 1) + 1;
    int64_t now_ms = timer_now_ms(), next_ms = atomic_load(&limits[i].next_ms);
    if (now_ms < next_ms ||
        !atomic_compare_exchange_strong(&limits[i].next_ms, &next_ms, now_ms + LIMITLOG_EVERY_MS))
        return;
    uint64_t untold = count - atomic_exchange(&limits[i].told, count) - 1;
    const char *who = client && *client ? client : "a client";
    if (untold)
        log_warning("%s is over --%s, after %" PRIu64 " others since the last such line", who, limit, untold);
    else
        log_warning("%s is over --%s", who, limit);
}

const char *limitlog_count(unsigned index, uint64_t *out_count)
{
    if (index >= COUNT)
        return NULL;
    *out_count = atomic_load(&limits[index].count);
    return limits[index].name;
}
