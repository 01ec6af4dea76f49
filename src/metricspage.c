/*
 * The page is some 20 KiB and is made anew for each who asks; scrapers do so every few seconds.
 */
#include "src/metricspage.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "src/limitlog.h"
#include "src/metrics.h"
#include "src/shares.h"
#include "src/vitals.h"

#define PAGE_MAX (1024 * 1024) /* the table of statuses cannot fill it */

/* ---- who may read it ---- */

/* Is the address that of who asks, and not of some proxy? */
static bool is_own_address(struct MHD_Connection *connection, const struct head *head)
{
    struct address peer;

    return head_peer(connection, &peer) &&
           (!clients_has_proxy_marks(head->headers) || memcmp(&peer, &head->address, sizeof peer) != 0);
}

bool metricspage_is_for(const struct address_list *from, struct MHD_Connection *connection,
                        const struct head *head)
{
    if (!is_own_address(connection, head))
        return false;
    return from->count ? address_is_in(&head->address, from) : address_is_loopback(&head->address);
}

/* ---- what is in it ---- */

static void put(struct buffer *out, const char *name, const char *type, const char *help, double value)
{
    metrics_begin(out, name, type, help);
    metrics_value(out, name, "", value);
}

static void write_process(struct buffer *out)
{
    struct vitals v;

    vitals_read(&v);
    metrics_begin(out, "holdfast_build_info", "gauge", "Always 1; the label says what runs.");
    metrics_value(out, "holdfast_build_info", "{version=\"" HOLDFAST_VERSION "\"}", 1);
    put(out, "holdfast_uptime_seconds", "gauge", "Since the start.", v.uptime_s);
    put(out, "process_start_time_seconds", "gauge", "When the process was started, since 1970.", v.started_s);
    put(out, "process_cpu_seconds_total", "counter", "User and system time used.", v.cpu_s);
    put(out, "process_resident_memory_bytes", "gauge", "Memory in use.", v.resident_bytes);
    put(out, "process_virtual_memory_bytes", "gauge", "Address space in use.", v.virtual_bytes);
    put(out, "process_threads", "gauge", "Threads.", v.threads);
    if (v.open_files >= 0)
        put(out, "process_open_fds", "gauge", "Open descriptors.", v.open_files);
    put(out, "process_max_fds", "gauge", "How many descriptors there may be.", v.max_files);
}

static void write_jobs(struct buffer *out, struct server *server)
{
    struct registry_counts counts;

    registry_count(server->registry, &counts);
    metrics_begin(out, "holdfast_jobs", "gauge",
                  "Operations: that wait for a worker, run, or are over and kept.");
    metrics_value(out, "holdfast_jobs", "{state=\"waiting\"}", counts.waiting);
    metrics_value(out, "holdfast_jobs", "{state=\"running\"}", counts.running);
    metrics_value(out, "holdfast_jobs", "{state=\"kept\"}", counts.kept);
}

static void write_queues(struct buffer *out, struct server *server)
{
    static const char *const labels[JOB_LANES] = {
        [JOB_SHORT] = "{lane=\"short\"}",   [JOB_CHANGE] = "{lane=\"change\"}",
        [JOB_UPLOAD] = "{lane=\"upload\"}", [JOB_LONG] = "{lane=\"long\"}",
        [JOB_VERIFY] = "{lane=\"verify\"}", [JOB_NOTE] = "{lane=\"note\"}",
    };
    metrics_begin(out, "holdfast_queued", "gauge", "What waits for a worker, by the kind of work.");
    for (unsigned lane = 0; lane < JOB_LANES; lane++)
        metrics_value(out, "holdfast_queued", labels[lane], job_waiting(server->engine, (enum job_lane)lane));
}

static void write_limits(struct buffer *out)
{
    const char *name;
    uint64_t count;

    metrics_begin(out, "holdfast_limit_hits_total", "counter",
                  "What was refused or ended because of the limit of that name.");
    for (unsigned i = 0; (name = limitlog_count(i, &count)); i++) {
        char labels[80];
        snprintf(labels, sizeof labels, "{limit=\"%s\"}", name);
        metrics_value(out, "holdfast_limit_hits_total", labels, (double)count);
    }
}

static size_t count_locks(const struct shares *shares)
{
    size_t count = 0;

    for (unsigned i = 0; i < shares->count; i++)
        count += dav_lock_count(shares->list[i].dav);
    return count;
}

static void write_server(struct buffer *out, struct server *server)
{
    uint64_t closed =
        metrics_read(METRIC_CONNECTIONS_CLOSED); /* first, so that the difference is never below 0 */

    put(out, "holdfast_connections", "gauge", "Connections that are open.",
        (double)(metrics_read(METRIC_CONNECTIONS_OPENED) - closed));
    put(out, "holdfast_requests_running", "gauge", "Requests that have no whole answer yet.",
        atomic_load(&server->transactions));
    put(out, "holdfast_locks", "gauge", "Locks, those included that have run out and were not met since.",
        (double)count_locks(server->shares));
    write_jobs(out, server);
    write_queues(out, server);
}

const char *metricspage_text(struct server *server, apr_pool_t *pool, size_t *out_size)
{
    struct buffer out;

    buffer_init(&out, PAGE_MAX);
    write_process(&out);
    write_server(&out, server);
    write_limits(&out);
    metrics_write(&out);
    const char *text = apr_pmemdup(pool, out.data, out.size);
    *out_size = out.size;
    buffer_release(&out);
    return text;
}
