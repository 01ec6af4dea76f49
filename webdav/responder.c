/*
 * There is one writer for what is asked. An outline is what it writes of nobody in particular, with its values
 * left out.
 */
#include "webdav/responder.h"

#include <apr_strings.h>
#include <errno.h>

#include "fs/path.h"
#include "webdav/digestfield.h"
#include "webdav/digeststore.h"
#include "webdav/locks.h"
#include "webdav/multistatus.h"
#include "webdav/noprops.h"
#include "webdav/propstore.h"
#include "webdav/uri.h"

#define HREF_MAX (1 << 20)

/* What is found of an entry beside its stat. */
struct findings {
    struct dead_prop *dead;
    int dead_error;
    const char *checksums; /* NULL: none are known */
    const struct lock *locks;
    bool uses_scratch;
};

/* ---- finding ---- */

/* A resource whose value cannot be read has no dead properties; named ones then fail with its error instead of 404. */
static void load_dead(struct responder *responder, const struct response_entry *entry, struct findings *found)
{
    struct fs_dir *dir = entry->dir, *located = NULL;
    struct dav *dav = responder->dav;
    const char *name = entry->name;
    struct checksum_values digests;
    found->uses_scratch = true;
    if (!dir) {
        found->dead_error = path_locate(dav->fs, entry->path, true, responder->scratch, &located, &name);
        if (found->dead_error)
            return;
        dir = located;
    }
    const struct props_place place = { .dav = dav, .path = entry->path, .dir = dir, .name = name };
    found->dead_error = props_load(&place, responder->scratch, &found->dead);
    if (!found->dead_error && !found->dead)
        noprops_remember(dav->noprops, entry->st, locks_now());
    fs_dir_close(located);
    if (found->dead && digeststore_take(&found->dead, entry->st, &digests))
        found->checksums = digestfield_format_oc(responder->scratch, &digests);
}

/* What is remembered says that there is no attribute. */
static bool is_known_to_have_none(const struct dav *dav, const struct fs_stat *st)
{
    return !propstore_is_used(dav->propstore) && noprops_knows(dav->noprops, st);
}

static struct findings find(struct responder *responder, const struct response_entry *entry, const char *name)
{
    struct findings found = { .dead = NULL };
    if (responder->asked->wants_dead && !is_known_to_have_none(responder->dav, entry->st))
        load_dead(responder, entry, &found);
    bool may_be_locked = !*name || lock_hint_has(&responder->locked, name); /* the root is nobody's member */
    if (responder->asked->wants_locks && may_be_locked) {
        found.locks = locks_covering(responder->dav->locks, responder->scratch, entry->path, locks_now());
        found.uses_scratch |= found.locks != NULL;
    }
    return found;
}

/* ---- writing ---- */

static struct dead_prop *find_dead(const struct findings *found, const struct asked_item *item)
{
    if (item->live == LIVE_NONE)
        return props_find(found->dead, item->ns, item->name);
    if (item->live == LIVE_DISPLAYNAME)
        return props_find(found->dead, "DAV:", "displayname");
    return NULL;
}

static bool write_item(const struct asked_item *item, const struct prop_subject *subject,
                       const struct findings *found, struct buffer *out)
{
    struct dead_prop *dead = found->dead ? find_dead(found, item) : NULL;
    if (dead) {
        buffer_puts(out, dead->markup);
        dead->is_told = true;
        return true;
    }
    return item->live != LIVE_NONE && props_write_live(item->live, subject, out);
}

/* Those of allprop that were not written as items. */
static bool write_other_dead(const struct findings *found, struct buffer *out)
{
    bool any = false;
    for (const struct dead_prop *dead = found->dead; dead; dead = dead->next) {
        if (dead->is_told)
            continue;
        buffer_puts(out, dead->markup);
        any = true;
    }
    return any;
}

static void write_missing(const struct asked *asked, const bool *missing, bool dead, int status,
                          struct buffer *out)
{
    multistatus_propstat_begin(out);
    for (size_t i = 0; i < asked->item_count; i++) {
        const struct asked_item *item = &asked->items[i];
        if (missing[i] && (item->live == LIVE_NONE) == dead)
            buffer_append(out, asked->names.data + item->empty, item->empty_len);
    }
    multistatus_propstat_end(out, status, CONDITION_NONE);
}

static void write_props(const struct asked *asked, const struct prop_subject *subject,
                        const struct findings *found, bool *missing, struct buffer *out)
{
    size_t before = out->size, found_count = 0, missing_live = 0, missing_dead = 0;
    multistatus_propstat_begin(out);
    for (size_t i = 0; i < asked->item_count; i++) {
        const struct asked_item *item = &asked->items[i];
        bool is_found = write_item(item, subject, found, out);
        missing[i] = !is_found && !item->is_optional;
        found_count += is_found;
        missing_live += missing[i] && item->live != LIVE_NONE;
        missing_dead += missing[i] && item->live == LIVE_NONE;
    }
    if (asked->kind == ASKED_ALLPROP)
        found_count += write_other_dead(found, out);
    if (found_count || (!missing_live && !missing_dead))
        multistatus_propstat_end(out, 200, CONDITION_NONE);
    else
        out->size = before;
    if (missing_live)
        write_missing(asked, missing, false, 404, out);
    if (missing_dead)
        write_missing(asked, missing, true,
                      found->dead_error ? status_from_errno(found->dead_error, ROLE_SUBJECT) : 404, out);
}

static void write_names(const struct prop_subject *subject, const struct findings *found, struct buffer *out)
{
    multistatus_propstat_begin(out);
    for (int live = LIVE_NONE + 1; live < LIVE_COUNT; live++)
        if (props_applies((enum live_prop)live, subject->st) && (live != LIVE_CHECKSUMS || found->checksums))
            props_write_name((enum live_prop)live, out);
    for (const struct dead_prop *dead = found->dead; dead; dead = dead->next)
        if (props_live(dead->ns, dead->name) == LIVE_NONE)
            multistatus_empty(out, dead->ns, dead->name);
    multistatus_propstat_end(out, 200, CONDITION_NONE);
}

/* What comes after the href. */
static void write_rest(const struct asked *asked, const struct prop_subject *subject,
                       const struct findings *found, bool *missing, struct buffer *out)
{
    if (asked->kind == ASKED_PROPNAME)
        write_names(subject, found, out);
    else
        write_props(asked, subject, found, missing, out);
    multistatus_response_end(out);
}

/* ---- hrefs ---- */

static void append_encoded(struct buffer *href, const char *bytes, size_t len)
{
    char *at = buffer_reserve(href, 3 * len);
    if (at)
        href->size += (size_t)(uri_encode(at, bytes, len) - at);
}

static void enter_parent(struct responder *responder, const char *path, size_t len)
{
    struct buffer *parent = &responder->parent, *href = &responder->href;
    if (responder->has_parent && parent->size == len + 1 && memcmp(parent->data, path, len) == 0)
        return;
    responder->has_parent = true;
    buffer_clear(parent);
    buffer_append(parent, path, len);
    buffer_append(parent, "", 1);
    locks_hint(responder->dav->locks, parent->data, locks_now(), &responder->locked);
    buffer_clear(href);
    buffer_puts(href, responder->dav->base);
    buffer_puts(href, "/");
    append_encoded(href, path, len);
    if (len > 0)
        buffer_puts(href, "/");
    responder->href_prefix = href->size;
}

/* Brings the href into place, and returns the path's last name. */
static const char *set_href(struct responder *responder, const char *path, bool is_collection)
{
    const char *name = path_name(path);
    size_t prefix = (size_t)(name - path);
    enter_parent(responder, path, prefix ? prefix - 1 : 0);
    responder->href.size = responder->href_prefix;
    append_encoded(&responder->href, name, strlen(name));
    if (is_collection && *name)
        buffer_puts(&responder->href, "/");
    return name;
}

/* ---- one response ---- */

/* Instead of what was written from `before` on; the other resources can still be told. */
static void write_too_large(const struct responder *responder, size_t before, struct buffer *out)
{
    buffer_truncate(out, before);
    multistatus_response_begin(out, responder->href.data, responder->href.size);
    multistatus_response_status(out, status_from_errno(EMSGSIZE, ROLE_SUBJECT));
    multistatus_response_end(out);
}

void responder_write(struct responder *responder, const struct response_entry *entry, struct buffer *out)
{
    const struct asked *asked = responder->asked;
    bool is_collection = entry->st->type == FS_DIR;
    const struct outline *outline = &asked->outlines[is_collection];
    const char *name = set_href(responder, entry->path, is_collection);
    size_t before = out->size;
    const struct buffer *href = &responder->href;
    const struct findings found = find(responder, entry, name);
    const struct prop_subject subject = {
        .dav = responder->dav,
        .path = entry->path,
        .name = name,
        .st = entry->st,
        .locks = found.locks,
        .right = entry->right,
        .checksums = found.checksums,
    };

    if (outline->is_made && !found.dead && !found.dead_error && !found.locks && !found.checksums) {
        outline_write(outline, href->data, href->size, &subject, out);
    } else {
        multistatus_response_begin(out, href->data, href->size);
        write_rest(asked, &subject, &found, responder->missing, out);
    }
    if (out->overflow || out->size - before > RESPONSE_MAX)
        write_too_large(responder, before, out);
    if (found.uses_scratch)
        apr_pool_clear(responder->scratch);
}

void responder_fail(struct responder *responder, const char *path, bool is_collection, int status,
                    struct buffer *out)
{
    set_href(responder, path, is_collection);
    multistatus_response_begin(out, responder->href.data, responder->href.size);
    multistatus_response_status(out, status);
    multistatus_response_end(out);
}

void responder_init(struct responder *responder, struct dav *dav, const struct asked *asked, apr_pool_t *pool)
{
    *responder = (struct responder){ .dav = dav, .asked = asked };
    apr_pool_create(&responder->scratch, pool);
    responder->missing = apr_palloc(pool, asked->item_count * sizeof(bool));
    buffer_init(&responder->parent, HREF_MAX);
    buffer_init(&responder->href, HREF_MAX);
}

void responder_release(struct responder *responder)
{
    buffer_release(&responder->parent);
    buffer_release(&responder->href);
}

/* ---- outlines ---- */

static void make_outline(struct asked *asked, enum fs_type type, bool *missing, struct outline *out)
{
    const struct findings none = { .dead = NULL };
    const struct fs_stat st = { .type = type };
    const struct prop_subject nobody = { .path = "", .st = &st, .holes = &out->holes };
    buffer_init(&out->text, OUTLINE_MAX);
    write_rest(asked, &nobody, &none, missing, &out->text);
    out->is_made = !out->text.overflow && !out->holes.has_unknown;
}

void responder_outline(struct asked *asked)
{
    bool *missing = apr_palloc(asked->pool, asked->item_count * sizeof(bool));
    make_outline(asked, FS_FILE, missing, &asked->outlines[false]);
    make_outline(asked, FS_DIR, missing, &asked->outlines[true]);
}
