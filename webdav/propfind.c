/*
 * PROPFIND (RFC 4918 9.1): a walk that writes a response per entry.
 *
 * What is asked is worked out once, into an array of what to write: a live property by its number,
 * anything else by name with its empty element ready for "404". All these elements together are
 * bounded, as every response repeats them and a short body can ask for many in one long namespace. What
 * then happens per entry is a stat, one pass over that array, and no allocation unless dead properties
 * are read or locks lie near. The answer is a stream that continues the walk whenever the client has taken what there is,
 * so memory is flat; if the first piece is all there is, it is sent as a plain body with a length. For a
 * client that nothing else keeps alive meanwhile (dav_request_hurry) that piece ends before the first member
 * is looked for, so that the slowest disk cannot delay it. A resource whose properties and locks are too much for one response is told with 507 in its place.
 *
 * The listing outlives the request (a stream belongs to whoever sends it), so it owns a pool and
 * keeps no pointer into the request's.
 *
 * Conditional headers and If are not looked at: a listing changes nothing, and clients that hold a
 * lock send its token with everything (RFC 4918 10.4.1 has it for state-changing requests in mind).
 */
#include <apr_hash.h>
#include <apr_strings.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fs/path.h"
#include "fs/walk.h"
#include "webdav/digestfield.h"
#include "webdav/digeststore.h"
#include "webdav/locks.h"
#include "webdav/method.h"
#include "webdav/multistatus.h"
#include "webdav/noprops.h"
#include "webdav/props.h"
#include "webdav/uri.h"
#include "webdav/xmlbody.h"

#define FIRST_PIECE  (16 * 1024) /* early, so that the client sees life */
#define LATER_PIECE  (256 * 1024)
#define PIECE_NS     100000000 /* or what was written in this time */
#define RESPONSE_MAX (3 << 20) /* one response: with a piece it must be below what a sender takes, 4 MiB */
#define FIRST_MAX    (RESPONSE_MAX + LATER_PIECE)
#define HREF_MAX     (1 << 20)
#define QUICK_BODY   (16 * 1024) /* a longer one is read by a worker */

enum kind { KIND_PROP, KIND_ALLPROP, KIND_PROPNAME };

struct item {
    enum live_prop live;     /* LIVE_NONE: a dead property, or none at all */
    const char *ns, *name;   /* of a dead one */
    size_t empty, empty_len; /* where it is in listing->names, for the list of those not found */
    bool is_optional;        /* implied by allprop: not missed where a resource has none */
    bool is_missing;         /* in the response being written */
};

struct listing {
    struct dav_stream stream;
    apr_pool_t *pool, *scratch; /* scratch: one response */
    struct dav *dav;
    const char *path;
    struct walk *walk;
    int levels; /* directories that the walk is in */
    bool is_ended;
    int error; /* the answer cannot be made whole */

    enum kind kind;
    struct item *items;
    size_t item_count;
    struct buffer names; /* the items' empty elements */
    bool wants_dead;     /* the dead properties must be read */
    bool wants_locks;    /* DAV:lockdiscovery is among the items */

    /* Of the directory that the last entry was in: what its members have in common. */
    const char *parent; /* its path, in parent_pool; NULL before the first entry */
    apr_pool_t *parent_pool;
    struct buffer href; /* percent-encoded; the directory's part is kept */
    size_t href_prefix;
    bool is_clear; /* no locks in or over it */

    struct buffer first; /* the piece made by propfind_run */
    bool first_is_sent;
    struct walk_entry root; /* what is still to be written before the walk goes on */
    bool owes_root;
};

/* One entry while its response is written. */
struct entry {
    const char *path;
    const struct fs_stat *st;
    struct fs_dir *dir; /* where its dead properties are; NULL: not known yet */
    const char *name;
    struct dead_prop *dead;
    int dead_error;
    const char *checksums; /* NULL: none are known */
};

/* ---- what is asked ---- */

/* While names are added: each text is kept once, so that two are the same if their pointers are. */
struct names {
    apr_hash_t *texts;
    apr_hash_t *seen; /* struct name */
};

struct name {
    const char *ns, *name;
};

static const char *intern(struct listing *listing, struct names *names, const char *text)
{
    const char *known = apr_hash_get(names->texts, text, APR_HASH_KEY_STRING);
    if (!known) {
        known = apr_pstrdup(listing->pool, text);
        apr_hash_set(names->texts, known, APR_HASH_KEY_STRING, known);
    }
    return known;
}

/* Asked for twice, answered once: has this name been added before? */
static bool is_repeated(struct listing *listing, struct names *names, const struct name *name)
{
    if (apr_hash_get(names->seen, name, sizeof(*name)))
        return true;
    const struct name *key = apr_pmemdup(listing->pool, name, sizeof(*name));
    apr_hash_set(names->seen, key, sizeof(*key), key);
    return false;
}

static void add_live(struct listing *listing, enum live_prop live, bool is_optional)
{
    for (size_t i = 0; i < listing->item_count; i++)
        if (listing->items[i].live == live)
            return;
    struct item *item = &listing->items[listing->item_count++];
    *item = (struct item){ .live = live, .is_optional = is_optional, .empty = listing->names.size };
    props_write_name(live, &listing->names);
    item->empty_len = listing->names.size - item->empty;
    listing->wants_locks |= live == LIVE_LOCKDISCOVERY;
    listing->wants_dead |= live == LIVE_DISPLAYNAME; /* may have been set (RFC 4918 15.2) */
    listing->wants_dead |= live == LIVE_CHECKSUMS;   /* kept among them */
}

static void add_dead(struct listing *listing, const struct name *name)
{
    struct item *item = &listing->items[listing->item_count++];
    *item =
        (struct item){ .live = LIVE_NONE, .ns = name->ns, .name = name->name, .empty = listing->names.size };
    multistatus_empty(&listing->names, name->ns, name->name);
    item->empty_len = listing->names.size - item->empty;
    listing->wants_dead = true;
}

static size_t count_children(const struct xml_element *element)
{
    size_t count = 0;
    for (const struct xml_element *child = element ? element->first : NULL; child; child = child->next)
        count++;
    return count;
}

/* Stops where the names are too long in all. */
static void add_named(struct listing *listing, struct names *names, const struct xml_element *element)
{
    const char *last = NULL, *ns = NULL; /* most names are in the namespace of the one before */
    for (const struct xml_element *at = element ? element->first : NULL; at; at = at->next) {
        if (at->ns != last)
            ns = intern(listing, names, at->ns);
        last = at->ns;
        const struct name name = { .ns = ns, .name = intern(listing, names, at->name) };
        if (is_repeated(listing, names, &name))
            continue;
        enum live_prop live = props_live(name.ns, name.name);
        if (live != LIVE_NONE)
            add_live(listing, live, false);
        else
            add_dead(listing, &name);
        if (listing->names.overflow)
            return;
    }
}

/* `prop` and `include` hold names and may be NULL. */
static void set_items(struct listing *listing, enum kind kind, const struct xml_element *prop,
                      const struct xml_element *include)
{
    struct names names = { .texts = apr_hash_make(listing->pool), .seen = apr_hash_make(listing->pool) };
    size_t room = LIVE_COUNT + count_children(prop) + count_children(include);
    listing->kind = kind;
    listing->items = apr_pcalloc(listing->pool, room * sizeof(struct item));
    listing->wants_dead = kind != KIND_PROP;
    for (int live = LIVE_NONE + 1; live < LIVE_COUNT && kind == KIND_ALLPROP; live++)
        if (props_is_in_allprop((enum live_prop)live))
            add_live(listing, (enum live_prop)live, true);
    add_named(listing, &names, prop);
    add_named(listing, &names, include);
}

/* False after having replied. An empty body is allprop (RFC 4918 9.1); elements that we do not know are
 * passed over (17). */
static bool read_propfind(struct dav_request *r, struct listing *listing)
{
    struct xml_element *body = NULL;
    if (r->body.size == 0) {
        set_items(listing, KIND_ALLPROP, NULL, NULL);
        return true;
    }
    if (!xmlbody_parse(r, "propfind", NULL, &body))
        return false;
    const struct xml_element *prop = xml_dav_child(body, "prop");
    const struct xml_element *allprop = xml_dav_child(body, "allprop");
    const struct xml_element *propname = xml_dav_child(body, "propname");
    if ((prop != NULL) + (allprop != NULL) + (propname != NULL) != 1) {
        reply_error(r, 400, "A PROPFIND asks for one of prop, allprop and propname.");
        return false;
    }
    set_items(listing,
              prop      ? KIND_PROP
              : allprop ? KIND_ALLPROP
                        : KIND_PROPNAME,
              prop, allprop ? xml_dav_child(body, "include") : NULL);
    if (listing->names.overflow) {
        reply_error(r, 413, "The names asked for have more than %d bytes.", MULTISTATUS_NAMES_MAX);
        return false;
    }
    return true;
}

/* ---- one response ---- */

/* Reads the dead properties if they are asked for; a resource whose value cannot be read has none, and
 * named ones then fail with its error instead of 404. */
static void load_dead(struct listing *listing, struct entry *entry)
{
    struct fs_dir *located = NULL;
    struct checksum_values digests;
    if (!listing->wants_dead || noprops_knows(listing->dav->noprops, entry->st))
        return;
    if (!entry->dir) {
        entry->dead_error =
            path_locate(listing->dav->fs, entry->path, true, listing->scratch, &located, &entry->name);
        if (entry->dead_error)
            return;
        entry->dir = located;
    }
    entry->dead_error = props_load(entry->dir, entry->name, listing->scratch, &entry->dead);
    if (!entry->dead_error && !entry->dead)
        noprops_remember(listing->dav->noprops, entry->st, locks_now());
    fs_dir_close(located);
    if (entry->dead && digeststore_take(&entry->dead, entry->st, &digests))
        entry->checksums = digestfield_format_oc(listing->scratch, &digests);
}

static struct dead_prop *find_dead(const struct entry *entry, const struct item *item)
{
    if (item->live == LIVE_NONE)
        return props_find(entry->dead, item->ns, item->name);
    if (item->live == LIVE_DISPLAYNAME)
        return props_find(entry->dead, "DAV:", "displayname");
    return NULL;
}

static bool write_item(const struct item *item, const struct prop_subject *subject, const struct entry *entry,
                       struct buffer *out)
{
    struct dead_prop *dead = entry->dead ? find_dead(entry, item) : NULL;
    if (dead) {
        buffer_puts(out, dead->markup);
        dead->is_told = true;
        return true;
    }
    return item->live != LIVE_NONE && props_write_live(item->live, subject, out);
}

/* Those of allprop that were not written as items. */
static bool write_other_dead(const struct entry *entry, struct buffer *out)
{
    bool any = false;
    for (const struct dead_prop *dead = entry->dead; dead; dead = dead->next) {
        if (dead->is_told)
            continue;
        buffer_puts(out, dead->markup);
        any = true;
    }
    return any;
}

static void write_missing(const struct listing *listing, bool dead, int status, struct buffer *out)
{
    size_t before = out->size;
    bool any = false;
    multistatus_propstat_begin(out);
    for (size_t i = 0; i < listing->item_count; i++) {
        const struct item *item = &listing->items[i];
        if (item->is_missing && (item->live == LIVE_NONE) == dead) {
            buffer_append(out, listing->names.data + item->empty, item->empty_len);
            any = true;
        }
    }
    if (any)
        multistatus_propstat_end(out, status, CONDITION_NONE);
    else
        out->size = before;
}

static void write_props(struct listing *listing, const struct entry *entry, const struct lock *locks,
                        struct buffer *out)
{
    struct prop_subject subject = { .dav = listing->dav,
                                    .path = entry->path,
                                    .st = entry->st,
                                    .locks = locks,
                                    .checksums = entry->checksums };
    size_t before = out->size, found = 0, missing = 0, missing_dead = 0;
    multistatus_propstat_begin(out);
    for (size_t i = 0; i < listing->item_count; i++) {
        struct item *item = &listing->items[i];
        bool is_found = write_item(item, &subject, entry, out);
        item->is_missing = !is_found && !item->is_optional;
        found += is_found;
        missing += item->is_missing && item->live != LIVE_NONE;
        missing_dead += item->is_missing && item->live == LIVE_NONE;
    }
    if (listing->kind == KIND_ALLPROP)
        found += write_other_dead(entry, out);
    if (found || (!missing && !missing_dead))
        multistatus_propstat_end(out, 200, CONDITION_NONE);
    else
        out->size = before;
    if (missing)
        write_missing(listing, false, 404, out);
    if (missing_dead)
        write_missing(listing, true,
                      entry->dead_error ? status_from_errno(entry->dead_error, ROLE_SUBJECT) : 404, out);
}

static void write_names(const struct entry *entry, struct buffer *out)
{
    multistatus_propstat_begin(out);
    for (int live = LIVE_NONE + 1; live < LIVE_COUNT; live++)
        if (props_applies((enum live_prop)live, entry->st) && (live != LIVE_CHECKSUMS || entry->checksums))
            props_write_name((enum live_prop)live, out);
    for (const struct dead_prop *dead = entry->dead; dead; dead = dead->next)
        if (props_live(dead->ns, dead->name) == LIVE_NONE)
            multistatus_empty(out, dead->ns, dead->name);
    multistatus_propstat_end(out, 200, CONDITION_NONE);
}

/* Instead of what was written from `before` on; the other resources can still be told. */
static void write_too_large(struct listing *listing, size_t before, struct buffer *out)
{
    buffer_truncate(out, before);
    const char *href = apr_pstrmemdup(listing->scratch, listing->href.data, listing->href.size);
    multistatus_status(out, href, status_from_errno(EMSGSIZE, ROLE_SUBJECT), CONDITION_NONE);
    apr_pool_clear(listing->scratch);
}

static void write_response(struct listing *listing, struct entry *entry, struct buffer *out)
{
    const struct lock *locks = NULL;
    bool uses_scratch = listing->wants_dead;
    size_t before = out->size;
    load_dead(listing, entry);
    if (listing->wants_locks && !listing->is_clear) {
        locks = locks_covering(listing->dav->locks, listing->scratch, entry->path, locks_now());
        uses_scratch = true;
    }
    multistatus_response_begin(out, listing->href.data, listing->href.size);
    if (listing->kind == KIND_PROPNAME)
        write_names(entry, out);
    else
        write_props(listing, entry, locks, out);
    multistatus_response_end(out);
    if (out->overflow || out->size - before > RESPONSE_MAX)
        write_too_large(listing, before, out);
    if (uses_scratch)
        apr_pool_clear(listing->scratch);
}

/* ---- hrefs ---- */

static void append_encoded(struct buffer *href, const char *bytes, size_t len)
{
    char *at = buffer_reserve(href, 3 * len);
    if (at)
        href->size += (size_t)(uri_encode(at, bytes, len) - at);
}

/* What members of a directory share is worked out once, as long as they come one after the other. */
static void enter_parent(struct listing *listing, const char *path, size_t parent_len)
{
    if (listing->parent && strncmp(listing->parent, path, parent_len) == 0 && !listing->parent[parent_len])
        return;
    apr_pool_clear(listing->parent_pool);
    listing->parent = apr_pstrmemdup(listing->parent_pool, path, parent_len);
    listing->is_clear = locks_is_clear(listing->dav->locks, listing->parent, locks_now());
    buffer_clear(&listing->href);
    buffer_puts(&listing->href, "/");
    append_encoded(&listing->href, path, parent_len);
    if (parent_len > 0)
        buffer_puts(&listing->href, "/");
    listing->href_prefix = listing->href.size;
}

static void set_href(struct listing *listing, const char *path, bool is_collection)
{
    const char *name = path_name(path);
    size_t prefix = (size_t)(name - path);
    enter_parent(listing, path, prefix ? prefix - 1 : 0);
    listing->href.size = listing->href_prefix;
    append_encoded(&listing->href, name, strlen(name));
    if (is_collection && *name)
        buffer_puts(&listing->href, "/");
}

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
    set_href(listing, found->path, found->st.type == FS_DIR);
    const char *href = apr_pstrmemdup(listing->scratch, listing->href.data, listing->href.size);
    multistatus_status(out, href, status_from_errno(found->error, ROLE_SUBJECT), CONDITION_NONE);
    apr_pool_clear(listing->scratch);
}

static void write_found(struct listing *listing, const struct walk_entry *found, struct buffer *out)
{
    struct entry entry = { .path = found->path, .st = &found->st };
    if (!found->via_link && found->depth > 0) { /* else what has the properties is elsewhere */
        entry.dir = found->dir;
        entry.name = found->name;
    }
    set_href(listing, found->path, found->st.type == FS_DIR);
    write_response(listing, &entry, out);
}

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Goes on until a piece is full or its time is up. */
static void continue_walk(struct listing *listing, struct buffer *out, size_t piece)
{
    int64_t until_ns = clock_ns() + PIECE_NS;
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
    buffer_release(&listing->href);
    buffer_release(&listing->first);
    buffer_release(&listing->names);
    apr_pool_destroy(listing->pool);
}

static void stream_close(struct dav_stream *stream)
{
    listing_free((struct listing *)stream);
}

static int listing_error(const struct listing *listing, const struct buffer *out)
{
    if (out->overflow || listing->href.overflow)
        return EMSGSIZE;
    return listing->error;
}

/* The walk has not gone on yet, so its entry is still good. */
static void write_owed_root(struct listing *listing, struct buffer *out)
{
    if (listing->owes_root)
        write_found(listing, &listing->root, out);
    listing->owes_root = false;
}

static int stream_fill(struct dav_stream *stream, struct buffer *out, bool *out_done)
{
    struct listing *listing = (struct listing *)stream;
    if (!listing->first_is_sent) {
        buffer_append(out, listing->first.data, listing->first.size);
        listing->first_is_sent = true;
    } else {
        write_owed_root(listing, out);
        continue_walk(listing, out, out->size + LATER_PIECE);
    }
    int error = listing_error(listing, out);
    if (!error)
        *out_done = listing->is_ended;
    return error;
}

static struct listing *listing_new(struct dav_request *r)
{
    apr_pool_t *pool;
    apr_pool_create_ex(&pool, NULL, apr_pool_abort_get(r->pool), NULL);
    struct listing *listing = apr_pcalloc(pool, sizeof(*listing));
    listing->stream.length = DAV_LENGTH_UNKNOWN;
    listing->stream.fill = stream_fill;
    listing->stream.close = stream_close;
    listing->stream.is_xml = true;
    listing->pool = pool;
    apr_pool_create(&listing->scratch, pool);
    apr_pool_create(&listing->parent_pool, pool);
    listing->dav = r->dav;
    listing->path = apr_pstrdup(pool, r->path);
    buffer_init(&listing->href, HREF_MAX);
    buffer_init(&listing->names, MULTISTATUS_NAMES_MAX);
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
    if (propfind->depth == DEPTH_INFINITY && r->dav->config.finite_depth && r->st.type == FS_DIR)
        reply_condition(r, 403, CONDITION_PROPFIND_FINITE_DEPTH, NULL); /* RFC 4918 9.1.1 */
}

/* Asked when the body is there. */
bool propfind_is_quick(const struct dav_request *r)
{
    return depth_of(r) == DEPTH_0 && r->body.size <= QUICK_BODY;
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
    struct entry entry = { .path = listing->path, .st = st };
    multistatus_begin(&listing->first);
    set_href(listing, listing->path, st->type == FS_DIR);
    write_response(listing, &entry, &listing->first);
    multistatus_end(&listing->first);
    listing->is_ended = true;
}

/* `hurry`: no further than to where it is known that this will be a 207. */
static int list_tree(struct listing *listing, int max_depth, bool hurry)
{
    int error = walk_open(listing->dav->fs, listing->path, WALK_FOLLOW, max_depth, &listing->walk);
    if (error)
        return error;
    multistatus_begin(&listing->first);
    enum walk_event event = walk_next(listing->walk, &listing->root);
    if (event == WALK_FAILED) /* the collection itself: a plain error says it better than a 207 */
        return listing->root.error;
    if (event == WALK_END)
        return ENOENT;
    listing->levels = event == WALK_ENTER;
    listing->owes_root = true;
    if (hurry)
        return 0;
    write_owed_root(listing, &listing->first);
    continue_walk(listing, &listing->first, FIRST_PIECE);
    return 0;
}

void propfind_run(struct dav_request *r)
{
    enum dav_depth depth = depth_of(r);
    struct listing *listing = listing_new(r);
    if (!read_propfind(r, listing)) {
        listing_free(listing);
        return;
    }
    int error = 0;
    if (depth == DEPTH_0)
        list_one(listing, &r->st);
    else
        error = list_tree(listing, depth == DEPTH_1 ? 1 : WALK_DEEP, r->is_hurried);
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
