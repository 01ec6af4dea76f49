/*
 * PROPPATCH (RFC 4918 9.2): all instructions in document order, or none.
 *
 * Three steps: read the body into a list of instructions, each judged on its own; if one is refused
 * that is the answer (and 424 for the others); else apply them under the guard. Dead properties are
 * one value, so applying them is one write; what touches the file itself (its times, its mode) is one
 * call after that, and if it fails the old value is written back.
 *
 * Windows sets four properties of its own after each upload. They are kept as they were sent, so that
 * it finds them again (FIELD C10), and the two times among them are applied to the file as well.
 */
#include <apr_hash.h>
#include <apr_strings.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fs/path.h"
#include "webdav/httpdate.h"
#include "webdav/method.h"
#include "webdav/multistatus.h"
#include "webdav/precond.h"
#include "webdav/props.h"
#include "webdav/uri.h"
#include "webdav/xmlbody.h"

#define NS_WIN32   "urn:schemas-microsoft-com:"
#define ANSWER_MAX (2 * MULTISTATUS_NAMES_MAX) /* each name once, and what is around them */

struct instruction {
    bool is_remove;
    const struct xml_element *element;
    enum live_prop live;
    int status; /* 200, or why it is refused */
    enum dav_condition condition;
    struct instruction *next;
};

/* What proppatch_begin leaves in r->state. */
struct proppatch {
    const char *real; /* the path with its links resolved; r->path itself if there are none */
};

struct patch {
    struct instruction *first, *last;
    struct fs_meta meta; /* what changes of the file itself */
    bool sets_exec, is_exec;
    bool has_dead;
    int refused; /* how many instructions are */
};

/* ---- one instruction ---- */

static void refuse(struct patch *patch, struct instruction *instruction, int status,
                   enum dav_condition condition)
{
    instruction->status = status;
    instruction->condition = condition;
    patch->refused++;
}

static const char *trimmed(apr_pool_t *pool, const char *text)
{
    char *copy = apr_pstrdup(pool, text + strspn(text, " \t\r\n"));
    size_t len = strlen(copy);
    while (len > 0 && strchr(" \t\r\n", copy[len - 1]))
        copy[--len] = '\0';
    return copy;
}

static bool set_mtime(struct patch *patch, const char *text)
{
    if (!httpdate_parse(text, &patch->meta.mtime_ns))
        return false;
    patch->meta.set |= FS_SET_MTIME;
    return true;
}

static void set_executable(struct patch *patch, struct instruction *instruction, const struct fs_stat *st,
                           const char *text)
{
    bool is_true = strcmp(text, "T") == 0;
    if (st->type == FS_DIR || (!is_true && strcmp(text, "F") != 0)) {
        refuse(patch, instruction, 409, CONDITION_NONE);
        return;
    }
    patch->sets_exec = true;
    patch->is_exec = is_true;
}

/* A time that we cannot read is still kept for Windows. */
static void apply_win32(struct patch *patch, const struct xml_element *element, const char *text)
{
    if (strcmp(element->ns, NS_WIN32) != 0)
        return;
    if (strcmp(element->name, "Win32LastModifiedTime") == 0)
        set_mtime(patch, text);
    else if (strcmp(element->name, "Win32LastAccessTime") == 0 && httpdate_parse(text, &patch->meta.atime_ns))
        patch->meta.set |= FS_SET_ATIME;
}

/* RFC 4918 9.2.1: 507 is for a property that there is no room for, and how much there is we say. */
static void judge_dead(struct dav_request *r, struct patch *patch, struct instruction *instruction)
{
    patch->has_dead = true;
    if (instruction->is_remove || strlen(instruction->element->outer) <= r->config->limits.property)
        return;
    r->reply.limit = "max-property";
    refuse(patch, instruction, 507, CONDITION_NONE);
}

/* RFC 4918 15: which properties are ours to compute, and which a client may set. 409: the property can
 * be set, but not to this (9.2.1). */
static void judge(struct dav_request *r, struct patch *patch, struct instruction *instruction)
{
    const struct xml_element *element = instruction->element;
    const char *text = trimmed(r->pool, element->text);
    instruction->live = props_live(element->ns, element->name);
    switch (instruction->live) {
    case LIVE_NONE:
        if (!instruction->is_remove)
            apply_win32(patch, element, text);
        judge_dead(r, patch, instruction);
        return;
    case LIVE_DISPLAYNAME: /* 15.2: one that was set goes before the resource's name */
        judge_dead(r, patch, instruction);
        return;
    case LIVE_GETLASTMODIFIED:
        if (!instruction->is_remove && set_mtime(patch, text))
            return;
        if (!instruction->is_remove) {
            refuse(patch, instruction, 409, CONDITION_NONE);
            return;
        }
        break;
    case LIVE_EXECUTABLE:
        if (!instruction->is_remove) {
            set_executable(patch, instruction, &r->st, text);
            return;
        }
        break;
    default:
        break;
    }
    refuse(patch, instruction, 403, CONDITION_CANNOT_MODIFY_PROTECTED_PROPERTY);
}

/* ---- the body ---- */

static int keep_properties(const struct xml_element *element)
{
    return element->parent && xml_is_dav(element->parent, "prop");
}

static void add_instruction(struct dav_request *r, struct patch *patch, bool is_remove,
                            const struct xml_element *element)
{
    struct instruction *instruction = apr_pcalloc(r->pool, sizeof(*instruction));
    instruction->is_remove = is_remove;
    instruction->element = element;
    instruction->status = 200;
    judge(r, patch, instruction);
    if (patch->last)
        patch->last->next = instruction;
    else
        patch->first = instruction;
    patch->last = instruction;
}

/* Elements that we do not know are passed over (RFC 4918 17). */
static void read_instructions(struct dav_request *r, const struct xml_element *update, struct patch *patch)
{
    for (const struct xml_element *step = update->first; step; step = step->next) {
        bool is_remove = xml_is_dav(step, "remove");
        if (!is_remove && !xml_is_dav(step, "set"))
            continue;
        for (const struct xml_element *prop = step->first; prop; prop = prop->next) {
            if (!xml_is_dav(prop, "prop"))
                continue;
            for (const struct xml_element *element = prop->first; element; element = element->next)
                add_instruction(r, patch, is_remove, element);
        }
    }
}

/* The answer repeats all names; when it is written it is too late to refuse. */
static bool fits_in_answer(const struct patch *patch)
{
    struct buffer names;
    buffer_init(&names, MULTISTATUS_NAMES_MAX);
    for (const struct instruction *step = patch->first; step && !names.overflow; step = step->next)
        multistatus_empty(&names, step->element->ns, step->element->name);
    bool fits = !names.overflow;
    buffer_release(&names);
    return fits;
}

/* False after having replied. */
static bool read_patch(struct dav_request *r, struct patch *patch)
{
    struct xml_element *update;
    if (!xmlbody_parse(r, "propertyupdate", keep_properties, &update))
        return false;
    read_instructions(r, update, patch);
    if (!patch->first)
        reply_error(r, 400, "A PROPPATCH sets or removes at least one property.");
    else if (!fits_in_answer(patch))
        reply_error(r, 413, "The names of the properties have more than %d bytes.", MULTISTATUS_NAMES_MAX);
    else
        return true;
    return false;
}

/* ---- applying ---- */

/* E2BIG: more than a resource may have. Looked at before each is added: with thousands, finding each among all would
 * take the square of their number. */
static int apply_dead(struct dav_request *r, const struct patch *patch, struct dead_prop **list)
{
    unsigned count = props_count(*list);
    for (const struct instruction *step = patch->first; step; step = step->next) {
        const struct xml_element *element = step->element;
        if (step->live != LIVE_NONE && step->live != LIVE_DISPLAYNAME)
            continue;
        bool is_there = props_find(*list, element->ns, element->name);
        if (step->is_remove) { /* of what is not there is no error (RFC 4918 14.23) */
            props_remove(list, element->ns, element->name);
            count -= is_there;
            continue;
        }
        if (!is_there && count++ >= r->config->limits.properties) {
            r->reply.limit = "max-properties";
            return E2BIG;
        }
        props_set(r->pool, list, element->ns, element->name, element->outer);
    }
    return 0;
}

/* x where there is r, as chmod +x does under a usual umask. */
static uint32_t with_exec(uint32_t mode, bool is_exec)
{
    return is_exec ? mode | ((mode & 0444) >> 2) : mode & ~0111u;
}

/* What is changed: the entry itself, links followed. */
struct target {
    struct props_place place;
    struct fs_stat st;
    const char *old_value, *new_value;
    size_t old_len, new_len;
    bool in_attr; /* the new value has been written, and there */
};

static bool changes_value(const struct target *target)
{
    return target->old_len != target->new_len ||
           memcmp(target->old_value, target->new_value, target->new_len) != 0;
}

static int prepare_value(struct dav_request *r, const struct patch *patch, struct target *target)
{
    struct dead_prop *list = NULL;
    if (!patch->has_dead)
        return 0;
    int error = props_load(&target->place, r->pool, &list);
    if (!error)
        error = props_serialize(r->pool, list, &target->old_value, &target->old_len);
    if (!error)
        error = apply_dead(r, patch, &list);
    if (error)
        return error;
    return props_serialize(r->pool, list, &target->new_value, &target->new_len);
}

static void write_back(struct dav_request *r, struct target *target)
{
    if (props_save(&target->place, r->pool, target->old_value, target->old_len, &target->in_attr) == 0 &&
        target->in_attr)
        (void)props_settle(&target->place);
}

/* Either everything or nothing. */
static int write_target(struct dav_request *r, const struct patch *patch, struct target *target)
{
    const struct props_place *place = &target->place;
    struct fs_meta meta = patch->meta;
    if (patch->sets_exec) {
        meta.mode = with_exec(target->st.mode, patch->is_exec);
        meta.set |= FS_SET_MODE;
    }
    bool writes_value = patch->has_dead && changes_value(target);
    int error = 0;
    if (writes_value)
        error = props_save(place, r->pool, target->new_value, target->new_len, &target->in_attr);
    if (error || !meta.set)
        return error;
    error = fs_set_meta(place->dir, place->name, &meta);
    if (!error)
        return 0;
    /* a part may have been done; the access time alone is not worth having been read before */
    struct fs_meta old = { .set = meta.set & (FS_SET_MODE | FS_SET_MTIME),
                           .mode = target->st.mode,
                           .mtime_ns = target->st.mtime_ns };
    fs_set_meta(place->dir, place->name, &old);
    if (writes_value)
        write_back(r, target);
    return error;
}

/* Attributes and times belong to the inode, so that is what must reach the disk. */
static int sync_target(struct dav_request *r, const struct target *target)
{
    struct fs *fs = r->dav->fs;
    struct fs_stat st;
    int fd;
    if (!fs->durable)
        return 0;
    if (target->st.type == FS_DIR) {
        struct fs_dir *dir;
        int error = fs_dir_open(fs, r->path, &dir);
        if (error)
            return error;
        error = fs_dir_sync(dir);
        fs_dir_close(dir);
        return error;
    }
    int error = fs_open(fs, r->path, &fd, &st);
    if (error) /* not ours to read, but it may be ours to change */
        return fs_tree_sync(target->place.dir);
    error = fsync(fd) == 0 ? 0 : errno;
    close(fd);
    return error;
}

static bool is_too_large(int error)
{
    return error == E2BIG || error == ENOSPC || error == EDQUOT || error == ENOTSUP;
}

/* The dead properties do not fit, or the file system keeps none: theirs is the failure, and the rest
 * depends on them. A full disk may have no room even for fewer, so if none was set it is the removals'. */
static void refuse_dead(struct patch *patch)
{
    for (int removals = 0; removals < 2 && !patch->refused; removals++)
        for (struct instruction *step = patch->first; step; step = step->next)
            if (step->is_remove == removals && (step->live == LIVE_NONE || step->live == LIVE_DISPLAYNAME))
                refuse(patch, step, 507, CONDITION_NONE);
}

/* Locks are on URLs: through a link two of them may stand in the way. */
static bool check(struct dav_request *r, const struct fs_stat *st)
{
    const char *real = ((const struct proppatch *)r->state)->real;
    return precond_check(r, st, CHANGE_CONTENT) &&
           (real == r->path || precond_check_locks(r, real, CHANGE_CONTENT));
}

/* Under the guard. False after having replied; refusals stand in the patch. */
static bool apply_guarded(struct dav_request *r, struct patch *patch)
{
    struct target target = { .place = { .dav = r->dav, .path = r->path } };
    int error = fs_stat(r->dav->fs, r->path, &target.st);
    if (!error && !check(r, &target.st))
        return false;
    if (!error)
        error = path_locate(r->dav->fs, r->path, true, r->pool, &target.place.dir, &target.place.name);
    if (!error)
        error = prepare_value(r, patch, &target);
    if (!error)
        error = write_target(r, patch, &target);
    if (!error)
        error = sync_target(r, &target);
    if (!error && target.in_attr)
        error = props_settle(&target.place);
    fs_dir_close(target.place.dir);
    if (error && patch->has_dead && is_too_large(error))
        refuse_dead(patch);
    else if (error)
        reply_errno(r, error, ROLE_SUBJECT);
    return !error || patch->refused;
}

/* Two names of one file (links) are one thing to change, so both are guarded. */
static bool apply(struct dav_request *r, struct patch *patch)
{
    const char *real = ((const struct proppatch *)r->state)->real;
    struct guard guard;
    guard_take(r->dav->guards, &guard, r->path, real == r->path ? NULL : real);
    bool go_on = apply_guarded(r, patch);
    guard_release(r->dav->guards, &guard);
    return go_on;
}

/* ---- the answer ---- */

/* A property that was named more than once is told once, with its failure if it had one. */
static void merge_repeated(apr_pool_t *pool, struct patch *patch)
{
    apr_hash_t *seen = apr_hash_make(pool);
    struct instruction **at = &patch->first;
    while (*at) {
        struct instruction *step = *at;
        const char *key = apr_pstrcat(pool, step->element->name, " ", step->element->ns, NULL);
        struct instruction *earlier = apr_hash_get(seen, key, APR_HASH_KEY_STRING);
        if (!earlier) {
            apr_hash_set(seen, key, APR_HASH_KEY_STRING, step);
            at = &step->next;
            continue;
        }
        if (earlier->status == 200) {
            earlier->status = step->status;
            earlier->condition = step->condition;
        }
        *at = step->next;
    }
}

static void write_propstat(const struct patch *patch, int status, enum dav_condition condition,
                           struct buffer *out)
{
    size_t before = out->size;
    bool any = false;
    multistatus_propstat_begin(out);
    for (const struct instruction *step = patch->first; step; step = step->next) {
        if (step->status != status)
            continue;
        multistatus_empty(out, step->element->ns, step->element->name);
        any = true;
    }
    if (any)
        multistatus_propstat_end(out, status, condition);
    else
        out->size = before;
}

static apr_status_t release_buffer(void *data)
{
    buffer_release(data);
    return APR_SUCCESS;
}

static void reply_patch(struct dav_request *r, struct patch *patch)
{
    struct buffer *out = apr_palloc(r->pool, sizeof(*out));
    const char *href = request_href(r, r->path, r->st.type == FS_DIR);
    buffer_init(out, ANSWER_MAX);
    apr_pool_cleanup_register(r->pool, out, release_buffer, apr_pool_cleanup_null);
    merge_repeated(r->pool, patch);
    for (struct instruction *step = patch->first; step && patch->refused; step = step->next)
        if (step->status == 200)
            step->status = 424; /* RFC 4918 9.2.1, 11.4 */

    multistatus_begin(out);
    multistatus_response_begin(out, href, strlen(href));
    write_propstat(patch, 200, CONDITION_NONE, out);
    write_propstat(patch, 403, CONDITION_CANNOT_MODIFY_PROTECTED_PROPERTY, out);
    write_propstat(patch, 409, CONDITION_NONE, out);
    write_propstat(patch, 507, CONDITION_NONE, out);
    write_propstat(patch, 424, CONDITION_NONE, out);
    multistatus_response_end(out);
    multistatus_end(out);
    reply_buffer(r, 207, MULTISTATUS_TYPE, out->data, out->size);
}

/* ---- the method ---- */

void proppatch_begin(struct dav_request *r)
{
    struct proppatch *proppatch = apr_pcalloc(r->pool, sizeof(*proppatch));
    char real[FS_PATH_MAX + 1];
    int error = fs_real_path(r->dav->fs, r->path, real, sizeof(real));
    if (error) {
        reply_errno(r, error, ROLE_SUBJECT);
        return;
    }
    proppatch->real = strcmp(real, r->path) == 0 ? r->path : apr_pstrdup(r->pool, real);
    r->state = proppatch;
    check(r, &r->st);
}

void proppatch_run(struct dav_request *r)
{
    struct patch patch = { .first = NULL };
    if (!read_patch(r, &patch))
        return;
    if (!patch.refused && !apply(r, &patch))
        return;
    reply_patch(r, &patch);
}
