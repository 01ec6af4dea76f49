/*
 * The text form is for people and came first: its order of fields is what scripts read, so new ones go where
 * how= is, and need a name.
 */
#include "src/accesslog.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "src/log.h"
#include "src/logjson.h"
#include "src/logline.h"

/* A target or referer without what is nobody's business. */
struct address {
    char text[LOGLINE_FIELD_MAX + 1];
};

static const char *protocol(const struct access_line *a)
{
    return a->http_1_1 ? "HTTP/1.1" : "HTTP/1.0";
}

/* "http://ann:secret@host/x" -> "http://host/x". Whatever stands before an @ in an authority is left out, in a
 * target that is none as well. */
static const char *tidy(const char *uri, bool is_page, struct address *out)
{
    if (!uri || !*uri)
        return NULL;
    const char *authority = *uri == '/' ? NULL : strstr(uri, "//");
    const char *begin = authority ? authority + 2 : uri;
    const char *at = *uri == '/' ? NULL : memrchr(begin, '@', strcspn(begin, "/?#"));
    const char *rest = at ? at + 1 : begin;
    size_t size = 0;

    for (const char *from = uri; from < begin && size < LOGLINE_FIELD_MAX; from++)
        out->text[size++] = *from;
    for (; *rest && size < LOGLINE_FIELD_MAX && !(is_page && *rest == '?'); rest++)
        out->text[size++] = *rest;
    out->text[size] = '\0';
    return out->text;
}

/* ---- the forms ---- */

static void write_text(const struct access_line *a, const char *target)
{
    struct logline line;

    logline_init(&line);
    if (!log_access_is_journal()) {
        logline_add_time(&line);
        logline_add(&line, " ");
    }
    logline_add_escaped(&line, a->client, "");
    logline_add(&line, " ");
    logline_add_escaped(&line, a->user, " ");
    logline_add(&line, " \"");
    logline_add_escaped(&line, a->method, "");
    logline_add(&line, " ");
    logline_add_escaped(&line, target, "");
    logline_add(&line, "\" %d %" PRIu64 " %" PRId64 "ms", a->status, a->bytes, a->micros / 1000);
    if (a->how) {
        logline_add(&line, " how=%s interims=%u rule=\"", a->how, a->interims);
        logline_add_escaped(&line, a->rule, "");
        logline_add(&line, "\"");
    }
    logline_add(&line, "%s \"", a->broken ? " broken" : "");
    logline_add_escaped(&line, a->agent, "");
    logline_add(&line, "\"");
    log_write_access(line.text, line.size);
}

/* httpd's "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\"": a dash for no status and for no bytes. */
static void write_combined(const struct access_line *a, const char *target, const char *referer)
{
    struct logline line;

    logline_init(&line);
    logline_add_escaped(&line, a->client, "");
    logline_add(&line, " - ");
    logline_add_escaped(&line, a->user, " ");
    logline_add(&line, " [");
    logline_add_common_time(&line);
    logline_add(&line, "] \"");
    logline_add_escaped(&line, a->method, "");
    logline_add(&line, " ");
    logline_add_escaped(&line, target, "");
    logline_add(&line, " %s\" ", protocol(a));
    if (a->status)
        logline_add(&line, "%d ", a->status);
    else
        logline_add(&line, "- ");
    if (a->bytes)
        logline_add(&line, "%" PRIu64 " \"", a->bytes);
    else
        logline_add(&line, "- \"");
    logline_add_escaped(&line, referer, "");
    logline_add(&line, "\" \"");
    logline_add_escaped(&line, a->agent, "");
    logline_add(&line, "\"");
    log_write_access(line.text, line.size);
}

static void write_json(const struct access_line *a, const char *target, const char *referer)
{
    json_t *object = logjson_new();
    size_t size;

    logjson_add_field(object, "client", a->client);
    logjson_add_field(object, "user", a->user);
    logjson_add_field(object, "method", a->method);
    logjson_add_field(object, "target", target);
    logjson_add_field(object, "protocol", protocol(a));
    logjson_add_number(object, "status", a->status);
    logjson_add_number(object, "bytes", a->bytes <= INT64_MAX ? (int64_t)a->bytes : INT64_MAX);
    logjson_add_number(object, "ms", a->micros / 1000);
    if (a->how) {
        logjson_add_field(object, "how", a->how);
        logjson_add_number(object, "interims", a->interims);
        logjson_add_field(object, "rule", a->rule);
    }
    if (a->broken)
        logjson_add_true(object, "broken");
    logjson_add_field(object, "referer", referer);
    logjson_add_field(object, "agent", a->agent);
    char *json = logjson_end(object, &size);
    log_write_access(json, size);
    free(json);
}

bool accesslog_is_on(void)
{
    return log_takes_access();
}

void accesslog_write(const struct access_line *a)
{
    struct address target, referer;
    const char *tidy_target = tidy(a->target, a->is_page, &target);

    switch (log_format()) {
    case LOG_TEXT:
        write_text(a, tidy_target);
        break;
    case LOG_COMBINED:
        write_combined(a, tidy_target, tidy(a->referer, false, &referer));
        break;
    case LOG_JSON:
        write_json(a, tidy_target, tidy(a->referer, false, &referer));
        break;
    }
}
