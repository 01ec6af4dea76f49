/*
 * A whole server without HTTP: a folder in a temporary directory, its state, and requests to it.
 *
 *   struct exchange *x = exchange_open(NULL);
 *   exchange_write(x, "a.txt", "hello");
 *   const struct answer *a = exchange(x, "GET", "/a.txt", "Range: bytes=1-2", NULL);
 *   assert_int_equal(a->status, 206);
 *   exchange_close(x);
 *
 * A request goes through dav_begin, dav_body, dav_run and dav_cleanup as src/ would lead it; files
 * and streams in the answer are read to their end. Whatever goes wrong outside the request ends
 * the test. Answers live until exchange_close.
 *
 * Threads: exchange() and its like may be called by several at once.
 */
#ifndef HOLDFAST_TESTS_EXCHANGE_H
#define HOLDFAST_TESTS_EXCHANGE_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "webdav/dav.h"

struct answer {
    int status;
    apr_table_t *headers;
    const char *body; /* terminated, so that text can be compared */
    size_t size;
    bool early;          /* answered by dav_begin, from the headers alone */
    bool close;          /* reply.close */
    bool quick, lasting; /* dav_is_quick, dav_is_long; false for early answers */
    bool broken;         /* the stream failed: body is what came before */
    apr_pool_t *pool;
    struct answer *next;
};

struct exchange {
    apr_pool_t *pool;
    const char *root;      /* the served folder, absolute */
    const char *state_dir; /* beside it */
    struct dav_config config;
    struct fs *fs;
    bool is_given; /* fs comes from exchange_open_on */
    struct dav *dav;
    pthread_mutex_t mutex;
    struct answer *answers;
};

/* `config` NULL: defaults (state_dir is always set here). */
struct exchange *exchange_open(const struct dav_config *config);

/* The same on a file system that the caller has opened: it outlives restarts, and exchange_close closes it.
 * The functions of the folder at the end mean nothing then, and there is no exchange_crash. */
struct exchange *exchange_open_on(struct fs *fs, const struct dav_config *config);

/* Removes everything from disk. */
void exchange_close(struct exchange *x);

/* As if the server were stopped and started. */
void exchange_restart(struct exchange *x);

/* As if the server were killed in the middle of `last_act`, and started again: runs that in a child
 * process which ends right after it without closing anything. */
void exchange_crash(struct exchange *x, void (*last_act)(struct exchange *x));

/* `headers`: lines separated by '\n', or NULL. Host and, with a body, Content-Length are added
 * unless given ("Transfer-Encoding: chunked" counts as given). `body`: text, or NULL for none. */
const struct answer *exchange(struct exchange *x, const char *method, const char *target, const char *headers,
                              const char *body);

/* The same with a user and any bytes as body (data NULL: none). */
const struct answer *exchange_full(struct exchange *x, const char *user, const char *method,
                                   const char *target, const char *headers, const void *data, size_t size);

/* A request whose client hangs up after the whole of `body`, before its end. */
void exchange_broken(struct exchange *x, const char *method, const char *target, const char *headers,
                     const char *body);

/* A header of the answer; "" if absent. */
const char *answer_header(const struct answer *a, const char *name);

/* ---- the folder, behind the server's back; paths as in fs.h ---- */

void exchange_write(struct exchange *x, const char *path, const char *text);
void exchange_mkdir(struct exchange *x, const char *path);
void exchange_symlink(struct exchange *x, const char *text, const char *path);

/* The content of a file, terminated; NULL if there is no such file. */
const char *exchange_read(struct exchange *x, const char *path);

/* Not followed: a dangling link exists. */
bool exchange_exists(struct exchange *x, const char *path);

/* How many names of ours (".holdfast-...") lie in the folder, at any depth. */
unsigned exchange_strays(struct exchange *x);

#endif
