/*
 * The store has few places, each for the bodies of one hash: a client's bodies are few, and one that another
 * has displaced is read again, no more. A body with its items and outlines is some KiB.
 */
#include "webdav/asked.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <pthread.h>
#include <stdlib.h>

#include "webdav/keyedhash.h"
#include "webdav/multistatus.h"
#include "webdav/xmlbody.h"

#define STORE_SLOTS 64
#define KEPT_BODY   1024 /* bytes; a longer one is read each time */
#define KEPT_NAMES  4096

/* ---- names ---- */

/* While names are added: each text is kept once, so that two are the same if their pointers are. */
struct names {
    apr_hash_t *texts;
    apr_hash_t *seen; /* struct name */
};

struct name {
    const char *ns, *name;
};

static const char *intern(struct asked *asked, struct names *names, const char *text)
{
    const char *known = apr_hash_get(names->texts, text, APR_HASH_KEY_STRING);
    if (!known) {
        known = apr_pstrdup(asked->pool, text);
        apr_hash_set(names->texts, known, APR_HASH_KEY_STRING, known);
    }
    return known;
}

/* Asked for twice, answered once: has this name been added before? */
static bool is_repeated(struct asked *asked, struct names *names, const struct name *name)
{
    if (apr_hash_get(names->seen, name, sizeof(*name)))
        return true;
    const struct name *key = apr_pmemdup(asked->pool, name, sizeof(*name));
    apr_hash_set(names->seen, key, sizeof(*key), key);
    return false;
}

static void add_live(struct asked *asked, enum live_prop live, bool is_optional)
{
    for (size_t i = 0; i < asked->item_count; i++)
        if (asked->items[i].live == live)
            return;
    struct asked_item *item = &asked->items[asked->item_count++];
    *item = (struct asked_item){ .live = live, .is_optional = is_optional, .empty = asked->names.size };
    props_write_name(live, &asked->names);
    item->empty_len = asked->names.size - item->empty;
    asked->wants_locks |= live == LIVE_LOCKDISCOVERY;
    asked->wants_rights |= live == LIVE_PRIVILEGES;
    asked->wants_dead |= live == LIVE_DISPLAYNAME; /* may have been set (RFC 4918 15.2) */
    asked->wants_dead |= live == LIVE_CHECKSUMS;   /* kept among them */
}

static void add_dead(struct asked *asked, const struct name *name)
{
    struct asked_item *item = &asked->items[asked->item_count++];
    *item = (struct asked_item){
        .live = LIVE_NONE, .ns = name->ns, .name = name->name, .empty = asked->names.size
    };
    multistatus_empty(&asked->names, name->ns, name->name);
    item->empty_len = asked->names.size - item->empty;
    asked->wants_dead = true;
}

static size_t count_children(const struct xml_element *element)
{
    size_t count = 0;
    for (const struct xml_element *child = element ? element->first : NULL; child; child = child->next)
        count++;
    return count;
}

/* Stops where the names are too long in all. */
static void add_named(struct asked *asked, struct names *names, const struct xml_element *element)
{
    const char *last = NULL, *ns = NULL; /* most names are in the namespace of the one before */
    for (const struct xml_element *at = element ? element->first : NULL; at; at = at->next) {
        if (at->ns != last)
            ns = intern(asked, names, at->ns);
        last = at->ns;
        const struct name name = { .ns = ns, .name = intern(asked, names, at->name) };
        if (is_repeated(asked, names, &name))
            continue;
        enum live_prop live = props_live(name.ns, name.name);
        if (live != LIVE_NONE)
            add_live(asked, live, false);
        else
            add_dead(asked, &name);
        if (asked->names.overflow)
            return;
    }
}

/* `prop` and `include` hold names and may be NULL. */
static void set_items(struct asked *asked, enum asked_kind kind, const struct xml_element *prop,
                      const struct xml_element *include)
{
    struct names names = { .texts = keyedhash_make(asked->pool), .seen = apr_hash_make(asked->pool) };
    size_t room = LIVE_COUNT + count_children(prop) + count_children(include);
    asked->kind = kind;
    asked->items = apr_pcalloc(asked->pool, room * sizeof(struct asked_item));
    asked->wants_dead = kind != ASKED_PROP;
    for (int live = LIVE_NONE + 1; live < LIVE_COUNT && kind == ASKED_ALLPROP; live++)
        if (props_is_in_allprop((enum live_prop)live))
            add_live(asked, (enum live_prop)live, true);
    add_named(asked, &names, prop);
    add_named(asked, &names, include);
}

/* ---- reading ---- */

static bool read_document(struct dav_request *r, struct asked *asked)
{
    struct xml_element *body = NULL;
    if (!xmlbody_parse(r, "propfind", NULL, &body))
        return false;
    const struct xml_element *prop = xml_dav_child(body, "prop");
    const struct xml_element *allprop = xml_dav_child(body, "allprop");
    const struct xml_element *propname = xml_dav_child(body, "propname");
    if ((prop != NULL) + (allprop != NULL) + (propname != NULL) != 1) {
        reply_error(r, 400, "A PROPFIND asks for one of prop, allprop and propname.");
        return false;
    }
    set_items(asked,
              prop      ? ASKED_PROP
              : allprop ? ASKED_ALLPROP
                        : ASKED_PROPNAME,
              prop, allprop ? xml_dav_child(body, "include") : NULL);
    if (asked->names.overflow) {
        reply_error(r, 413, "The names asked for have more than %d bytes.", MULTISTATUS_NAMES_MAX);
        return false;
    }
    return true;
}

struct asked *asked_read(struct dav_request *r)
{
    apr_pool_t *pool;
    apr_pool_create_ex(&pool, NULL, apr_pool_abort_get(r->pool), NULL);
    struct asked *asked = apr_pcalloc(pool, sizeof(*asked));
    asked->pool = pool;
    atomic_init(&asked->references, 1);
    buffer_init(&asked->names, MULTISTATUS_NAMES_MAX);
    if (r->body.size == 0) {
        set_items(asked, ASKED_ALLPROP, NULL, NULL);
    } else if (!read_document(r, asked)) {
        asked_release(asked);
        return NULL;
    }
    asked->body_size = r->body.size;
    if (r->body.size <= KEPT_BODY)
        asked->body = apr_pstrmemdup(pool, r->body.data ? r->body.data : "", r->body.size);
    return asked;
}

void asked_release(struct asked *asked)
{
    if (!asked || atomic_fetch_sub(&asked->references, 1) > 1)
        return;
    buffer_release(&asked->names);
    for (int i = 0; i < 2; i++)
        outline_release(&asked->outlines[i]);
    apr_pool_destroy(asked->pool);
}

/* ---- keeping ---- */

struct asked_store {
    pthread_mutex_t mutex;
    struct asked *slots[STORE_SLOTS];
};

struct asked_store *asked_store_open(void)
{
    struct asked_store *store = calloc(1, sizeof(*store));
    if (!store)
        abort();
    pthread_mutex_init(&store->mutex, NULL);
    return store;
}

void asked_store_close(struct asked_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < STORE_SLOTS; i++)
        asked_release(store->slots[i]);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

static struct asked **slot_of(struct asked_store *store, const char *body, size_t size)
{
    apr_ssize_t len = (apr_ssize_t)size;
    return &store->slots[apr_hashfunc_default(body, &len) % STORE_SLOTS];
}

struct asked *asked_recall(struct asked_store *store, const struct buffer *body)
{
    if (body->size > KEPT_BODY)
        return NULL;
    const char *data = body->size ? body->data : "";
    pthread_mutex_lock(&store->mutex);
    struct asked *asked = *slot_of(store, data, body->size);
    if (asked && (asked->body_size != body->size || memcmp(asked->body, data, body->size) != 0))
        asked = NULL;
    if (asked)
        atomic_fetch_add(&asked->references, 1);
    pthread_mutex_unlock(&store->mutex);
    return asked;
}

void asked_keep(struct asked_store *store, struct asked *asked)
{
    if (!asked->body || asked->names.size > KEPT_NAMES)
        return;
    struct asked **slot = slot_of(store, asked->body, asked->body_size);
    atomic_fetch_add(&asked->references, 1);
    pthread_mutex_lock(&store->mutex);
    struct asked *displaced = *slot;
    *slot = asked;
    pthread_mutex_unlock(&store->mutex);
    asked_release(displaced);
}
