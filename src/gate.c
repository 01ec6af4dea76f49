/*
 * Whoever may not see a page hears what he would hear of any name that does not exist.
 */
#include "src/gate.h"

#include <string.h>

#include "src/browser.h"
#include "src/cors.h"
#include "src/metrics.h"
#include "src/metricspage.h"

#define RETRY_SECONDS "5"

static struct dav_reply *answer_metrics(struct server *server, apr_pool_t *pool)
{
    struct dav_reply *reply = page_text(pool, 200, "");

    reply->data = metricspage_text(server, pool, &reply->size);
    apr_table_setn(reply->headers, "Content-Type", METRICSPAGE_TYPE);
    return reply;
}

static struct dav_reply *answer_health(const struct server *server, apr_pool_t *pool)
{
    static const char *const texts[] = { "{\"status\":\"ok\"}\n", "{\"status\":\"stopping\"}\n",
                                         "{\"status\":\"failing\"}\n" };
    unsigned which = atomic_load(&server->draining) ? 1 : health_is_good(server->health) ? 0 : 2;
    struct dav_reply *reply = page_text(pool, which ? 503 : 200, texts[which]);

    apr_table_setn(reply->headers, "Content-Type", "application/json");
    if (which)
        apr_table_setn(reply->headers, "Retry-After", RETRY_SECONDS);
    return reply;
}

static struct dav_reply *answer_page(const struct gate *gate, apr_pool_t *pool)
{
    struct page *page = gate->page;

    if (page->kind == PAGE_METRICS &&
        !metricspage_is_for(&gate->options->metrics_from, gate->connection, gate->head))
        page->kind = PAGE_NONE;
    if (page->kind != PAGE_METRICS && page->kind != PAGE_HEALTH)
        return NULL;
    if (!page_is_read(gate->head))
        return page_not_allowed(pool, "GET, HEAD, OPTIONS", gate->head);
    return page->kind == PAGE_HEALTH ? answer_health(gate->server, pool) : answer_metrics(gate->server, pool);
}

static struct dav_reply *refuse_foreign(apr_pool_t *pool)
{
    metrics_count(METRIC_ORIGINS_REFUSED);
    return page_text(pool, 403, "A page of another site asked for this change.\n");
}

struct dav_reply *gate_answer(const struct gate *gate, apr_pool_t *pool)
{
    const struct cors_origins *origins = &gate->options->origins;
    bool is_tls = gate->server->front->tls != NULL;

    if (browser_is_foreign_change(gate->head, is_tls, gate->options->trust_forwarded) &&
        !cors_origin(origins, gate->head))
        return refuse_foreign(pool);
    struct dav_reply *preflight = cors_preflight(origins, gate->head, pool);
    return preflight ? preflight : answer_page(gate, pool);
}
