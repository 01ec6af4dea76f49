/*
 * Both pages are made of the same card, one per job. What changes while a job runs stands in elements of
 * class "live", which are all there from the beginning, empty or not, so that the script can pair
 * those of a fresh page with its own.
 */
#include "src/jobpage.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "src/jobwords.h"
#include "webdav/httpdate.h"
#include "webdav/multistatus.h"
#include "webdav/status.h"

#define NS_PER_MS 1000000

/* Too early to say how long the rest will take. */
#define GUESS_MIN_FRACTION 0.03
#define GUESS_MIN_MS       5000

/* ---- texts ---- */

static void put_text(struct buffer *out, const char *text)
{
    xml_escape(out, text, strlen(text)); /* "&", "<" and ">" are the same in HTML */
}

/* ` name="value"` */
static void put_attribute(struct buffer *out, const char *name, const char *value)
{
    buffer_printf(out, " %s=\"", name);
    xml_escape_attribute(out, value, strlen(value));
    buffer_puts(out, "\"");
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* A path as its owner wrote it. */
static void put_path(struct buffer *out, const char *href)
{
    struct buffer path;

    buffer_init(&path, SIZE_MAX / 2); /* shorter than the href */
    for (const char *at = href; *at; at++) {
        char c = *at;
        if (c == '%' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2])) {
            c = (char)(hex_digit(at[1]) * 16 + hex_digit(at[2]));
            at += 2;
        }
        buffer_append(&path, &c, 1);
    }
    xml_escape(out, path.data, path.size);
    buffer_release(&path);
}

/* ---- what it does ---- */

/* The paths; `mark` puts the paths into elements of their own, which also keep what is
 * written from right to left from mixing up the rest. */
static void put_object(struct buffer *out, const struct job_view *view, bool mark)
{
    const char *begin = mark ? "<bdi>" : "", *end = mark ? "</bdi>" : "";

    buffer_printf(out, " %s", begin);
    put_path(out, view->source);
    buffer_puts(out, end);
    if (view->destination) {
        buffer_printf(out, " to %s", begin);
        put_path(out, view->destination);
        buffer_puts(out, end);
    }
}

static void put_verb(struct buffer *out, const struct job_view *view)
{
    static const struct job_verb unknown = { "", "carry out", "carrying out", "carried out" };
    const struct job_verb *verb = job_words_verb(view->method);
    const char *before = "";
    const char *word = NULL;

    if (!verb)
        verb = &unknown;
    switch (view->state) {
    case JOB_VIEW_WAITING:
        before = "Waiting to ";
        word = verb->plain;
        break;
    case JOB_VIEW_RUNNING:
        word = verb->going;
        break;
    case JOB_VIEW_SUCCEEDED:
        word = verb->done;
        break;
    case JOB_VIEW_FAILED:
        before = "Could not ";
        word = verb->plain;
        break;
    case JOB_VIEW_CANCELLED:
        before = "Stopped ";
        word = verb->going;
        break;
    }
    assert(word);
    buffer_puts(out, before);
    char first = *before ? *word : (char)toupper((unsigned char)*word);
    buffer_append(out, &first, 1);
    buffer_puts(out, word + 1);
    if (verb == &unknown) {
        buffer_puts(out, " ");
        put_text(out, view->method);
        buffer_puts(out, " of");
    }
}

/* How much is done, 0 to 1; -1 if that cannot be told. */
static double fraction_of(const struct job_view *view)
{
    uint64_t done = view->bytes_total ? view->bytes_done : view->members_done;
    uint64_t total = view->bytes_total ? view->bytes_total : view->members_total;

    if (view->state == JOB_VIEW_SUCCEEDED)
        return 1;
    if (!total)
        return -1;
    return done >= total ? 1 : (double)done / (double)total;
}

/* Rounded down: 100 is when all is done. */
static void put_percent(struct buffer *out, const struct job_view *view)
{
    double fraction = fraction_of(view);
    if (fraction >= 0)
        buffer_printf(out, "%d %%", (int)(fraction * 100));
}

static void put_title(struct buffer *out, const struct job_view *view)
{
    buffer_puts(out, "<title>");
    if (view->state == JOB_VIEW_RUNNING && fraction_of(view) >= 0) {
        put_percent(out, view);
        buffer_puts(out, " ");
    }
    put_verb(out, view);
    put_object(out, view, false);
    buffer_puts(out, "</title>\n");
}

/* ---- how far it is ---- */

static void put_amount(struct buffer *out, uint64_t done, uint64_t total,
                       void (*put)(struct buffer *out, uint64_t amount))
{
    put(out, done);
    if (total) {
        buffer_puts(out, " of ");
        put(out, total);
    }
}

/* "1,204 of 5,000 items, 1.2 GiB"; nothing if there is nothing to count. */
static void put_amounts(struct buffer *out, const struct job_view *view)
{
    bool has_members = view->members_done || view->members_total;
    bool has_bytes = view->bytes_done || view->bytes_total;
    bool is_one = (view->members_total ? view->members_total : view->members_done) == 1;

    if (has_members) {
        put_amount(out, view->members_done, view->members_total, job_words_count);
        buffer_puts(out, is_one ? " item" : " items");
    }
    if (has_members && has_bytes)
        buffer_puts(out, ", ");
    if (has_bytes)
        put_amount(out, view->bytes_done, view->bytes_total, job_words_bytes);
}

static void put_elapsed(struct buffer *out, const struct job_view *view)
{
    double fraction = fraction_of(view);

    job_words_duration(out, view->elapsed_ms);
    if (view->state != JOB_VIEW_RUNNING || fraction < GUESS_MIN_FRACTION || fraction >= 1 ||
        view->elapsed_ms < GUESS_MIN_MS)
        return;
    double left_ms = (double)view->elapsed_ms * (1 - fraction) / fraction;
    buffer_puts(out, ", about ");
    job_words_duration(out, left_ms < (double)INT64_MAX ? (int64_t)left_ms : INT64_MAX);
    buffer_puts(out, " left");
}

static void put_progress(struct buffer *out, const struct job_view *view)
{
    double fraction = fraction_of(view);

    if (!job_view_has_ended(view)) {
        buffer_puts(out, "<progress class=\"live\" aria-label=\"Progress\" max=\"1000\"");
        if (fraction >= 0)
            buffer_printf(out, " value=\"%d\"", (int)(fraction * 1000));
        buffer_puts(out, "></progress>\n");
    }
    buffer_puts(out, "<p class=\"numbers live\"><span>");
    put_amounts(out, view);
    buffer_puts(out, "</span><span>");
    if (!job_view_has_ended(view))
        put_percent(out, view);
    buffer_puts(out, "</span></p>\n");
}

/* ---- the rest of a card ---- */

static void put_started(struct buffer *out, const struct job_view *view)
{
    char date[HTTPDATE_SIZE];

    if (view->started_ms <= 0 || view->started_ms > INT64_MAX / NS_PER_MS)
        return;
    httpdate_format_iso(view->started_ms * NS_PER_MS, date);
    buffer_printf(out, "<dt>Started</dt><dd><time datetime=\"%s\">%.10s %.8s UTC</time></dd>\n", date, date,
                  date + sizeof "YYYY-MM-DD");
}

static void put_facts(struct buffer *out, const struct job_view *view)
{
    buffer_puts(out, "<dl>\n");
    put_started(out, view);
    buffer_puts(out, job_view_has_ended(view) ? "<dt>Took</dt><dd class=\"live\">"
                                              : "<dt>Elapsed</dt><dd class=\"live\">");
    put_elapsed(out, view);
    buffer_puts(out, "</dd>\n");
    if (view->status)
        buffer_printf(out, "<dt>Answer</dt><dd>%d %s</dd>\n", view->status, status_phrase(view->status));
    buffer_puts(out, "<dt>Job</dt><dd><code>");
    put_text(out, view->id);
    buffer_puts(out, "</code></dd>\n</dl>\n");
}

/* May a link lead there: a path on this server and nothing that a browser takes for another one? */
static bool is_own_path(const char *href)
{
    return href[0] == '/' && href[1] != '/' && href[1] != '\\';
}

static void put_link(struct buffer *out, const char *href, const char *text)
{
    buffer_puts(out, "<a");
    put_attribute(out, "href", href);
    buffer_puts(out, ">");
    put_text(out, text);
    buffer_puts(out, "</a>");
}

static void put_outcome(struct buffer *out, const struct job_view *view)
{
    if (view->message && job_view_has_ended(view)) {
        buffer_puts(out, "<p class=\"message\">");
        put_text(out, view->message);
        buffer_puts(out, "</p>\n");
    }
    if (view->state == JOB_VIEW_SUCCEEDED && view->destination && is_own_path(view->destination)) {
        buffer_puts(out, "<p>");
        put_link(out, view->destination, "Open the result");
        buffer_puts(out, "</p>\n");
    }
}

static void put_cancel(struct buffer *out, const struct job_view *view)
{
    if (job_view_has_ended(view))
        return;
    buffer_puts(out, "<noscript><p class=\"soft\">To cancel it: <code>curl -X DELETE ");
    put_text(out, view->status_uri);
    buffer_puts(out, "</code></p></noscript>\n<button type=\"button\" hidden");
    put_attribute(out, "data-cancel", view->status_uri);
    buffer_puts(out, ">Cancel</button>\n");
}

static void put_top(struct buffer *out, const struct job_view *view, const char *heading)
{
    const char *state = job_view_state_name(view->state);

    buffer_printf(out, "<article class=\"%s\">\n<div class=\"top\"><%s>", state, heading);
    put_verb(out, view);
    put_object(out, view, true);
    buffer_printf(out, "</%s><span class=\"state\">%s</span></div>\n", heading, state);
    put_progress(out, view);
}

static void put_job(struct buffer *out, const struct job_view *view)
{
    put_top(out, view, "h1");
    put_outcome(out, view);
    put_facts(out, view);
    if (!job_view_has_ended(view)) {
        buffer_puts(out,
                    "<div class=\"foot\">\n<p class=\"soft\">It goes on when you leave this page.</p>\n");
        put_cancel(out, view);
        buffer_puts(out, "</div>\n");
    }
    buffer_puts(out, "</article>\n");
}

/* The same in short. */
static void put_list_job(struct buffer *out, const struct job_view *view)
{
    put_top(out, view, "h2");
    put_outcome(out, view);
    buffer_puts(out, "<div class=\"foot\">\n<p class=\"soft\"><span class=\"live\">");
    put_elapsed(out, view);
    buffer_puts(out, "</span> · ");
    if (is_own_path(view->status_uri))
        put_link(out, view->status_uri, "details");
    else
        put_text(out, view->id);
    buffer_puts(out, "</p>\n");
    put_cancel(out, view);
    buffer_puts(out, "</div>\n</article>\n");
}

/* ---- pages ---- */

/* Seconds until there may be news of one of them; 0: there will be none. */
static unsigned refresh_of(const struct job_view *views, size_t count)
{
    unsigned refresh = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned seconds = views[i].retry_after ? views[i].retry_after : 1;
        if (!job_view_has_ended(&views[i]) && (!refresh || seconds < refresh))
            refresh = seconds;
    }
    return refresh;
}

static void put_head_begin(struct buffer *out, unsigned refresh)
{
    buffer_puts(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    if (refresh)
        buffer_printf(out, "<noscript><meta http-equiv=\"refresh\" content=\"%u\"></noscript>\n", refresh);
}

static void put_head_end(struct buffer *out)
{
    buffer_puts(out, "<style>");
    buffer_puts(out, job_style_css);
    buffer_puts(out, "</style>\n</head>\n<body>\n<header><b>Holdfast</b>");
}

/* To the list, in which every job is a member. */
static void put_list_link(struct buffer *out, const struct job_view *view)
{
    const char *slash = strrchr(view->status_uri, '/');

    if (!slash || slash == view->status_uri || !is_own_path(view->status_uri))
        return;
    buffer_puts(out, "<a href=\"");
    xml_escape_attribute(out, view->status_uri, (size_t)(slash - view->status_uri));
    buffer_puts(out, "\">all operations</a>");
}

static void put_main(struct buffer *out, const struct job_view *views, size_t count, unsigned refresh)
{
    buffer_printf(out, "</header>\n<main data-refresh=\"%u\" data-shape=\"", refresh);
    for (size_t i = 0; i < count; i++) {
        xml_escape_attribute(out, views[i].id, strlen(views[i].id));
        buffer_printf(out, ":%s ", job_view_state_name(views[i].state));
    }
    buffer_puts(out, "\">\n");
}

static char *finish(struct buffer *out, size_t *out_size)
{
    buffer_puts(out, "</main>\n<script>");
    buffer_puts(out, job_style_script);
    buffer_puts(out, "</script>\n</body>\n</html>\n");
    buffer_append(out, "", 1);
    *out_size = out->size - 1;
    return out->data;
}

char *job_page_html(const struct job_view *view, size_t *out_size)
{
    struct buffer out;
    unsigned refresh = refresh_of(view, 1);

    buffer_init(&out, SIZE_MAX / 2); /* a few times what the view holds */
    put_head_begin(&out, refresh);
    put_title(&out, view);
    put_head_end(&out);
    put_list_link(&out, view);
    put_main(&out, view, 1, refresh);
    put_job(&out, view);
    return finish(&out, out_size);
}

char *job_page_list_html(const struct job_view *views, size_t count, const char *user, size_t *out_size)
{
    struct buffer out;
    unsigned refresh = refresh_of(views, count);

    buffer_init(&out, SIZE_MAX / 2); /* the caller bounds the list */
    put_head_begin(&out, refresh);
    buffer_puts(&out, "<title>Operations</title>\n");
    put_head_end(&out);
    put_main(&out, views, count, refresh);
    buffer_puts(&out, "<h1>Operations");
    if (*user) {
        buffer_puts(&out, " of <bdi>");
        put_text(&out, user);
        buffer_puts(&out, "</bdi>");
    }
    buffer_puts(&out, "</h1>\n");
    if (count == 0)
        buffer_puts(&out,
                    "<article><p class=\"soft\">There are none, and none has ended lately.</p></article>\n");
    for (size_t i = 0; i < count; i++)
        put_list_job(&out, &views[i]);
    return finish(&out, out_size);
}
