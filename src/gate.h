/*
 * What is answered before it is asked who asks: what no name and no password helps, and pages that need none.
 *
 *   a change that a page of another site asks for (browser.h), unless it may (cors.h)
 *   a preflight of one that may
 *   /.holdfast/health    200, or 503 where the server is about to stop or something is wrong (health.h)
 *   /.holdfast/metrics   to whom it may concern (metricspage.h)
 *
 * Threads: the connection's.
 */
#ifndef HOLDFAST_GATE_H
#define HOLDFAST_GATE_H

#include <microhttpd.h>

#include "src/pages.h"
#include "src/server.h"

struct gate {
    struct server *server;
    const struct options *options; /* of this request */
    struct MHD_Connection *connection;
    const struct head *head;
    struct page *page; /* in, out: one that is not there for who asks becomes PAGE_NONE */
};

/* The answer, in the pool; NULL: there is none yet. */
struct dav_reply *gate_answer(const struct gate *gate, apr_pool_t *pool);

#endif
