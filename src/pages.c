/*
 * The representations themselves are made in jobview.c and jobpage.c; here is what HTTP puts around them.
 */
#include "src/pages.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "src/jobpage.h"
#include "src/jobview.h"
#include "src/prefer.h"
#include "webdav/uri.h"

#define OWN_PREFIX    ".holdfast/"
#define OWNCLOUD_FORM "form=owncloud"

/* ---- which page ---- */

/* Decoding a path costs more than most requests can need; these bytes are in every spelling of ours. */
static bool may_be_ours(const char *target)
{
    return strstr(target, "holdfast") || strchr(target, '%');
}

struct page page_find(apr_pool_t *pool, const char *target, bool has_diagnostics)
{
    const struct uri_self anybody = { .host = NULL };
    const struct page none = { .kind = PAGE_NONE };
    const char *path;
    bool slash;

    if (!may_be_ours(target) || uri_to_path(pool, uri_merge_slashes(target), &anybody, &path, &slash) != 0 ||
        strncmp(path, OWN_PREFIX, sizeof OWN_PREFIX - 1) != 0)
        return none;
    path += sizeof OWN_PREFIX - 1;
    if (strcmp(path, "jobs") == 0)
        return (struct page){ .kind = PAGE_JOBS };
    if (strcmp(path, "health") == 0)
        return (struct page){ .kind = PAGE_HEALTH };
    if (strcmp(path, "metrics") == 0)
        return (struct page){ .kind = PAGE_METRICS };
    if (strncmp(path, "jobs/", 5) == 0 && !strchr(path + 5, '/'))
        return (struct page){ .kind = PAGE_JOB, .id = path + 5 };
    if (strcmp(path, "slow") == 0 && has_diagnostics)
        return (struct page){ .kind = PAGE_SLOW };
    return none;
}

/* ---- replies ---- */

static struct dav_reply *new_reply(apr_pool_t *pool, int status, const char *type, const char *data,
                                   size_t size)
{
    struct dav_reply *reply = apr_pcalloc(pool, sizeof *reply);
    reply->status = status;
    reply->headers = apr_table_make(pool, 8);
    reply->kind = DAV_BUFFER;
    reply->data = data;
    reply->size = size;
    reply->fd = -1;
    apr_table_setn(reply->headers, "Content-Type", type);
    apr_table_setn(reply->headers, "Cache-Control", "no-store");
    return reply;
}

struct dav_reply *page_text(apr_pool_t *pool, int status, const char *text)
{
    return new_reply(pool, status, "text/plain; charset=utf-8", text, strlen(text));
}

static const char *take(apr_pool_t *pool, char *text, size_t size)
{
    if (!text)
        abort();
    const char *copy = apr_pmemdup(pool, text, size);
    free(text);
    return copy;
}

static struct dav_reply *json_reply(apr_pool_t *pool, int status, char *json, size_t size)
{
    return new_reply(pool, status, JOB_VIEW_TYPE, take(pool, json, size), size);
}

static struct dav_reply *html_reply(apr_pool_t *pool, char *html, size_t size)
{
    struct dav_reply *reply = new_reply(pool, 200, JOB_PAGE_TYPE, take(pool, html, size), size);
    apr_table_setn(reply->headers, "Content-Security-Policy", JOB_PAGE_POLICY);
    return reply;
}

static bool wants_html(const struct head *head)
{
    return accept_wants_html(apr_table_get(head->headers, "Accept"));
}

bool page_is_read(const struct head *head)
{
    return strcmp(head->method, "GET") == 0 || strcmp(head->method, "HEAD") == 0;
}

struct dav_reply *page_not_allowed(apr_pool_t *pool, const char *allow, const struct head *head)
{
    bool is_question = strcmp(head->method, "OPTIONS") == 0;
    struct dav_reply *reply =
        is_question
            ? page_text(pool, 200, "")
            : page_text(pool, 405,
                        "This is a page to be read; a job's page can be deleted, which cancels the job.\n");
    apr_table_setn(reply->headers, "Allow", allow);
    return reply;
}

/* ---- the list ---- */

static struct dav_reply *answer_list(struct registry *registry, apr_pool_t *pool, const struct head *head,
                                     const char *user)
{
    struct job_view *views;
    size_t size;

    if (!page_is_read(head))
        return page_not_allowed(pool, "GET, HEAD, OPTIONS", head);
    size_t count = registry_list(registry, user, pool, &views);
    struct dav_reply *reply;
    if (wants_html(head)) {
        char *html = job_page_list_html(views, count, user, &size);
        reply = html_reply(pool, html, size);
    } else {
        char *json = job_view_list_json(views, count, &size);
        reply = json_reply(pool, 200, json, size);
    }
    apr_table_setn(reply->headers, "Vary", "Accept");
    return reply;
}

/* ---- one job ---- */

static void add_retry_after(apr_pool_t *pool, struct dav_reply *reply, const struct job_view *view)
{
    if (view->retry_after)
        apr_table_setn(reply->headers, "Retry-After", apr_psprintf(pool, "%u", view->retry_after));
}

static bool has_parameter(const char *target, const char *wanted)
{
    const char *at = strchr(target, '?');
    size_t len = strlen(wanted);
    for (; at; at = strchr(at + 1, '&'))
        if (strncmp(at + 1, wanted, len) == 0 && (at[1 + len] == '\0' || at[1 + len] == '&'))
            return true;
    return false;
}

static struct dav_reply *show(apr_pool_t *pool, const struct head *head, const struct job_view *view)
{
    struct dav_reply *reply;
    size_t size;

    if (has_parameter(head->target, OWNCLOUD_FORM)) {
        char *json = job_view_owncloud(view, &size);
        reply = json_reply(pool, 200, json, size);
    } else if (wants_html(head)) {
        char *html = job_page_html(view, &size);
        reply = html_reply(pool, html, size);
    } else {
        char *json = job_view_json(view, &size);
        reply = json_reply(pool, 200, json, size);
    }
    apr_table_setn(reply->headers, "Vary", "Accept");
    add_retry_after(pool, reply, view);
    return reply;
}

/* It ends soon, with the destination as it was; how it did end is told by its page. */
static struct dav_reply *cancel(struct registry *registry, apr_pool_t *pool, struct operation *op,
                                const struct job_waiter *held, const struct job_view *view)
{
    size_t size;
    bool was_over = job_view_has_ended(view);

    if (!was_over)
        registry_cancel(registry, op, held);
    char *json = job_view_json(view, &size);
    struct dav_reply *reply = json_reply(pool, was_over ? 409 : 202, json, size);
    add_retry_after(pool, reply, view);
    return reply;
}

static struct dav_reply *answer_job(struct registry *registry, apr_pool_t *pool, const struct page *page,
                                    const struct head *head, const char *user)
{
    struct job_waiter waiter = { .done = NULL };
    struct dav_reply *reply;
    struct job_view view;

    struct operation *op = registry_hold(registry, user, page->id, &waiter);
    if (!op)
        return page_text(pool, 404, "There is no such job, or it has ended long ago.\n");
    registry_view(registry, op, pool, &view);
    if (strcmp(head->method, "DELETE") == 0)
        reply = cancel(registry, pool, op, &waiter, &view);
    else if (page_is_read(head))
        reply = show(pool, head, &view);
    else
        reply = page_not_allowed(pool, "GET, HEAD, DELETE, OPTIONS", head);
    job_leave(&waiter);
    return reply;
}

struct dav_reply *page_answer(struct registry *registry, apr_pool_t *pool, const struct page *page,
                              const struct head *head, const char *user)
{
    if (page->kind == PAGE_JOBS)
        return answer_list(registry, pool, head, user);
    return answer_job(registry, pool, page, head, user);
}

/* ---- 202 ---- */

struct dav_reply *page_accepted(struct registry *registry, apr_pool_t *pool, struct operation *op,
                                bool is_lazy)
{
    struct job_view view;
    size_t size;

    registry_view(registry, op, pool, &view);
    char *json = is_lazy ? job_view_owncloud(&view, &size) : job_view_json(&view, &size);
    struct dav_reply *reply = json_reply(pool, 202, json, size);
    if (is_lazy)
        apr_table_setn(reply->headers, "OC-JobStatus-Location",
                       apr_pstrcat(pool, view.status_uri, "?" OWNCLOUD_FORM, NULL));
    else
        apr_table_setn(reply->headers, "Preference-Applied", "respond-async");
    apr_table_setn(reply->headers, "Location", view.status_uri);
    add_retry_after(pool, reply, &view);
    return reply;
}
