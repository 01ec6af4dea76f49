/*
 * Requests one after the other on one folder, as src/ leads them through webdav/: whatever they ask for, the answer
 * is sound, and nothing is left open, hidden or said that depends on how the body came in pieces.
 *
 * A request is "METHOD TARGET", lines of headers, an empty line and a body; a line "---" ends it. In headers
 * "{token}" and "{etag}" stand for what an earlier answer had in Lock-Token (without <>) and ETag. A header
 * "Pieces: N" says of how many bytes the pieces of the body are.
 */
#include <apr_lib.h>
#include <apr_strings.h>
#include <assert.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/folder.h"
#include "tests/fuzz/fuzz.h"
#include "webdav/status.h"

#define REQUESTS_MAX 8
#define ANSWER_MAX   (8 * 1024 * 1024)
#define PIECE_SIZE   1000

struct script {
    apr_pool_t *pool;
    struct exchange *x;
    const char *token, *etag; /* of the answers so far */
};

struct question {
    const char *method, *target;
    apr_table_t *headers;
    const char *body;
    size_t size, piece;
};

/* ---- what is asked ---- */

/* The text, with `value` for the first of these marks. */
static const char *put_in(apr_pool_t *pool, const char *text, const char *mark, const char *value)
{
    const char *at = value ? strstr(text, mark) : NULL;

    return at ? apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(at - text)), value,
                            at + strlen(mark), NULL)
              : text;
}

static void read_header(const struct script *script, const char *line, struct question *q)
{
    const char *colon = strchr(line, ':');

    if (!colon || colon == line)
        return;
    const char *name = apr_pstrmemdup(script->pool, line, (apr_size_t)(colon - line));
    const char *value = colon + 1 + strspn(colon + 1, " ");
    if (strcmp(name, "Pieces") == 0)
        q->piece = strtoul(value, NULL, 10) % PIECE_SIZE + 1;
    value = put_in(script->pool, value, "{token}", script->token);
    apr_table_addn(q->headers, name, put_in(script->pool, value, "{etag}", script->etag));
}

static void read_question(const struct script *script, struct fuzz_input *in, struct question *q)
{
    const char *line = fuzz_line(in), *blank = strchr(line, ' ');

    memset(q, 0, sizeof *q);
    q->method = blank ? apr_pstrmemdup(script->pool, line, (apr_size_t)(blank - line)) : line;
    q->target = blank ? blank + 1 : "";
    q->headers = apr_table_make(script->pool, 8);
    q->piece = PIECE_SIZE;
    while (in->left && *(line = fuzz_line(in)))
        read_header(script, line, q);
    const char *end = in->left >= 4 ? memmem(in->at, in->left, "---\n", 4) : NULL;
    q->body = in->at;
    q->size = end ? (size_t)(end - in->at) : in->left;
    in->at += q->size + (end ? 4 : 0);
    in->left -= q->size + (end ? 4 : 0);
    if (!apr_table_get(q->headers, "Host"))
        apr_table_setn(q->headers, "Host", "h");
    if (q->size && !apr_table_get(q->headers, "Content-Length") &&
        !apr_table_get(q->headers, "Transfer-Encoding"))
        apr_table_setn(q->headers, "Content-Length", apr_psprintf(script->pool, "%zu", q->size));
}

/* ---- what is answered ---- */

/* libmicrohttpd gives us no header with such bytes, and none may leave us. */
static int check_header(void *ctx, const char *name, const char *value)
{
    (void)ctx;
    assert(*name && !strpbrk(name, "\r\n: "));
    for (; *value; value++)
        assert((unsigned char)*value >= ' ' && *value != 0x7f);
    return 1;
}

static void check_body(const struct dav_reply *reply, const struct buffer *body)
{
    const char *type = apr_table_get(reply->headers, "Content-Type");

    assert(!body->overflow);
    if (!type || reply->kind == DAV_FILE || strncmp(type, "application/xml", 15) != 0)
        return;
    xmlResetLastError(); /* NOENT: multistatus.c */
    xmlDoc *doc = xmlReadMemory(body->data, (int)body->size, NULL, NULL,
                                XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOERROR | XML_PARSE_HUGE);
    assert(doc && !xmlGetLastError());
    xmlFreeDoc(doc);
}

static void read_file(const struct dav_reply *reply, struct buffer *body)
{
    char *room = buffer_reserve(body, reply->length);

    assert(room && pread(reply->fd, room, reply->length, (off_t)reply->offset) == (ssize_t)reply->length);
    body->size += reply->length;
}

static void read_reply(const struct dav_reply *reply, struct buffer *body)
{
    bool done = false;

    assert(reply->status >= 200 && reply->status <= 599 && reply->status != 500);
    assert(strcmp(status_phrase(reply->status), "Unknown") != 0);
    apr_table_do(check_header, NULL, reply->headers, NULL);
    if (reply->kind == DAV_BUFFER)
        buffer_append(body, reply->data, reply->size);
    else if (reply->kind == DAV_FILE && reply->length)
        read_file(reply, body);
    while (reply->kind == DAV_STREAM && !done)
        assert(reply->stream->fill(reply->stream, body, &done) == 0);
    assert(reply->kind != DAV_STREAM || reply->stream->length == DAV_LENGTH_UNKNOWN ||
           reply->stream->length == body->size);
    check_body(reply, body);
}

static void remember(struct script *script, const struct dav_reply *reply)
{
    const char *token = apr_table_get(reply->headers, "Lock-Token");
    const char *etag = apr_table_get(reply->headers, "ETag");

    if (token && *token == '<')
        script->token = apr_pstrmemdup(script->pool, token + 1, strcspn(token + 1, ">"));
    if (etag)
        script->etag = apr_pstrdup(script->pool, etag);
}

/* ---- from the one to the other ---- */

static bool has_body(const struct question *q)
{
    const char *length = apr_table_get(q->headers, "Content-Length");

    return apr_table_get(q->headers, "Transfer-Encoding") ||
           (length && strspn(length, "0") != strlen(length));
}

/* Returns the status. */
static int ask(struct script *script, const struct question *q, size_t piece, struct buffer *answer)
{
    const struct dav_head head = {
        .method = q->method, .target = q->target, .headers = q->headers, .user = "", .has_body = has_body(q)
    };
    struct dav_request *r = dav_request_new(script->x->dav, &head);

    dav_begin(r);
    struct dav_reply *reply = dav_request_reply(r);
    dav_request_key(r);
    if (!reply->status) {
        for (size_t at = 0; head.has_body && at < q->size; at += piece)
            dav_body(r, q->body + at, q->size - at < piece ? q->size - at : piece);
        dav_is_quick(r);
        dav_is_long(r);
        dav_run(r);
    }
    read_reply(reply, answer);
    remember(script, reply);
    if (dav_has_cleanup(r))
        dav_cleanup(r);
    int status = reply->status;
    dav_request_free(r);
    return status;
}

/* A listing says the same again, body byte by byte; but for how long a lock still lasts. */
static void ask_and_check(struct script *script, const struct question *q)
{
    struct buffer answer, again;

    buffer_init(&answer, ANSWER_MAX);
    buffer_init(&again, ANSWER_MAX);
    int status = ask(script, q, q->piece, &answer);
    if (strcmp(q->method, "PROPFIND") == 0) {
        assert(ask(script, q, 1, &again) == status);
        assert(script->token || (answer.size == again.size &&
                                 (!answer.size || memcmp(answer.data, again.data, answer.size) == 0)));
    }
    buffer_release(&answer);
    buffer_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct exchange *x;
    struct script script = { 0 };
    struct fuzz_input in;
    struct question question;

    script.pool = fuzz_begin(data, size, &in);
    if (!x)
        x = folder_open();
    script.x = x;
    for (int i = 0; i < REQUESTS_MAX && in.left; i++) {
        read_question(&script, &in, &question);
        ask_and_check(&script, &question);
    }
    folder_reset(x);
    return 0;
}
