/*
 * Whoever may not see a page hears what he would hear of any name that does not exist.
 */
#include "src/gate.h"

#include <string.h>

#include "src/metricspage.h"

static struct dav_reply *answer_metrics(struct server *server, apr_pool_t *pool)
{
    struct dav_reply *reply = page_text(pool, 200, "");

    reply->data = metricspage_text(server, pool, &reply->size);
    apr_table_setn(reply->headers, "Content-Type", METRICSPAGE_TYPE);
    return reply;
}

struct dav_reply *gate_answer(const struct gate *gate, apr_pool_t *pool)
{
    struct page *page = gate->page;

    if (page->kind == PAGE_METRICS &&
        !metricspage_is_for(&gate->options->metrics_from, gate->connection, gate->head))
        page->kind = PAGE_NONE;
    if (page->kind != PAGE_METRICS)
        return NULL;
    if (!page_is_read(gate->head))
        return page_not_allowed(pool, "GET, HEAD, OPTIONS", gate->head);
    return answer_metrics(gate->server, pool);
}
