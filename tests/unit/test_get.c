/*
 * GET and HEAD: conditions, ranges, the index page.
 */
#include <apr_strings.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/exchange.h"

static int set_up(void **state)
{
    *state = exchange_open(NULL);
    exchange_write(*state, "a.txt", "0123456789");
    exchange_write(*state, "empty", "");
    exchange_mkdir(*state, "dir");
    exchange_write(*state, "dir/b & <c>.txt", "x");
    return 0;
}

static int tear_down(void **state)
{
    exchange_close(*state);
    return 0;
}

static void file_is_sent_with_validators_and_type(void **state)
{
    const struct answer *a = exchange(*state, "GET", "/a.txt", NULL, NULL);

    assert_int_equal(a->status, 200);
    assert_string_equal(a->body, "0123456789");
    assert_true(a->quick);
    assert_string_equal(answer_header(a, "Content-Type"), "text/plain; charset=utf-8");
    assert_string_equal(answer_header(a, "Accept-Ranges"), "bytes");
    assert_int_equal(answer_header(a, "ETag")[0], '"');
    assert_non_null(strstr(answer_header(a, "Last-Modified"), " GMT"));
    assert_int_equal(exchange(*state, "GET", "/empty", NULL, NULL)->size, 0);
}

static void head_says_what_get_says(void **state)
{
    const struct answer *get = exchange(*state, "GET", "/a.txt", NULL, NULL);
    const struct answer *head = exchange(*state, "HEAD", "/a.txt", "Range: bytes=0-1", NULL);

    assert_int_equal(head->status, 200); /* Range is for GET alone */
    assert_string_equal(answer_header(head, "ETag"), answer_header(get, "ETag"));
    assert_string_equal(answer_header(head, "Content-Type"), answer_header(get, "Content-Type"));
}

static void ranges_are_cut_out(void **state)
{
    static const struct {
        const char *range;
        int status;
        const char *content_range, *body;
    } rows[] = {
        { "bytes=0-0", 206, "bytes 0-0/10", "0" },
        { "bytes=2-4", 206, "bytes 2-4/10", "234" },
        { "bytes=7-", 206, "bytes 7-9/10", "789" },
        { "bytes=-3", 206, "bytes 7-9/10", "789" },
        { "bytes=-30", 206, "bytes 0-9/10", "0123456789" },
        { "bytes=5-100", 206, "bytes 5-9/10", "56789" },
        { "bytes=10-", 416, "bytes */10", NULL },
        { "bytes=100-200", 416, "bytes */10", NULL },
        { "lines=1-2", 200, "", "0123456789" },
        { "bytes=x", 200, "", "0123456789" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char header[100];
        snprintf(header, sizeof header, "Range: %s", rows[i].range);
        const struct answer *a = exchange(*state, "GET", "/a.txt", header, NULL);
        if (a->status != rows[i].status || strcmp(answer_header(a, "Content-Range"), rows[i].content_range))
            fail_msg("%s: %d %s", rows[i].range, a->status, answer_header(a, "Content-Range"));
        if (rows[i].body)
            assert_string_equal(a->body, rows[i].body);
        if (a->status != 416)
            assert_true(answer_header(a, "ETag")[0] == '"');
    }
}

static void several_ranges_come_as_parts(void **state)
{
    struct exchange *x = *state;
    const struct answer *a = exchange(x, "GET", "/a.txt", "Range: bytes=0-1,4-5,-1", NULL);
    const char *type = answer_header(a, "Content-Type");
    const char *boundary = strstr(type, "boundary=");

    assert_int_equal(a->status, 206);
    assert_memory_equal(type, "multipart/byteranges; ", 22);
    assert_non_null(boundary);
    boundary += strlen("boundary=");
    const char *expected = apr_psprintf(
        x->pool,
        "\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 0-1/10\r\n\r\n01"
        "\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 4-5/10\r\n\r\n45"
        "\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 9-9/10\r\n\r\n9"
        "\r\n--%s--\r\n",
        boundary, boundary, boundary, boundary);
    assert_string_equal(a->body, expected);
}

static void large_parts_are_whole(void **state)
{
    struct exchange *x = *state;
    size_t size = 300000;
    char *text = apr_palloc(x->pool, size + 1);

    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + i % 26);
    text[size] = '\0';
    exchange_write(x, "large", text);
    const struct answer *a = exchange(x, "GET", "/large", "Range: bytes=10-199999,250000-", NULL);
    assert_int_equal(a->status, 206);
    assert_false(a->broken);
    const char *first = strstr(a->body, "\r\n\r\n") + 4;
    assert_memory_equal(first, text + 10, 199990);
    const char *second = strstr(first + 199990, "\r\n\r\n") + 4;
    assert_memory_equal(second, text + 250000, 50000);
}

static void if_range_decides_between_part_and_whole(void **state)
{
    struct exchange *x = *state;
    const char *etag = answer_header(exchange(x, "GET", "/a.txt", NULL, NULL), "ETag");
    const char *same = apr_psprintf(x->pool, "Range: bytes=0-1\nIf-Range: %s", etag);
    const char *weak = apr_psprintf(x->pool, "Range: bytes=0-1\nIf-Range: W/%s", etag);

    assert_int_equal(exchange(x, "GET", "/a.txt", same, NULL)->status, 206);
    assert_int_equal(exchange(x, "GET", "/a.txt", weak, NULL)->status, 200);
    assert_int_equal(exchange(x, "GET", "/a.txt", "Range: bytes=90-\nIf-Range: \"x\"", NULL)->status, 200);
}

static void conditions_give_304_and_412(void **state)
{
    struct exchange *x = *state;
    const struct answer *whole = exchange(x, "GET", "/a.txt", NULL, NULL);
    const char *etag = answer_header(whole, "ETag"), *date = answer_header(whole, "Last-Modified");
    const struct {
        const char *name, *value;
        int status;
    } rows[] = {
        { "If-None-Match", etag, 304 },
        { "If-None-Match", "*", 304 },
        { "If-None-Match", "\"other\"", 200 },
        { "If-None-Match", apr_pstrcat(x->pool, "\"other\", ", etag, NULL), 304 },
        { "If-None-Match", apr_pstrcat(x->pool, "\"other\"\nIf-None-Match: ", etag, NULL), 304 },
        { "If-Match", etag, 200 },
        { "If-Match", "\"other\"", 412 },
        { "If-Modified-Since", date, 304 },
        { "If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 200 },
        { "If-Unmodified-Since", date, 200 },
        { "If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 412 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *header = apr_psprintf(x->pool, "%s: %s", rows[i].name, rows[i].value);
        const struct answer *a = exchange(x, "GET", "/a.txt", header, NULL);
        if (a->status != rows[i].status)
            fail_msg("%s: %d", header, a->status);
        assert_string_equal(answer_header(a, "ETag"), etag);
        if (a->status == 304)
            assert_int_equal(a->size, 0);
    }
}

static void collection_is_a_page_with_and_without_slash(void **state)
{
    const struct answer *with = exchange(*state, "GET", "/dir/", NULL, NULL);
    const struct answer *without = exchange(*state, "GET", "/dir", NULL, NULL);

    assert_int_equal(with->status, 200);
    assert_int_equal(without->status, 200);
    assert_string_equal(answer_header(with, "Content-Type"), "text/html; charset=utf-8");
    assert_string_equal(answer_header(with, "ETag"), "");
    assert_non_null(strstr(with->body, "<a href=\"b%20%26%20%3Cc%3E.txt\">b &amp; &lt;c&gt;.txt</a>"));
    assert_non_null(strstr(with->body, "href=\"../\""));
    assert_non_null(strstr(without->body, "<a href=\"dir/b%20%26%20%3Cc%3E.txt\">"));
    assert_non_null(strstr(without->body, "href=\"./\""));
}

static void page_hides_our_names_and_lists_collections_first(void **state)
{
    struct exchange *x = *state;

    exchange_write(x, ".holdfast-1-2-3", "x");
    exchange_symlink(x, "/etc/passwd", "out");
    exchange_symlink(x, "a.txt", "inside");
    const struct answer *a = exchange(x, "GET", "/", NULL, NULL);
    assert_int_equal(a->status, 200);
    assert_null(strstr(a->body, "holdfast-"));
    assert_null(strstr(a->body, "\"out\""));
    assert_null(strstr(a->body, ".."));
    assert_non_null(strstr(a->body, "inside"));
    const char *dir = strstr(a->body, "<a href=\"dir/\">dir/</a>");
    assert_non_null(dir);
    assert_true(dir < strstr(a->body, "a.txt"));
    unlink(apr_pstrcat(x->pool, x->root, "/.holdfast-1-2-3", NULL));
}

static void page_of_many_members_is_complete(void **state)
{
    struct exchange *x = *state;
    unsigned links = 0;

    exchange_mkdir(x, "many");
    for (int i = 0; i < 6000; i++)
        exchange_write(x, apr_psprintf(x->pool, "many/%d", i), "");
    const struct answer *a = exchange(x, "GET", "/many/", NULL, NULL);
    for (const char *row = a->body; (row = strstr(row, "<tr><td><a")); row++)
        links++;
    assert_int_equal(links, 6000 + 1);
    assert_string_equal(a->body + a->size - strlen("</html>\n"), "</html>\n");
}

static void what_is_not_there_is_404(void **state)
{
    struct exchange *x = *state;

    exchange_symlink(x, "nowhere", "dangling");
    static const char *const targets[] = { "/none",     "/none/",     "/a.txt/",         "/a.txt/b",
                                           "/dangling", "/.holdfast", "/dir/.holdfast-x" };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        const struct answer *a = exchange(x, "GET", targets[i], NULL, NULL);
        if (a->status != 404)
            fail_msg("%s: %d", targets[i], a->status);
    }
}

static void links_out_and_special_files_are_refused(void **state)
{
    struct exchange *x = *state;

    exchange_symlink(x, "/etc/passwd", "out");
    exchange_symlink(x, "../../..", "up");
    assert_int_equal(mkfifo(apr_pstrcat(x->pool, x->root, "/fifo", NULL), 0644), 0);
    assert_int_equal(exchange(x, "GET", "/out", NULL, NULL)->status, 403);
    assert_int_equal(exchange(x, "GET", "/up/etc/passwd", NULL, NULL)->status, 403);
    assert_int_equal(exchange(x, "GET", "/fifo", NULL, NULL)->status, 403);
}

static void names_in_the_other_normal_form_are_found(void **state)
{
    struct exchange *x = *state;

    exchange_write(x, "\xc3\xbc.txt", "composed");
    assert_string_equal(exchange(x, "GET", "/u%CC%88.txt", NULL, NULL)->body, "composed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(file_is_sent_with_validators_and_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(head_says_what_get_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ranges_are_cut_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(several_ranges_come_as_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_parts_are_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(if_range_decides_between_part_and_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(conditions_give_304_and_412, set_up, tear_down),
        cmocka_unit_test_setup_teardown(collection_is_a_page_with_and_without_slash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(page_hides_our_names_and_lists_collections_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(page_of_many_members_is_complete, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_404, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_out_and_special_files_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_in_the_other_normal_form_are_found, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
