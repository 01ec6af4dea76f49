/*
 * /.holdfast/metrics: the counters (metrics.h), and what is looked up when it is asked for, for Prometheus.
 *
 * It asks for no password, so it is only for who asks from the addresses of --metrics-from, by default from this
 * machine. Behind a proxy the address is the client's, if the proxy is a trusted one; a request that has come
 * through any other is nobody's that we know, whatever address it comes from. To others the page is not there.
 *
 * Threads: the connection's; nothing here waits for a disk.
 */
#ifndef HOLDFAST_METRICSPAGE_H
#define HOLDFAST_METRICSPAGE_H

#include <apr_pools.h>
#include <microhttpd.h>

#include "src/head.h"
#include "src/server.h"

#define METRICSPAGE_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* `from`: --metrics-from; empty: this machine. */
bool metricspage_is_for(const struct address_list *from, struct MHD_Connection *connection,
                        const struct head *head);

/* Of *out_size bytes, in the pool. */
const char *metricspage_text(struct server *server, apr_pool_t *pool, size_t *out_size);

#endif
