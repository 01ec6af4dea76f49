/*
 * OPTIONS (RFC 4918 9.1, 10.1, 18): what clients look at before they mount.
 *
 * A resource that is not there gets its answer too: clients ask before they create.
 */
#include "webdav/method.h"
#include "webdav/rights.h"

void options_run(struct dav_request *r)
{
    /* Without LOCK no class 2 (18.2): clients would try, and fail when they save. But they ask where they
     * mount, and take a folder without it for read-only with all that is below. */
    bool can_lock = r->config->leads_on || (!r->config->read_only && rights_allow_some(r));

    reply_status(r, 200);
    reply_header(r, "DAV", can_lock ? "1, 2, 3" : "1, 3");
    /* neon sets Apache's executable property only where this is said; a line of its own keeps the
     * classes readable for those who compare the whole value. */
    apr_table_addn(r->reply.headers, "DAV", "<http://apache.org/dav/propset/fs/1>");
    reply_header(r, "Allow", method_allow(r));
    reply_header(r, "MS-Author-Via", "DAV"); /* Office and Explorer open for writing only with it */
    reply_header(r, "Accept-Ranges", "bytes");
}
