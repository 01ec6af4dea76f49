/*
 * PROPFIND (RFC 4918 9.1): a walk that writes a response per entry.
 *
 * What is asked is in asked.h, how a response is written in responder.h; here is what holds them together.
 * The answer is a stream that continues the walk whenever the client has taken what there is,
 * so memory is flat; if the first piece is all there is, it is sent as a plain body with a length.
 *
 * The listing outlives the request (a stream belongs to whoever sends it), so it owns a pool and
 * keeps no pointer into the request's.
 *
 * Conditional headers and If are not looked at: a listing changes nothing, and clients that hold a
 * lock send its token with everything (RFC 4918 10.4.1 has it for state-changing requests in mind).
 */
#include <apr_strings.h>
#include <assert.h>
#include <errno.h>
#include <time.h>

#include "fs/walk.h"
#include "webdav/method.h"
#include "webdav/multistatus.h"
#include "webdav/propstore.h"
#include "webdav/responder.h"
#include "webdav/rights.h"
#include "webdav/spares.h"

#define FIRST_PIECE (128 * 1024) /* a folder of a hundred members goes out at once, with its length */
#define FIRST_NS    5000000      /* but no later than this, so that the client sees life */
#define LATER_PIECE (256 * 1024)
#define LATER_NS    100000000
#define PIECE_SLACK (8 * 1024)                   /* for the response that fills it */
#define FIRST_MAX   (RESPONSE_MAX + LATER_PIECE) /* with a piece, below what a sender takes, 4 MiB */
#define QUICK_BODY  (16 * 1024)                  /* a longer one is read by a worker */

struct listing {
    struct dav_stream stream;
    apr_pool_t *pool;
    struct asked *asked;
    struct responder responder;
    const char *path;
    const struct access_view *view; /* what may be listed */
    struct rights_filter filter;
    struct walk *walk;
    int levels; /* directories that the walk is in */
    bool is_ended;
    int error; /* the answer cannot be made whole */

    struct buffer first; /* the piece made by propfind_run */
    bool first_is_sent;
};

/* ---- the walk ---- */

/* A member that cannot be looked into is told in its place. A directory that fails while its members
 * are listed has been told already: if it is gone they are gone, else the listing breaks off, since
 * it would look whole and is not. */
static void write_failed(struct listing *listing, const struct walk_entry *found, struct buffer *out)
{
    if (found->depth < listing->levels) {
        listing->error = found->error == ENOENT ? 0 : found->error;
        return;
    }
    responder_fail(&listing->responder, found->path, found->st.type == FS_DIR,
                   status_from_errno(found->error, ROLE_SUBJECT), out);
}

/* Only if somebody wants to know: it costs a look at the file system. */
static enum access_right right_of(const struct listing *listing, const char *path)
{
    struct fs *fs = listing->responder.dav->fs;
    return listing->asked->wants_rights ? rights_at(fs, listing->view, path) : ACCESS_NONE;
}

static void write_found(struct listing *listing, const struct walk_entry *found, struct buffer *out)
{
    struct response_entry entry = { .path = found->path,
                                    .st = &found->st,
                                    .right = right_of(listing, found->path) };
    if (!found->via_link && found->depth > 0) { /* else what has the properties is elsewhere */
        entry.dir = found->dir;
        entry.name = found->name;
    }
    responder_write(&listing->responder, &entry, out);
}

/* To a tick of the kernel's: asked for every entry, the exact time would be dear. */
static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Goes on until a piece is full or its time is up. */
static void continue_walk(struct listing *listing, struct buffer *out, size_t piece, int64_t time_ns)
{
    int64_t until_ns = clock_ns() + time_ns;
    while (!listing->is_ended && !listing->error && out->size < piece && clock_ns() < until_ns) {
        struct walk_entry found;
        switch (walk_next(listing->walk, &found)) {
        case WALK_ENTER:
            listing->levels++;
            write_found(listing, &found, out);
            break;
        case WALK_ENTRY:
            write_found(listing, &found, out);
            break;
        case WALK_FAILED:
            write_failed(listing, &found, out);
            break;
        case WALK_LEAVE:
            listing->levels--;
            break;
        case WALK_END:
            multistatus_end(out);
            walk_close(listing->walk);
            listing->walk = NULL;
            listing->is_ended = true;
        }
    }
}

/* ---- the stream ---- */

static void listing_free(struct listing *listing)
{
    walk_close(listing->walk);
    responder_release(&listing->responder);
    asked_release(listing->asked);
    spares_give(listing->responder.dav->spares, &listing->first);
    apr_pool_destroy(listing->pool);
}

static void stream_close(struct dav_stream *stream)
{
    listing_free((struct listing *)stream);
}

static int listing_error(const struct listing *listing, const struct buffer *out)
{
    if (out->overflow || listing->responder.href.overflow)
        return EMSGSIZE;
    return listing->error;
}

static int stream_fill(struct dav_stream *stream, struct buffer *out, bool *out_done)
{
    struct listing *listing = (struct listing *)stream;
    if (!listing->first_is_sent) {
        buffer_append(out, listing->first.data, listing->first.size);
        listing->first_is_sent = true;
    } else {
        continue_walk(listing, out, out->size + LATER_PIECE, LATER_NS);
    }
    int error = listing_error(listing, out);
    if (!error)
        *out_done = listing->is_ended;
    return error;
}

static struct listing *listing_new(struct dav_request *r, struct asked *asked)
{
    apr_pool_t *pool = dav_pool_new(r->dav);
    struct listing *listing = apr_pcalloc(pool, sizeof(*listing));
    listing->stream.length = DAV_LENGTH_UNKNOWN;
    listing->stream.fill = stream_fill;
    listing->stream.close = stream_close;
    listing->stream.is_xml = true;
    listing->pool = pool;
    listing->asked = asked;
    listing->path = apr_pstrdup(pool, r->path);
    listing->view = rights_view(r->dav, pool, r->user);
    responder_init(&listing->responder, r->dav, asked, pool);
    buffer_init(&listing->first, FIRST_MAX);
    return listing;
}

/* ---- the method ---- */

/* What propfind_begin leaves in r->state. */
struct propfind {
    enum dav_depth depth;
};

static enum dav_depth depth_of(const struct dav_request *r)
{
    return ((const struct propfind *)r->state)->depth;
}

void propfind_begin(struct dav_request *r)
{
    struct propfind *propfind = apr_pcalloc(r->pool, sizeof(*propfind));
    r->state = propfind;
    if (!method_depth(r, DEPTH_INFINITY, &propfind->depth))
        return;
    if (propfind->depth == DEPTH_INFINITY && r->config->finite_depth && r->st.type == FS_DIR)
        reply_condition(r, 403, CONDITION_PROPFIND_FINITE_DEPTH, NULL); /* RFC 4918 9.1.1 */
}

/* Asked when the body is there. Properties in the database may have to wait for somebody else's sync. */
bool propfind_is_quick(const struct dav_request *r)
{
    return depth_of(r) == DEPTH_0 && r->body.size <= QUICK_BODY && !propstore_is_used(r->dav->propstore);
}

bool propfind_is_long(const struct dav_request *r)
{
    return depth_of(r) == DEPTH_INFINITY && r->st.type == FS_DIR;
}

static void reply_stream(struct dav_request *r, struct listing *listing)
{
    reply_header(r, "Content-Type", MULTISTATUS_TYPE);
    r->reply.status = 207;
    r->reply.kind = DAV_STREAM;
    r->reply.stream = &listing->stream;
}

static apr_status_t free_listing(void *data)
{
    listing_free(data);
    return APR_SUCCESS;
}

/* The resource alone, as dav_begin has seen it: no walk, and no directory is opened unless dead properties are
 * asked for. */
static void list_one(struct listing *listing, const struct fs_stat *st)
{
    const struct response_entry entry = { .path = listing->path,
                                          .st = st,
                                          .right = right_of(listing, listing->path) };
    multistatus_begin(&listing->first);
    responder_write(&listing->responder, &entry, &listing->first);
    multistatus_end(&listing->first);
    listing->is_ended = true;
}

static int list_tree(struct listing *listing, int max_depth)
{
    struct fs *fs = listing->responder.dav->fs;
    struct walk_entry root;
    int error = walk_open(fs, listing->path, WALK_FOLLOW, max_depth, &listing->walk);
    if (error)
        return error;
    walk_set_filter(listing->walk, rights_filter_init(&listing->filter, fs, listing->view, listing->path));
    enum walk_event event = walk_next(listing->walk, &root);
    if (event == WALK_FAILED) /* the collection itself: a plain error says it better than a 207 */
        return root.error;
    if (event == WALK_END)
        return ENOENT;
    listing->levels = event == WALK_ENTER;
    spares_take(listing->responder.dav->spares, &listing->first);
    buffer_reserve(&listing->first, FIRST_PIECE + PIECE_SLACK);
    multistatus_begin(&listing->first);
    write_found(listing, &root, &listing->first);
    continue_walk(listing, &listing->first, FIRST_PIECE, FIRST_NS);
    return 0;
}

/* NULL after having replied. */
static struct asked *find_asked(struct dav_request *r)
{
    struct asked *asked = asked_recall(r->dav->asked, &r->body);
    if (asked || !(asked = asked_read(r)))
        return asked;
    responder_outline(asked);
    asked_keep(r->dav->asked, asked);
    return asked;
}

void propfind_run(struct dav_request *r)
{
    enum dav_depth depth = depth_of(r);
    struct asked *asked = find_asked(r);
    if (!asked)
        return;
    struct listing *listing = listing_new(r, asked);
    int error = 0;
    if (depth == DEPTH_0)
        list_one(listing, &r->st);
    else
        error = list_tree(listing, depth == DEPTH_1 ? 1 : WALK_DEEP);
    if (!error)
        error = listing_error(listing, &listing->first);
    if (error) {
        listing_free(listing);
        reply_errno(r, error, ROLE_SUBJECT);
    } else if (listing->is_ended) {
        apr_pool_cleanup_register(r->pool, listing, free_listing, apr_pool_cleanup_null);
        reply_buffer(r, 207, MULTISTATUS_TYPE, listing->first.data, listing->first.size);
    } else {
        reply_stream(r, listing);
    }
}
