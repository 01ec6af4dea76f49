/*
 * The table, and the headers that several methods share.
 *
 * What a method is allowed on is told in one column, so that Allow, 405 and what really works
 * cannot drift apart.
 */
#include "webdav/method.h"

#include <apr_strings.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "webdav/rights.h"

#define ON_RESOURCE (ON_FILE | ON_COLLECTION | ON_ROOT)
#define ON_ANY      (ON_MISSING | ON_RESOURCE)

static const struct dav_method methods[] = {
    { .name = "OPTIONS", .body = BODY_IGNORE, .allowed_on = ON_ANY, .quick = true, .run = options_run },
    { .name = "GET",
      .body = BODY_IGNORE,
      .allowed_on = ON_RESOURCE,
      .quick = true,
      .opens = true,
      .run = get_run },
    { .name = "HEAD",
      .body = BODY_IGNORE,
      .allowed_on = ON_RESOURCE,
      .quick = true,
      .opens = true,
      .run = get_run },
    { .name = "PROPFIND",
      .body = BODY_XML,
      .allowed_on = ON_RESOURCE,
      .begin = propfind_begin,
      .run = propfind_run,
      .is_quick = propfind_is_quick,
      .is_long = propfind_is_long },
    { .name = "PUT",
      .body = BODY_UPLOAD,
      .allowed_on = ON_MISSING | ON_FILE,
      .writes = true,
      .changes = CHANGES_PATH,
      .joinable = true,
      .begin = put_begin,
      .run = put_run },
    { .name = "DELETE",
      .body = BODY_NONE,
      .allowed_on = ON_FILE | ON_COLLECTION,
      .writes = true,
      .unbinds = true,
      .changes = CHANGES_PATH,
      .joinable = true,
      .begin = delete_begin,
      .run = delete_run },
    { .name = "MKCOL",
      .body = BODY_NONE,
      .allowed_on = ON_MISSING,
      .writes = true,
      .changes = CHANGES_PATH,
      .begin = mkcol_begin,
      .run = mkcol_run },
    { .name = "COPY",
      .body = BODY_NONE,
      .allowed_on = ON_RESOURCE,
      .writes = true,
      .changes = CHANGES_DEST,
      .joinable = true,
      .begin = copymove_begin,
      .run = copy_run,
      .is_long = copymove_is_long },
    { .name = "MOVE",
      .body = BODY_NONE,
      .allowed_on = ON_FILE | ON_COLLECTION,
      .writes = true,
      .unbinds = true,
      .changes = CHANGES_PATH | CHANGES_DEST,
      .joinable = true,
      .begin = copymove_begin,
      .run = move_run,
      .is_long = copymove_is_long },
    { .name = "PROPPATCH",
      .body = BODY_XML,
      .allowed_on = ON_RESOURCE,
      .writes = true,
      .changes = CHANGES_PATH,
      .begin = proppatch_begin,
      .run = proppatch_run },
    { .name = "LOCK",
      .body = BODY_XML,
      .allowed_on = ON_ANY,
      .writes = true,
      .begin = lock_begin,
      .run = lock_run },
    { .name = "UNLOCK",
      .body = BODY_NONE,
      .allowed_on = ON_ANY, /* somebody may have removed the file behind our back */
      .writes = true,
      .begin = unlock_begin,
      .run = unlock_run },
};

#define METHOD_COUNT (sizeof methods / sizeof methods[0])

const struct dav_method *method_find(const char *name)
{
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    return NULL;
}

static unsigned where(const struct dav_request *r)
{
    if (!r->path)
        return ON_ANY;
    if (!r->exists)
        return ON_MISSING;
    if (!*r->path)
        return ON_ROOT;
    return r->st.type == FS_DIR ? ON_COLLECTION : ON_FILE;
}

const char *method_allow(const struct dav_request *r)
{
    const char *allow = "";

    for (size_t i = 0; i < METHOD_COUNT; i++) {
        const struct dav_method *method = &methods[i];
        if (!(method->allowed_on & where(r)) || (method->writes && r->config->read_only) ||
            !rights_allow(r, method))
            continue;
        allow = apr_pstrcat(r->pool, allow, *allow ? ", " : "", method->name, NULL);
    }
    return allow;
}

bool method_is_allowed(const struct dav_request *r)
{
    return (r->method->allowed_on & where(r)) != 0;
}

void method_not_allowed(struct dav_request *r)
{
    if (!r->exists) {
        reply_error(r, 404, "There is nothing here.");
    } else if (!*r->path && r->method->allowed_on & ON_COLLECTION) {
        reply_error(r, 403, "The root collection stays where it is.");
    } else {
        reply_error(r, 405, "%s is not possible on what is here.", r->method->name);
        reply_header(r, "Allow", method_allow(r));
    }
}

bool method_read_depth(const struct dav_request *r, enum dav_depth absent, enum dav_depth *out)
{
    const char *value = request_header(r, "Depth");

    if (!value)
        *out = absent;
    else if (strcmp(value, "0") == 0)
        *out = DEPTH_0;
    else if (strcmp(value, "1") == 0)
        *out = DEPTH_1;
    else if (strcasecmp(value, "infinity") == 0)
        *out = DEPTH_INFINITY;
    else
        return false;
    return true;
}

bool method_depth(struct dav_request *r, enum dav_depth absent, enum dav_depth *out)
{
    if (method_read_depth(r, absent, out))
        return true;
    reply_error(r, 400, "Depth is 0, 1 or infinity."); /* RFC 4918 10.2 */
    return false;
}

bool method_read_overwrite(const struct dav_request *r, bool *out)
{
    const char *value = request_header(r, "Overwrite");

    if (value && strcasecmp(value, "T") != 0 && strcasecmp(value, "F") != 0)
        return false;
    *out = !value || strcasecmp(value, "T") == 0;
    return true;
}

bool method_overwrite(struct dav_request *r, bool *out)
{
    if (method_read_overwrite(r, out))
        return true;
    reply_error(r, 400, "Overwrite is T or F."); /* RFC 4918 10.6 */
    return false;
}

bool method_oc_mtime(const struct dav_request *r, int64_t *out_mtime_ns)
{
    static const long long max_s = INT64_MAX / 1000000000 - 1;
    const char *value = request_header(r, "X-OC-Mtime");
    char *end;

    if (!value || !isdigit((unsigned char)*value))
        return false;
    long long seconds = strtoll(value, &end, 10);
    if (*end == '.') /* some send a fraction; whole seconds are the custom */
        end += 1 + strspn(end + 1, "0123456789");
    if (*end || seconds > max_s)
        return false;
    *out_mtime_ns = (int64_t)seconds * 1000000000;
    return true;
}
