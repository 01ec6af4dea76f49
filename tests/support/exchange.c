/*
 * Requests are led through webdav/ in one thread, step by step as dav.h tells. Answers are kept in
 * pools of their own, since requests of several threads may be under way.
 */
#include "tests/support/exchange.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/path.h"
#include "fs/posix.h"
#include "webdav/buffer.h"

#define BODY_MAX   (64 * 1024 * 1024)
#define CHUNK_SIZE 1000 /* bodies arrive in pieces of this size */

static void start_server(struct exchange *x)
{
    struct progress progress = { 0 };
    const char *message = NULL;
    int err = x->is_given ? 0 : posix_open(x->root, false, &x->fs);

    if (!err)
        err = dav_open(x->pool, x->fs, &x->config, &x->dav, &message);
    if (err) {
        fprintf(stderr, "exchange: %s (%s)\n", message ? message : "posix_open", strerror(err));
        abort();
    }
    dav_purge_leftovers(x->dav, &progress);
}

static void stop_server(struct exchange *x)
{
    dav_close(x->dav);
    if (!x->is_given)
        fs_close(x->fs);
}

struct exchange *exchange_open_on(struct fs *fs, const struct dav_config *config)
{
    const char *tmp = getenv("TMPDIR");
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    struct exchange *x = apr_pcalloc(pool, sizeof *x);
    x->pool = pool;
    char *base = apr_pstrcat(pool, tmp ? tmp : "/tmp", "/holdfast-test-XXXXXX", NULL);
    if (!mkdtemp(base))
        abort();
    x->root = apr_pstrcat(pool, base, "/root", NULL);
    x->state_dir = apr_pstrcat(pool, base, "/state", NULL);
    if (mkdir(x->root, 0755) != 0)
        abort();
    if (config)
        x->config = *config;
    x->config.state_dir = x->state_dir;
    if (!x->config.max_xml)
        x->config.max_xml = 1024 * 1024;
    x->fs = fs;
    x->is_given = fs != NULL;
    pthread_mutex_init(&x->mutex, NULL);
    start_server(x);
    return x;
}

struct exchange *exchange_open(const struct dav_config *config)
{
    return exchange_open_on(NULL, config);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void exchange_close(struct exchange *x)
{
    if (!x)
        return;
    stop_server(x);
    if (x->is_given)
        fs_close(x->fs);
    while (x->answers) {
        struct answer *answer = x->answers;
        x->answers = answer->next;
        apr_pool_destroy(answer->pool);
    }
    pthread_mutex_destroy(&x->mutex);
    nftw(path_parent(x->pool, x->root), remove_one, 16, FTW_DEPTH | FTW_PHYS);
    apr_pool_destroy(x->pool);
}

void exchange_restart(struct exchange *x)
{
    stop_server(x);
    start_server(x);
}

void exchange_crash(struct exchange *x, void (*last_act)(struct exchange *x))
{
    stop_server(x);
    pid_t pid = fork();
    if (pid == 0) {
        start_server(x);
        last_act(x);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, NULL, 0) != pid)
        abort();
    start_server(x);
}

/* ---- requests ---- */

static apr_table_t *parse_headers(apr_pool_t *pool, const char *text, const void *data, size_t size)
{
    apr_table_t *headers = apr_table_make(pool, 8);

    for (const char *line = text ? text : ""; *line;) {
        size_t len = strcspn(line, "\n");
        size_t name_len = strcspn(line, ":");
        assert(name_len < len);
        const char *value = line + name_len + 1;
        while (*value == ' ')
            value++;
        apr_table_addn(headers, apr_pstrmemdup(pool, line, name_len),
                       apr_pstrmemdup(pool, value, (size_t)(line + len - value)));
        line += len + (line[len] == '\n');
    }
    if (!apr_table_get(headers, "Host"))
        apr_table_set(headers, "Host", "dav.example");
    if (data && !apr_table_get(headers, "Content-Length") && !apr_table_get(headers, "Transfer-Encoding"))
        apr_table_set(headers, "Content-Length", apr_psprintf(pool, "%" APR_SIZE_T_FMT, size));
    return headers;
}

static struct dav_request *begin(struct exchange *x, apr_pool_t *pool, const char *user, const char *method,
                                 const char *target, const char *headers, const void *data, size_t size)
{
    struct dav_head head = {
        .method = method,
        .target = target,
        .headers = parse_headers(pool, headers, data, size),
        .user = user,
    };
    const char *length = apr_table_get(head.headers, "Content-Length");

    head.has_body =
        apr_table_get(head.headers, "Transfer-Encoding") || (length && strspn(length, "0") != strlen(length));
    struct dav_request *r = dav_request_new(x->dav, &head);
    dav_begin(r);
    return r;
}

static void send_body(struct dav_request *r, const char *data, size_t size)
{
    while (size) {
        size_t len = size < CHUNK_SIZE ? size : CHUNK_SIZE;
        dav_body(r, data, len);
        data += len;
        size -= len;
    }
}

static void drain(struct answer *answer, struct dav_stream *stream, struct buffer *body)
{
    bool done = false;

    while (!done && !answer->broken)
        answer->broken = stream->fill(stream, body, &done) != 0;
    if (!answer->broken && stream->length != DAV_LENGTH_UNKNOWN)
        assert(stream->length == body->size);
}

static void read_file(const struct dav_reply *reply, struct buffer *body)
{
    uint64_t offset = reply->offset, left = reply->length;

    while (left) {
        char piece[65536];
        ssize_t n = pread(reply->fd, piece, left < sizeof piece ? (size_t)left : sizeof piece, (off_t)offset);
        assert(n > 0);
        buffer_append(body, piece, (size_t)n);
        offset += (uint64_t)n;
        left -= (uint64_t)n;
    }
}

static void read_reply(struct answer *answer, struct dav_reply *reply)
{
    struct buffer body;

    buffer_init(&body, BODY_MAX);
    answer->status = reply->status;
    answer->close = reply->close;
    answer->headers = apr_table_clone(answer->pool, reply->headers);
    if (reply->kind == DAV_BUFFER)
        buffer_append(&body, reply->data, reply->size);
    else if (reply->kind == DAV_FILE)
        read_file(reply, &body);
    else if (reply->kind == DAV_STREAM)
        drain(answer, reply->stream, &body);
    assert(!body.overflow);
    answer->body = apr_pstrmemdup(answer->pool, body.data ? body.data : "", body.size);
    answer->size = body.size;
    buffer_release(&body);
}

const struct answer *exchange_full(struct exchange *x, const char *user, const char *method,
                                   const char *target, const char *headers, const void *data, size_t size)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    struct answer *answer = apr_pcalloc(pool, sizeof *answer);
    answer->pool = pool;
    struct dav_request *r = begin(x, pool, user, method, target, headers, data, size);
    answer->early = dav_request_reply(r)->status != 0;
    if (!answer->early) {
        send_body(r, data, size);
        answer->quick = dav_is_quick(r);
        answer->lasting = dav_is_long(r);
        dav_run(r);
    }
    assert(dav_request_reply(r)->status);
    read_reply(answer, dav_request_reply(r));
    if (dav_has_cleanup(r))
        dav_cleanup(r);
    dav_request_free(r);

    pthread_mutex_lock(&x->mutex);
    answer->next = x->answers;
    x->answers = answer;
    pthread_mutex_unlock(&x->mutex);
    return answer;
}

const struct answer *exchange(struct exchange *x, const char *method, const char *target, const char *headers,
                              const char *body)
{
    return exchange_full(x, "", method, target, headers, body, body ? strlen(body) : 0);
}

void exchange_broken(struct exchange *x, const char *method, const char *target, const char *headers,
                     const char *body)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    struct dav_request *r = begin(x, pool, "", method, target, headers, body, strlen(body) + 1);
    if (!dav_request_reply(r)->status)
        send_body(r, body, strlen(body));
    dav_request_free(r);
    apr_pool_destroy(pool);
}

const char *answer_header(const struct answer *a, const char *name)
{
    const char *value = apr_table_get(a->headers, name);

    return value ? value : "";
}

/* ---- the folder ---- */

static const char *on_disk(struct exchange *x, const char *path)
{
    return apr_pstrcat(x->pool, x->root, "/", path, NULL);
}

void exchange_write(struct exchange *x, const char *path, const char *text)
{
    FILE *file = fopen(on_disk(x, path), "w");

    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
}

void exchange_mkdir(struct exchange *x, const char *path)
{
    if (mkdir(on_disk(x, path), 0755) != 0)
        abort();
}

void exchange_symlink(struct exchange *x, const char *text, const char *path)
{
    if (symlink(text, on_disk(x, path)) != 0)
        abort();
}

const char *exchange_read(struct exchange *x, const char *path)
{
    int fd = open(on_disk(x, path), O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return NULL;
    }
    char *text = apr_pcalloc(x->pool, (size_t)st.st_size + 1);
    ssize_t n = read(fd, text, (size_t)st.st_size);
    assert(n == st.st_size);
    close(fd);
    return text;
}

bool exchange_exists(struct exchange *x, const char *path)
{
    struct stat st;

    return lstat(on_disk(x, path), &st) == 0;
}

static unsigned strays; /* nftw has no context */

static int count_stray(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type;
    const char *name = path + ftw->base;
    strays += strncmp(name, PATH_RESERVED_PREFIX, strlen(PATH_RESERVED_PREFIX)) == 0 && ftw->level > 0;
    return 0;
}

unsigned exchange_strays(struct exchange *x)
{
    strays = 0;
    nftw(x->root, count_stray, 16, FTW_PHYS);
    return strays;
}
