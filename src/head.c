/*
 * Little is understood here: the names and values of headers are WebDAV's to judge.
 */
#include "src/head.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A refused body up to this size is read and thrown away; a client that announced more, or asked first,
 * gets its answer at once. */
#define SWALLOW_MAX (1024 * 1024)

struct collection {
    struct head *head;
    apr_pool_t *pool;
};

/* libmicrohttpd adds a folded line to the header's name (webdav/begin.c refuses all such). Where the body
 * ends is then anybody's guess, also after an answer that does not come from there. */
static bool is_folded(const char *name, const char *header)
{
    size_t len = strlen(header);
    return strncasecmp(name, header, len) == 0 && name[len];
}

static enum MHD_Result collect(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct collection *c = cls;
    (void)kind;
    c->head->is_framing_odd |= is_folded(name, "Content-Length") || is_folded(name, "Transfer-Encoding");
    apr_table_addn(c->head->headers, apr_pstrdup(c->pool, name), apr_pstrdup(c->pool, value ? value : ""));
    return MHD_YES;
}

static int count_one(void *count, const char *name, const char *value)
{
    (void)name, (void)value;
    ++*(int *)count;
    return 1;
}

/* RFC 9112 6.3: a length said twice, or in two ways, is what requests are smuggled with; 6.1: so is a coding
 * that who speaks HTTP/1.0 does not know. */
static bool has_odd_framing(const struct head *head)
{
    int lengths = 0, codings = 0;
    apr_table_do(count_one, &lengths, head->headers, "Content-Length", NULL);
    apr_table_do(count_one, &codings, head->headers, "Transfer-Encoding", NULL);
    return lengths + codings > 1 || (codings && !head->http_1_1);
}

static bool announces_body(const apr_table_t *headers)
{
    const char *length = apr_table_get(headers, "Content-Length");
    return apr_table_get(headers, "Transfer-Encoding") || (length && strspn(length, "0") != strlen(length));
}

bool head_peer(struct MHD_Connection *connection, struct address *out)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info && address_of_socket(info->client_addr, out);
}

/* Who asks, and whether what came of a proxy may be believed at all. */
static void find_client(struct head *head, apr_pool_t *pool, struct MHD_Connection *connection,
                        const struct address_list *trusted)
{
    char text[INET6_ADDRSTRLEN];
    struct address peer;

    head->client = "";
    if (!head_peer(connection, &peer))
        return;
    head->address = peer;
    if (address_is_in(&peer, trusted)) {
        const char *forwarded = apr_table_getm(pool, head->headers, "X-Forwarded-For");
        head->address = address_behind(&peer, forwarded, trusted);
    } else if (trusted->count) {
        apr_table_unset(head->headers, "X-Forwarded-Host");
        apr_table_unset(head->headers, "X-Forwarded-Proto");
    }
    head->client = apr_pstrdup(pool, address_text(&head->address, text));
}

void head_read(struct head *head, apr_pool_t *pool, struct MHD_Connection *connection, const char *method,
               const char *target, const char *version, const struct address_list *trusted)
{
    struct collection collection = { .head = head, .pool = pool };

    *head = (struct head){ .method = apr_pstrdup(pool, method),
                           .target = target,
                           .headers = apr_table_make(pool, 16),
                           .http_1_1 = strcmp(version, MHD_HTTP_VERSION_1_1) == 0 };
    MHD_get_connection_values(connection, MHD_HEADER_KIND, collect, &collection);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    head->size = info ? info->header_size : 0;
    const char *expect = apr_table_get(head->headers, "Expect");
    head->agent = apr_table_get(head->headers, "User-Agent");
    head->referer = apr_table_get(head->headers, "Referer");
    find_client(head, pool, connection, trusted);
    head->has_body = announces_body(head->headers);
    head->expects_something = expect && *expect;
    head->is_framing_odd |= has_odd_framing(head);
}

bool head_only_reads(const struct head *head)
{
    static const char *const names[] = { "GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(head->method, names[i]) == 0)
            return true;
    return false;
}

static bool announces_more_than(const struct head *head, const char *header, long long max)
{
    const char *length = apr_table_get(head->headers, header);
    return length && strtoll(length, NULL, 10) > max;
}

bool head_leaves_body(const struct head *head)
{
    return head->expects_something || announces_more_than(head, "Content-Length", SWALLOW_MAX) ||
           announces_more_than(head, "X-Expected-Entity-Length", HEAD_SWALLOW_CHUNKED_MAX);
}
