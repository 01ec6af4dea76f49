/*
 * The walk is read in batches; each is sorted and written, then the next one is read. So a folder
 * of up to BATCH_MAX members is sorted as a whole, and a larger one still costs no more memory.
 * Members that cannot be looked at are there with their names alone; if the folder itself cannot be read
 * to its end the connection breaks off.
 */
#include "webdav/index.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/path.h"
#include "fs/walk.h"
#include "webdav/httpdate.h"
#include "webdav/multistatus.h"
#include "webdav/rights.h"
#include "webdav/uri.h"

#define BATCH_MAX  5000
#define PIECE_SIZE (64 * 1024)

struct row {
    const char *name;
    bool is_dir, is_unknown; /* it could not be looked at */
    uint64_t size;
    int64_t mtime_ns;
};

struct index {
    struct dav_stream stream; /* first: what the callbacks get */
    apr_pool_t *pool, *batch_pool;
    struct walk *walk;
    struct rights_filter filter;
    const char *path;   /* of its URL, decoded, without a slash at the end */
    const char *prefix; /* of every link: from the URL, which may lack its slash, to the members */
    struct row *rows;
    int count, next;
    bool head_is_sent, walk_is_over;
    int error; /* the collection could not be read to its end */
};

static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    if (x->is_dir != y->is_dir)
        return x->is_dir ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void read_batch(struct index *index)
{
    struct walk_entry entry;

    apr_pool_clear(index->batch_pool);
    index->rows = apr_palloc(index->batch_pool, BATCH_MAX * sizeof *index->rows);
    index->count = index->next = 0;
    while (index->count < BATCH_MAX) {
        enum walk_event event = walk_next(index->walk, &entry);
        if (event == WALK_FAILED && entry.depth == 0)
            index->error = entry.error;
        if (event == WALK_END || index->error) {
            index->walk_is_over = true;
            break;
        }
        if (event == WALK_LEAVE || entry.depth == 0 || entry.st.type == FS_OTHER)
            continue;
        index->rows[index->count++] = (struct row){ .name = apr_pstrdup(index->batch_pool, entry.name),
                                                    .is_dir = entry.st.type == FS_DIR,
                                                    .is_unknown = event == WALK_FAILED,
                                                    .size = entry.st.size,
                                                    .mtime_ns = entry.st.mtime_ns };
    }
    qsort(index->rows, (size_t)index->count, sizeof *index->rows, compare_rows);
}

static void put_text(struct buffer *out, const char *text)
{
    xml_escape(out, text, strlen(text)); /* the same five characters as in HTML */
}

static void put_link(const struct index *index, struct buffer *out, const char *name)
{
    char href[3 * FS_NAME_MAX];
    char *end = uri_encode(href, name, strlen(name));

    buffer_puts(out, index->prefix);
    buffer_append(out, href, (size_t)(end - href));
}

static void put_row(const struct index *index, const struct row *row, struct buffer *out)
{
    char date[HTTPDATE_SIZE];
    const char *slash = row->is_dir ? "/" : "";

    httpdate_format_iso(row->mtime_ns, date);
    buffer_puts(out, "<tr><td><a href=\"");
    put_link(index, out, row->name);
    buffer_printf(out, "%s\">", slash);
    put_text(out, row->name);
    buffer_printf(out, "%s</a></td><td>", slash);
    if (!row->is_dir && !row->is_unknown)
        buffer_printf(out, "%llu", (unsigned long long)row->size);
    buffer_printf(out, "</td><td>%s</td></tr>\n", row->is_unknown ? "" : date);
}

static void put_head(const struct index *index, struct buffer *out)
{
    buffer_puts(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
    put_text(out, *index->path ? index->path : "/");
    buffer_puts(out, "</title>\n</head>\n<body>\n<h1>");
    put_text(out, *index->path ? index->path : "/");
    buffer_puts(out, "</h1>\n<table>\n<tr><th>Name</th><th>Size</th><th>Modified</th></tr>\n");
    if (*index->path)
        buffer_printf(out, "<tr><td><a href=\"%s\">..</a></td><td></td><td></td></tr>\n",
                      *index->prefix ? "./" : "../");
}

static int fill(struct dav_stream *stream, struct buffer *out, bool *out_done)
{
    struct index *index = (struct index *)stream;
    size_t start = out->size;

    if (!index->head_is_sent) {
        put_head(index, out);
        index->head_is_sent = true;
    }
    if (index->next == index->count && !index->walk_is_over)
        read_batch(index);
    while (index->next < index->count && out->size - start < PIECE_SIZE)
        put_row(index, &index->rows[index->next++], out);
    if (index->error) /* what is not whole must not look as if it were */
        return index->error;
    *out_done = index->next == index->count && index->walk_is_over;
    if (*out_done)
        buffer_puts(out, "</table>\n</body>\n</html>\n");
    return out->overflow ? EMSGSIZE : 0;
}

static void close_stream(struct dav_stream *stream)
{
    struct index *index = (struct index *)stream;

    walk_close(index->walk);
    apr_pool_destroy(index->pool);
}

static const char *make_prefix(apr_pool_t *pool, const char *path, bool slash)
{
    const char *name = path_name(path);

    if (slash || !*name)
        return "";
    char *prefix = apr_palloc(pool, 3 * strlen(name) + 2);
    char *end = uri_encode(prefix, name, strlen(name));
    *end++ = '/';
    *end = '\0';
    return prefix;
}

int index_open(const struct dav_request *r, struct dav_stream **out)
{
    struct fs *fs = r->dav->fs;
    const char *path = r->path;
    struct walk_entry root = { .error = 0 };
    struct walk *walk;
    apr_pool_t *pool;

    int err = walk_open(fs, path, WALK_FOLLOW, 1, &walk);
    if (err)
        return err;
    /* The root comes first, and tells whether it can be read at all. */
    if (walk_next(walk, &root) != WALK_ENTER) {
        walk_close(walk);
        return root.error ? root.error : ENOTDIR;
    }
    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    struct index *index = apr_pcalloc(pool, sizeof *index);
    index->stream = (struct dav_stream){ .length = DAV_LENGTH_UNKNOWN, .fill = fill, .close = close_stream };
    index->pool = pool;
    apr_pool_create(&index->batch_pool, pool);
    index->walk = walk;
    const struct access_view *view = rights_view(r->dav, pool, r->user);
    if (!rights_hold(fs, view, root.entered, -1)) {
        close_stream(&index->stream);
        return ENOENT;
    }
    walk_set_filter(walk, rights_filter_init(&index->filter, fs, view, path));
    index->path = apr_pstrcat(pool, r->dav->prefix, *path ? "/" : "", path, NULL);
    index->prefix = make_prefix(pool, index->path, r->slash);
    *out = &index->stream;
    return 0;
}
