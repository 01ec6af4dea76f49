/*
 * No worker is kept busy with doing nothing: an alarm ends it. Ten thousand of them are how the
 * liveness of waiting connections is measured.
 */
#include "src/slow.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/options.h"
#include "src/registry.h"
#include "webdav/multistatus.h"

#define SLOW_HREF "/.holdfast/slow" /* whatever the target was spelled like */
#define FOR_MS    10000
#define LOOK_MS   1000 /* a stop is noticed so soon */
#define COUNT_MAX 10000
#define PATIENCE  10 /* for beats that are late, in parts of a heartbeat */
#define TEXT_MAX  1024
#define MS        1000.0 /* in a second */

struct slow {
    struct alarm alarm; /* first: what ring() gets */
    struct timer *timer;
    struct slow_plan plan;
    struct slow_facts facts;
    struct operation *operation;
    int64_t started_ms, ends_ms;
    atomic_bool is_stopped;
    apr_pool_t *pool; /* of the reply; NULL before it */
    struct dav_reply reply;
    char strings[]; /* of the identity and the rule */
};

/* ---- the query ---- */

static bool parse_mode(const char *value, struct slow_plan *out)
{
    static const struct {
        const char *name;
        enum beat mode;
    } modes[] = {
        { "interim", BEAT_INTERIM },
        { "multistatus", BEAT_MULTISTATUS },
        { "silent", BEAT_NONE },
    };
    if (strcmp(value, "auto") == 0)
        return true;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(value, modes[i].name) == 0) {
            out->has_mode = true;
            out->mode = modes[i].mode;
            return true;
        }
    }
    return false;
}

static bool parse_count(const char *value, unsigned *out)
{
    char *end;
    unsigned long count = strtoul(value, &end, 10);
    if (end == value || *end || *value == '-' || count > COUNT_MAX)
        return false;
    *out = (unsigned)count;
    return true;
}

static bool parse_one(const char *name, const char *value, struct slow_plan *out)
{
    if (strcmp(name, "for") == 0)
        return options_parse_seconds(value, 0, SLOW_MAX_MS, &out->for_ms);
    if (strcmp(name, "every") == 0)
        return options_parse_seconds(value, 10, SLOW_MAX_MS, &out->every_ms);
    if (strcmp(name, "mode") == 0)
        return parse_mode(value, out);
    if (strcmp(name, "interims") == 0)
        return parse_count(value, &out->interims);
    return true; /* what others add to URLs is none of our business */
}

bool slow_parse(apr_pool_t *pool, const char *target, int64_t every_ms, struct slow_plan *out,
                const char **out_message)
{
    const char *query = strchr(target, '?');
    char *text = apr_pstrdup(pool, query ? query + 1 : ""), *state;

    *out = (struct slow_plan){ .for_ms = FOR_MS, .every_ms = every_ms };
    for (char *name = apr_strtok(text, "&", &state); name; name = apr_strtok(NULL, "&", &state)) {
        char *value = strchr(name, '=');
        if (value)
            *value++ = '\0';
        if (!parse_one(name, value ? value : "", out)) {
            *out_message = apr_psprintf(pool, "%.20s: bad value\n", name);
            return false;
        }
    }
    /* More than an hour is nonsense in any case. */
    if (out->interims && out->every_ms > SLOW_MAX_MS / (out->interims + 1)) {
        *out_message = "interims: too many at this interval\n";
        return false;
    }
    if (out->interims) /* between the last beat and the one that would follow */
        out->for_ms = out->every_ms * out->interims + out->every_ms * 7 / 10;
    return true;
}

/* ---- life ---- */

static const char *store(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);
    *at += size;
    return copy;
}

/* One block for all of it: this is also what ten thousand waiting connections are measured with. */
struct slow *slow_new(struct timer *timer, const struct slow_plan *plan, const struct slow_facts *facts,
                      const struct operation_identity *identity, struct operation_identity *out_identity)
{
    *out_identity = (struct operation_identity){ .user = NULL };
    size_t target_size = strcspn(identity->target, "?") + 1;
    if (target_size > TEXT_MAX)
        target_size = TEXT_MAX;
    size_t key_size = strlen(identity->user) + strlen(identity->method) + strlen(identity->target) + 3;
    size_t size = strlen(identity->user) + strlen(identity->client) + strlen(identity->method) +
                  strlen(facts->rule) + 4 + key_size + target_size;
    struct slow *slow = calloc(1, sizeof *slow + size);
    if (!slow)
        abort();
    char *at = slow->strings;
    slow->timer = timer;
    slow->plan = *plan;
    slow->facts = *facts;
    slow->facts.rule = store(&at, facts->rule);
    out_identity->user = store(&at, identity->user);
    out_identity->client = store(&at, identity->client);
    out_identity->method = store(&at, identity->method);
    out_identity->key = at;
    at += snprintf(at, key_size, "%s\n%s\n%s", identity->user, identity->method, identity->target) + 1;
    out_identity->target = at;
    out_identity->is_joinable = true;
    apr_cpystrn(at, identity->target, target_size);
    return slow;
}

void slow_bind(struct slow *slow, struct operation *op)
{
    slow->operation = op;
}

void slow_free(struct slow *slow)
{
    if (!slow)
        return;
    if (slow->pool)
        apr_pool_destroy(slow->pool);
    free(slow);
}

void slow_stop(struct slow *slow)
{
    atomic_store(&slow->is_stopped, true);
}

/* ---- the end ---- */

static void make_reply(struct slow *slow, int64_t now_ms)
{
    bool is_whole = !atomic_load(&slow->is_stopped);
    json_t *json = json_pack(
        "{s:i, s:f, s:s, s:b, s:s}", "interims", (int)atomic_load(&slow->operation->beats), "seconds",
        (double)(now_ms - slow->started_ms) / MS, "http", slow->facts.http_1_1 ? "1.1" : "1.0", "proxy_marks",
        (int)slow->facts.has_proxy_marks, "rule", slow->facts.rule);
    char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(6));

    if (!text || apr_pool_create_unmanaged_ex(&slow->pool, NULL, NULL) != APR_SUCCESS)
        abort();
    slow->reply = (struct dav_reply){ .status = is_whole ? 200 : 503,
                                      .headers = apr_table_make(slow->pool, 4),
                                      .kind = DAV_BUFFER,
                                      .data = apr_pstrcat(slow->pool, text, "\n", NULL),
                                      .size = strlen(text) + 1,
                                      .fd = -1 };
    apr_table_setn(slow->reply.headers, "Content-Type", "application/json");
    apr_table_setn(slow->reply.headers, "Cache-Control", "no-store");
    free(text);
    json_decref(json);
}

/* So many were asked for, and the machine was late with one of them. */
static bool lacks_beats(const struct slow *slow, int64_t now_ms)
{
    const struct slow_plan *plan = &slow->plan;
    return plan->interims && slow->facts.gets_beats &&
           atomic_load(&slow->operation->beats) < plan->interims &&
           now_ms < slow->ends_ms + PATIENCE * plan->every_ms;
}

static int64_t ring(struct alarm *alarm)
{
    struct slow *slow = (struct slow *)alarm;
    int64_t now_ms = timer_now_ms();

    if (!atomic_load(&slow->is_stopped)) {
        if (now_ms < slow->ends_ms)
            return now_ms + LOOK_MS < slow->ends_ms ? now_ms + LOOK_MS : slow->ends_ms;
        if (lacks_beats(slow, now_ms))
            return now_ms + 1 + slow->plan.every_ms / PATIENCE;
    }
    if (!slow->pool)
        make_reply(slow, now_ms);
    bool has_ended = registry_end(slow->operation->registry, slow->operation); /* may free it */
    return has_ended ? TIMER_NEVER : now_ms + 1;
}

void slow_start(struct slow *slow)
{
    slow->alarm.ring = ring;
    atomic_store(&slow->operation->is_running, true);
    slow->started_ms = timer_now_ms();
    slow->ends_ms = slow->started_ms + slow->plan.for_ms;
    int64_t first_ms = slow->started_ms + LOOK_MS;
    timer_set(slow->timer, &slow->alarm, first_ms < slow->ends_ms ? first_ms : slow->ends_ms);
}

struct dav_reply *slow_reply(struct slow *slow)
{
    return &slow->reply;
}

void slow_multistatus(struct slow *slow, struct buffer *out)
{
    multistatus_begin_inside(out);
    multistatus_status(out, SLOW_HREF, slow->reply.status, CONDITION_NONE);
    multistatus_end(out);
}
