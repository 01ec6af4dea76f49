/*
 * As strict as a client can be (RFC 9112 2 to 6): what an odd proxy would read otherwise is an error.
 */
#include "tests/fuzz/answers.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define UNTIL_CLOSE SIZE_MAX

struct reader {
    const char *at, *end;
    const char *wrong; /* the first */
};

struct answer_head {
    int status;
    size_t length; /* of the body; UNTIL_CLOSE: nothing was told */
    bool is_chunked;
};

static bool fail(struct reader *r, const char *what)
{
    if (!r->wrong)
        r->wrong = what;
    return false;
}

/* Without its CR LF. */
static bool next_line(struct reader *r, const char **out, size_t *out_len)
{
    const char *end = memmem(r->at, (size_t)(r->end - r->at), "\r\n", 2);

    if (!end)
        return fail(r, "an answer ends within its head");
    *out = r->at;
    *out_len = (size_t)(end - r->at);
    for (const char *c = r->at; c < end; c++)
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
            return fail(r, "a control character in a head");
    r->at = end + 2;
    return true;
}

static bool read_status(struct reader *r, struct answer_head *head)
{
    const char *line;
    size_t len;

    if (!next_line(r, &line, &len))
        return false;
    if (len < 13 || (memcmp(line, "HTTP/1.1 ", 9) != 0 && memcmp(line, "HTTP/1.0 ", 9) != 0) ||
        !isdigit((unsigned char)line[9]) || !isdigit((unsigned char)line[10]) ||
        !isdigit((unsigned char)line[11]) || line[12] != ' ')
        return fail(r, "not a status line");
    head->status = (int)strtol(line + 9, NULL, 10);
    return (head->status >= 100 && head->status <= 599) || fail(r, "not a status");
}

static bool is_name(const char *line, size_t len, const char *name)
{
    return len == strlen(name) && strncasecmp(line, name, len) == 0;
}

static bool read_field(struct reader *r, const char *line, size_t len, struct answer_head *head)
{
    const char *colon = memchr(line, ':', len);
    size_t name_len = colon ? (size_t)(colon - line) : 0;

    if (!name_len)
        return fail(r, "not a field");
    for (size_t i = 0; i < name_len; i++)
        if (!isalnum((unsigned char)line[i]) && !strchr("!#$%&'*+-.^_`|~", line[i]))
            return fail(r, "a field's name is no token");
    if (is_name(line, name_len, "Content-Length")) {
        if (head->length != UNTIL_CLOSE || head->is_chunked)
            return fail(r, "two lengths");
        head->length = strtoull(colon + 1, NULL, 10);
    } else if (is_name(line, name_len, "Transfer-Encoding")) {
        if (head->length != UNTIL_CLOSE || head->is_chunked)
            return fail(r, "two lengths");
        head->is_chunked = true;
    }
    return true;
}

static bool read_head(struct reader *r, struct answer_head *head)
{
    const char *line;
    size_t len;

    *head = (struct answer_head){ .length = UNTIL_CLOSE };
    if (!read_status(r, head))
        return false;
    while (next_line(r, &line, &len) && len)
        if (!read_field(r, line, len, head))
            return false;
    return !r->wrong;
}

static bool skip(struct reader *r, size_t len)
{
    if ((size_t)(r->end - r->at) < len)
        return fail(r, "an answer ends within its body");
    r->at += len;
    return true;
}

static bool skip_chunks(struct reader *r)
{
    const char *line;
    size_t len, size;

    do {
        if (!next_line(r, &line, &len))
            return false;
        if (!len || !isxdigit((unsigned char)*line))
            return fail(r, "not a chunk");
        size = strtoull(line, NULL, 16);
        if (size && (!skip(r, size) || !skip(r, 2) || memcmp(r->at - 2, "\r\n", 2) != 0))
            return fail(r, "a chunk that does not end where it said");
    } while (size);
    while (next_line(r, &line, &len) && len)
        ;
    return !r->wrong;
}

static bool skip_body(struct reader *r, const struct answer_head *head)
{
    if (head->is_chunked)
        return skip_chunks(r);
    return skip(r, head->length == UNTIL_CLOSE ? (size_t)(r->end - r->at) : head->length);
}

/* libmicrohttpd 0.9.75 writes the head of a refusal of its own twice where that comes of a header (no Host, a
 * Content-Length that is no number), and closes the connection behind it. */
static void skip_repeated(struct reader *r, const char *begin, const struct answer_head *head)
{
    size_t len = (size_t)(r->at - begin);

    if ((head->status == 400 || head->status == 413) && (size_t)(r->end - r->at) >= len &&
        memcmp(begin, r->at, len) == 0 && memmem(begin, len, "Connection: close\r\n", 19))
        r->at += len;
}

static bool at_answer(const struct reader *r)
{
    return r->at == r->end || (r->end - r->at > 7 && memcmp(r->at, "HTTP/1.", 7) == 0);
}

const char *answers_check(const char *bytes, size_t size, bool has_head, unsigned *out_count)
{
    struct reader r = { .at = bytes, .end = bytes + size };
    struct answer_head head;
    unsigned count = 0;

    while (r.at < r.end) {
        const char *begin = r.at;
        if (!read_head(&r, &head))
            return r.wrong;
        skip_repeated(&r, begin, &head);
        bool is_interim = head.status < 200;
        count += !is_interim;
        if (is_interim || head.status == 204 || head.status == 304)
            continue;
        struct reader behind = r;
        if (skip_body(&behind, &head) && at_answer(&behind))
            r = behind;
        else if (!has_head || !at_answer(&r))
            return behind.wrong ? behind.wrong : "more than the body that was told of";
    }
    *out_count = count;
    return NULL;
}
