/*
 * The pages about jobs: what they say, that no text becomes markup, and that the policy fits the page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "src/jobpage.h"
#include "src/jobwords.h"

#define GIB (UINT64_C(1) << 30)

static const struct job_view running = {
    .id = "4f1c",
    .method = "COPY",
    .status_uri = "/.holdfast/jobs/4f1c",
    .source = "/a%20b",
    .destination = "/c",
    .state = JOB_VIEW_RUNNING,
    .members_done = 1204,
    .members_total = 5000,
    .bytes_done = GIB + GIB / 5,
    .started_ms = 784111777500,
    .elapsed_ms = 125000,
    .retry_after = 3,
};

static char *page_of(const struct job_view *view)
{
    size_t size;
    char *page = job_page_html(view, &size);
    assert_int_equal(strlen(page), size);
    return page;
}

/* Fails unless the page has, or has not, the text. */
static void check(const char *name, const char *page, const char *text, bool is_there)
{
    if ((strstr(page, text) != NULL) != is_there)
        fail_msg("%s: \"%s\" is %s:\n%s", name, text, is_there ? "missing" : "there",
                 strstr(page, "<main") ? strstr(page, "<main") : page);
}

static void a_running_job_is_told_in_plain_words(void **state)
{
    (void)state;
    char *page = page_of(&running);
    check("title", page, "<title>24 % Copying /a b to /c</title>", true);
    check("heading", page, "<h1>Copying <bdi>/a b</bdi> to <bdi>/c</bdi></h1>", true);
    check("numbers", page, "<span>1,204 of 5,000 items, 1.2 GiB</span><span>24 %</span>", true);
    check("bar", page, "max=\"1000\" value=\"240\"></progress>", true);
    check("time", page, "2 min 5 s, about 6 min 34 s left", true);
    check("start", page, "<time datetime=\"1994-11-06T08:49:37Z\">1994-11-06 08:49:37 UTC</time>", true);
    check("cancel", page, "<button type=\"button\" hidden data-cancel=\"/.holdfast/jobs/4f1c\">", true);
    check("way to the list", page, "<a href=\"/.holdfast/jobs\">all operations</a>", true);
    check("no answer yet", page, "<dt>Answer", false);
    free(page);
}

static void every_state_has_its_sentence(void **state)
{
    (void)state;
    static const struct {
        enum job_view_state state;
        const char *method, *destination, *sentence;
    } rows[] = {
        { JOB_VIEW_WAITING, "COPY", "/b", "<h1>Waiting to copy <bdi>/a</bdi> to <bdi>/b</bdi></h1>" },
        { JOB_VIEW_RUNNING, "MOVE", "/b", "<h1>Moving <bdi>/a</bdi> to <bdi>/b</bdi></h1>" },
        { JOB_VIEW_SUCCEEDED, "COPY", "/b", "<h1>Copied <bdi>/a</bdi> to <bdi>/b</bdi></h1>" },
        { JOB_VIEW_FAILED, "DELETE", NULL, "<h1>Could not delete <bdi>/a</bdi></h1>" },
        { JOB_VIEW_CANCELLED, "PUT", NULL, "<h1>Stopped saving <bdi>/a</bdi></h1>" },
        { JOB_VIEW_RUNNING, "PROPFIND", NULL, "<h1>Listing <bdi>/a</bdi></h1>" },
        { JOB_VIEW_RUNNING, "<X>", NULL, "<h1>Carrying out &lt;X&gt; of <bdi>/a</bdi></h1>" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job_view view = running;
        view.state = rows[i].state;
        view.method = rows[i].method;
        view.source = "/a";
        view.destination = rows[i].destination;
        char *page = page_of(&view);
        check(rows[i].method, page, rows[i].sentence, true);
        check(rows[i].method, page, job_view_state_name(view.state), true);
        bool has_ended = job_view_has_ended(&view);
        check("bar", page, "<progress", !has_ended);
        check("refresh", page, "<noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript>",
              !has_ended);
        check("script's refresh", page, has_ended ? "data-refresh=\"0\"" : "data-refresh=\"3\"", true);
        check("button", page, "<button", !has_ended);
        check("without a script", page, "<noscript><p", !has_ended);
        free(page);
    }
}

static void an_ended_job_shows_its_result(void **state)
{
    (void)state;
    struct job_view view = running;
    view.state = JOB_VIEW_SUCCEEDED;
    view.status = 201;
    char *page = page_of(&view);
    check("answer", page, "<dd>201 Created</dd>", true);
    check("link", page, "<a href=\"/c\">", true);
    free(page);

    view.state = JOB_VIEW_FAILED;
    view.status = 507;
    view.message = "The disk is full.";
    page = page_of(&view);
    check("message", page, "<p class=\"message\">The disk is full.</p>", true);
    check("answer", page, "<dd>507 Insufficient Storage</dd>", true);
    check("no link to what is not there", page, "<a href=\"/c\"", false);
    free(page);
}

static void the_bar_follows_what_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t members_done, members_total, bytes_done, bytes_total;
        const char *bar, *numbers;
    } rows[] = {
        { "nothing", 0, 0, 0, 0, "max=\"1000\">", "<span></span><span></span>" },
        { "no totals", 7, 0, 512, 0, "max=\"1000\">", "<span>7 items, 512 B</span><span></span>" },
        { "members", 1, 4, 0, 0, "value=\"250\">", "<span>1 of 4 items</span><span>25 %</span>" },
        { "one", 1, 0, 0, 0, "max=\"1000\">", "<span>1 item</span>" },
        { "one of one", 0, 1, 0, 0, "value=\"0\">", "<span>0 of 1 item</span><span>0 %</span>" },
        { "bytes before members", 1, 4, 1024, 2048, "value=\"500\">",
          "<span>1 of 4 items, 1.0 KiB of 2.0 KiB</span><span>50 %</span>" },
        { "bytes alone", 0, 0, 1, 1000, "value=\"1\">", "<span>1 B of 1,000 B</span><span>0 %</span>" },
        { "nearly all", 999, 1000, 0, 0, "value=\"999\">",
          "<span>999 of 1,000 items</span><span>99 %</span>" },
        { "more than all", 5, 4, 0, 0, "value=\"1000\">", "<span>100 %</span>" },
        { "as much as can be", UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, "value=\"1000\">",
          "<span>18,446,744,073,709,551,615 of 18,446,744,073,709,551,615 items, 16.0 EiB of 16.0 "
          "EiB</span>" },
        { "hardly anything of it", 0, UINT64_MAX, 1, UINT64_MAX, "value=\"0\">", "1 B of 16.0 EiB" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct job_view view = running;
        view.members_done = rows[i].members_done;
        view.members_total = rows[i].members_total;
        view.bytes_done = rows[i].bytes_done;
        view.bytes_total = rows[i].bytes_total;
        view.elapsed_ms = INT64_MAX;
        char *page = page_of(&view);
        check(rows[i].name, page, rows[i].bar, true);
        check(rows[i].name, page, rows[i].numbers, true);
        free(page);
    }
}

static unsigned count_of(const char *page, const char *text)
{
    unsigned count = 0;
    while ((page = strstr(page, text))) {
        count++;
        page += strlen(text);
    }
    return count;
}

/* A text of the same kind as `text` (a path, of how many segments, or none) with nothing special in it. */
static const char *harmless(const char *text)
{
    if (text[0] != '/' || text[1] == '/' || text[1] == '\\')
        return "x";
    return strrchr(text, '/') == text ? "/x" : "/x/y";
}

static char *make_page(const char *text, bool has_ended, bool is_list)
{
    const struct job_view view = {
        .id = text,
        .method = text,
        .status_uri = text,
        .source = text,
        .destination = text,
        .message = text,
        .state = has_ended ? JOB_VIEW_SUCCEEDED : JOB_VIEW_RUNNING,
        .status = has_ended ? 201 : 0,
    };
    size_t size;
    char *page = is_list ? job_page_list_html(&view, 1, text, &size) : job_page_html(&view, &size);
    assert_int_equal(strlen(page), size);
    return page;
}

/* A page full of hostile texts has as much markup as one with harmless ones. */
static void no_text_becomes_markup(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "<script>alert(1)</script>",
        "\"><script>alert(1)</script>",
        "' onclick='alert(1)",
        "\" onclick=\"alert(1)",
        "javascript:alert(1)",
        "</title></style></noscript><b>",
        "<!--",
        "&lt;script&gt;",
        "//elsewhere/",
        "/\\elsewhere/",
        "/a\"onmouseover=\"x",
        "/<script>/x",
        "/%3Cscript%3Ealert(1)%3C/script%3E%22%00%0A%",
        "\xFF\x01\n</p>",
    };
    static const char *const markup[] = { "<", ">", "\"", "<a ", "href=\"/", "href" };
    for (unsigned i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        for (int form = 0; form < 4; form++) {
            char *good = make_page(harmless(hostile[i]), form & 1, form & 2);
            char *bad = make_page(hostile[i], form & 1, form & 2);
            for (unsigned j = 0; j < sizeof markup / sizeof *markup; j++)
                if (count_of(good, markup[j]) != count_of(bad, markup[j]))
                    fail_msg("%s: another number of %s\n%s", hostile[i], markup[j], strstr(bad, "<main"));
            check(hostile[i], bad, "href=\"//", false);
            check(hostile[i], bad, "href=\"/\\", false);
            check(hostile[i], bad, "href=\"javascript", false);
            free(good);
            free(bad);
        }
    }
}

static void a_list_shows_every_job_and_looks_again_for_the_first(void **state)
{
    (void)state;
    struct job_view views[3] = { running, running, running };
    size_t size;
    views[0].retry_after = 9;
    views[1].retry_after = 4;
    views[2].retry_after = 1;
    views[1].id = "other";
    views[1].status_uri = "/.holdfast/jobs/other";
    views[2].state = JOB_VIEW_SUCCEEDED;
    char *page = job_page_list_html(views, 3, "J\xC3\xBCrgen <b>", &size);
    check("user", page, "<h1>Operations of <bdi>J\xC3\xBCrgen &lt;b&gt;</bdi></h1>", true);
    check("refresh", page, "data-refresh=\"4\" data-shape=\"4f1c:running other:running 4f1c:succeeded \"",
          true);
    check("link", page, "<a href=\"/.holdfast/jobs/other\">", true);
    assert_int_equal(count_of(page, "<article class="), 3);
    assert_int_equal(count_of(page, "<button"), 2);
    free(page);

    page = job_page_list_html(NULL, 0, "", &size);
    check("empty", page, "There are none", true);
    check("empty", page, "<h1>Operations</h1>", true);
    check("nothing to wait for", page, "http-equiv", false);
    free(page);
}

static void a_page_that_refreshes_waits_at_least_a_second(void **state)
{
    (void)state;
    struct job_view view = running;
    view.retry_after = 0;
    char *page = page_of(&view);
    check("refresh", page, "content=\"1\"", true);
    free(page);
}

/* 'sha256-...' of what stands between the two in the page */
static void assert_allowed(const char *page, const char *begin, const char *end)
{
    unsigned char digest[32];
    gnutls_datum_t base64, raw = { digest, sizeof digest };
    char source[80];

    const char *text = strstr(page, begin) + strlen(begin);
    assert_int_equal(gnutls_hash_fast(GNUTLS_DIG_SHA256, text, (size_t)(strstr(text, end) - text), digest),
                     0);
    assert_int_equal(gnutls_base64_encode2(&raw, &base64), 0);
    snprintf(source, sizeof source, "'sha256-%s'", (char *)base64.data);
    gnutls_free(base64.data);
    check(begin, JOB_PAGE_POLICY, source, true);
}

static void the_policy_allows_this_page_and_no_other(void **state)
{
    (void)state;
    char *page = page_of(&running);
    assert_allowed(page, "<style>", "</style>");
    assert_allowed(page, "<script>", "</script>");
    check("no style attributes, which it forbids", page, "style=\"", false);
    check("no handlers either", page, " onclick", false);
    check("nothing from elsewhere", page, "src=", false);
    check("policy", JOB_PAGE_POLICY, "unsafe", false);
    free(page);
}

static void amounts_are_written_for_people(void **state)
{
    (void)state;
    static const struct {
        uint64_t amount;
        const char *count, *bytes;
    } amounts[] = {
        { 0, "0", "0 B" },
        { 999, "999", "999 B" },
        { 1000, "1,000", "1,000 B" },
        { 1023, "1,023", "1,023 B" },
        { 1024, "1,024", "1.0 KiB" },
        { 1048575, "1,048,575", "1.0 MiB" },
        { 1234567890, "1,234,567,890", "1.1 GiB" },
        { UINT64_MAX, "18,446,744,073,709,551,615", "16.0 EiB" },
    };
    static const struct {
        int64_t ms;
        const char *text;
    } durations[] = {
        { -5, "under 1 s" },
        { 0, "under 1 s" },
        { 999, "under 1 s" },
        { 1000, "1 s" },
        { 59999, "59 s" },
        { 60000, "1 min 0 s" },
        { 3599999, "59 min 59 s" },
        { 3600000, "1 h 0 min" },
        { 86399999, "23 h 59 min" },
        { 86400000, "1 d 0 h" },
        { INT64_MAX, "106751991167 d 7 h" },
    };
    struct buffer out;
    buffer_init(&out, 1024);
    for (unsigned i = 0; i < sizeof amounts / sizeof *amounts; i++) {
        buffer_clear(&out);
        job_words_count(&out, amounts[i].amount);
        buffer_append(&out, "|", 1);
        job_words_bytes(&out, amounts[i].amount);
        buffer_append(&out, "", 1);
        char wanted[128];
        snprintf(wanted, sizeof wanted, "%s|%s", amounts[i].count, amounts[i].bytes);
        assert_string_equal(out.data, wanted);
    }
    for (unsigned i = 0; i < sizeof durations / sizeof *durations; i++) {
        buffer_clear(&out);
        job_words_duration(&out, durations[i].ms);
        buffer_append(&out, "", 1);
        assert_string_equal(out.data, durations[i].text);
    }
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_job_is_told_in_plain_words),
        cmocka_unit_test(every_state_has_its_sentence),
        cmocka_unit_test(an_ended_job_shows_its_result),
        cmocka_unit_test(the_bar_follows_what_is_known),
        cmocka_unit_test(no_text_becomes_markup),
        cmocka_unit_test(a_list_shows_every_job_and_looks_again_for_the_first),
        cmocka_unit_test(a_page_that_refreshes_waits_at_least_a_second),
        cmocka_unit_test(the_policy_allows_this_page_and_no_other),
        cmocka_unit_test(amounts_are_written_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
