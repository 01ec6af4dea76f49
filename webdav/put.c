/*
 * PUT (RFC 9110 9.3.4, RFC 4918 9.7): the upload is staged beside its place and published whole.
 *
 * A client that hangs up, a body of the wrong length or a full disk leave what was there before.
 * The conditions are looked at twice: from the head, so that nobody sends a gigabyte in vain, and
 * under the guard with a fresh stat, so that of two writers with one ETag one loses. Sums that the client
 * announced are computed as the body comes; one that did not hold is 400, as it is from ownCloud, whose
 * clients then send the file again.
 *
 * A PUT through a link replaces the content of what the link leads to, if that is inside; the link
 * stays a link. A link that leads out or nowhere is refused (resource.h).
 */
#include <apr_strings.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fs/path.h"
#include "webdav/checksum.h"
#include "webdav/digestfield.h"
#include "webdav/digeststore.h"
#include "webdav/method.h"
#include "webdav/precond.h"
#include "webdav/propstore.h"
#include "webdav/resource.h"

#define SPACE_EVERY (16 * 1024 * 1024) /* bytes; others write too */
#define ATTEMPTS    8 /* to publish while somebody behind our back makes and removes the file */

struct put {
    const char *real;  /* the file that is written: the path, links resolved */
    uint64_t expected; /* bytes; or DAV_LENGTH_UNKNOWN */
    bool has_mtime;    /* X-OC-Mtime */
    const void *attr;  /* dead properties of the replaced file */
    size_t attr_len;
    bool has_rows;                    /* or they are in the propstore, where an attribute would hide them */
    struct checksum_values announced; /* what the client says of the content */
    struct checksum *checksum;        /* NULL: it says nothing that we know */
    struct checksum_values verified;  /* if it does: of the whole content, the announced ones among them */
    struct fs_stat content;           /* likewise its size and time */
    size_t unwatched;                 /* bytes since the free space was looked at */
};

/* ---- from the head ---- */

/* Locks are on URLs: through a link two of them may stand in the way. */
static bool check(struct dav_request *r, const struct put *put, const struct fs_stat *st)
{
    unsigned change = CHANGE_CONTENT | (st ? 0 : CHANGE_BINDING);

    return precond_check(r, st, change) &&
           (strcmp(put->real, r->path) == 0 || precond_check_locks(r, put->real, change));
}

static bool find_real(struct dav_request *r, struct put *put)
{
    char real[FS_PATH_MAX + 1];
    struct fs_stat st;
    bool exists;

    put->real = r->path;
    int err = r->exists ? fs_real_path(r->dav->fs, r->path, real, sizeof real) : ENOENT;
    if (!err) {
        put->real = apr_pstrdup(r->pool, real);
    } else if (err == ENOENT) { /* a free name, or free since we looked */
        err = resource_look(r->dav->fs, r->path, &exists, &st);
        if (!err)
            err = resource_binding(r->dav->fs, r->pool, r->path, &put->real);
    }
    if (err)
        reply_errno(r, err, ROLE_DEST);
    return !err;
}

/* Chunked bodies (Finder) announce their size in a header of their own (FIELD 1.3). */
static bool find_expected(struct dav_request *r, struct put *put)
{
    const char *value = request_header(r, "X-Expected-Entity-Length");
    uint64_t max = r->config->max_upload;
    char *end;

    put->expected = r->content_length;
    if (put->expected != DAV_LENGTH_UNKNOWN || !value)
        return true;
    errno = 0;
    uint64_t expected = strtoull(value, &end, 10);
    if (!isdigit((unsigned char)*value) || *end || errno) {
        reply_error(r, 400, "X-Expected-Entity-Length is not a number.");
        return false;
    }
    if (max && expected > max) {
        reply_limit(r, 413, "max-upload", "The body is larger than %" PRIu64 " bytes.", max);
        return false;
    }
    put->expected = expected;
    return true;
}

/* Who speaks ownCloud's dialect finds there what ownCloud keeps, whichever of them it sent: rclone sends
 * SHA-1 and asks for MD5. */
static bool find_digests(struct dav_request *r, struct put *put)
{
    unsigned kinds = 1u << CHECKSUM_SHA1 | 1u << CHECKSUM_MD5 | 1u << CHECKSUM_ADLER32;
    const char *name = NULL;

    int err = digestfield_read(r->headers, &put->announced, &name);
    if (err) {
        reply_error(r, 400, err == EINVAL ? "%s is malformed." : "%s contradicts itself or another digest.",
                    name);
        return false;
    }
    if (!request_header(r, "OC-Checksum"))
        kinds = 0;
    if (put->announced.has)
        put->checksum = checksum_open(r->pool, put->announced.has | kinds);
    return true;
}

void put_begin(struct dav_request *r)
{
    struct put *put = apr_pcalloc(r->pool, sizeof *put);

    r->state = put;
    if (request_header(r, "Content-Range")) { /* RFC 9110 14.5: a part must not become the whole */
        reply_error(r, 400, "PUT of a part of a file is not supported.");
        return;
    }
    if (r->slash) {
        reply_error(r, 409, "A file's URL does not end in a slash.");
        return;
    }
    if ((!r->exists && !resource_has_parent(r, r->path)) || !find_real(r, put) ||
        !check(r, put, r->exists ? &r->st : NULL) || !find_expected(r, put) || !find_digests(r, put))
        return;
    if (!resource_has_space(r, put->real, put->expected == DAV_LENGTH_UNKNOWN ? 0 : put->expected))
        return;
    int err = staging_open(r->dav->fs, put->real, &r->upload);
    if (err)
        reply_errno(r, err, ROLE_PARENT);
    else
        staging_set_note(r->upload, accepted_note_made, r);
}

/* ---- the body ---- */

bool put_body(struct dav_request *r, const void *data, size_t len)
{
    struct put *put = r->state;
    uint64_t max = r->config->max_upload;

    if (max && (len > max || staging_size(r->upload) > max - len)) {
        reply_limit(r, 413, "max-upload", "The body is larger than %" PRIu64 " bytes.", max);
        return false;
    }
    int err = staging_write(r->upload, data, len);
    if (err) {
        reply_errno(r, err, ROLE_DEST);
        return false;
    }
    if (put->checksum)
        checksum_add(put->checksum, data, len);
    put->unwatched += len;
    if (put->unwatched < SPACE_EVERY)
        return true;
    put->unwatched = 0;
    return resource_has_space(r, put->real, 0);
}

/* Is it what was announced? False after having replied. */
static bool verify(struct dav_request *r, struct put *put)
{
    uint64_t size = staging_size(r->upload);

    if (put->expected != DAV_LENGTH_UNKNOWN && size != put->expected) {
        reply_error(r, 400, "The body has %" PRIu64 " bytes, %" PRIu64 " were announced.", size,
                    put->expected);
        return false;
    }
    if (put->expected == DAV_LENGTH_UNKNOWN && !resource_has_space(r, put->real, 0))
        return false;
    if (!put->checksum)
        return true;
    checksum_end(put->checksum, &put->verified);
    enum checksum_kind wrong = checksum_difference(&put->announced, &put->verified);
    if (wrong == CHECKSUM_COUNT)
        return true;
    reply_error(r, 400, "The body has the digest %s, %s was announced; nothing was changed.",
                digestfield_format_one(r->pool, &put->verified, wrong),
                digestfield_format_one(r->pool, &put->announced, wrong));
    return false;
}

/* ---- when the body is there ---- */

/* What is at the real path now, and the dead properties it has. Seen from the directory in which the upload is
 * staged: should the path lead to another one by now, staging_commit refuses. */
static int look_again(struct dav_request *r, const struct put *put, bool *out_exists, struct fs_stat *out,
                      const void **out_attr, size_t *out_attr_len)
{
    struct fs_dir *dir = staging_dir(r->upload);
    const char *name = path_name(put->real);

    int err = fs_stat_at(dir, name, out);
    *out_exists = !err;
    if (!err && out->type == FS_LINK)
        err = EACCES; /* became one meanwhile */
    else if (!err)
        err = resource_attr(dir, name, r->pool, out_attr, out_attr_len);
    if (err == ENOENT) { /* nothing there, or it went while we looked */
        *out_exists = false;
        err = 0;
    }
    return err;
}

/* Properties that cannot be read are kept as they are. */
static int try_attr(struct dav_request *r, const struct put *put, const struct checksum_values *digests)
{
    const char *value = NULL;
    size_t len = 0;

    int err = digeststore_replace(r->pool, put->attr, put->attr_len, digests, &put->content, &value, &len);
    if (err == EIO) {
        value = put->attr;
        len = put->attr_len;
        err = 0;
    }
    if (!err)
        err = staging_set_attr(r->upload, value, len);
    return err == ENOTSUP && !len ? 0 : err;
}

static bool is_no_room(int err)
{
    return err == ENOTSUP || err == E2BIG || err == ERANGE || err == ENOSPC || err == EDQUOT;
}

/* Stages the dead properties: without the digests of the content that is replaced, with those that were
 * verified. These are worth having, but no upload fails for them. */
static int stage_attr(struct dav_request *r, const struct put *put)
{
    bool has_digests = put->checksum && !put->has_rows;
    int err = try_attr(r, put, has_digests ? &put->verified : NULL);

    return has_digests && is_no_room(err) ? try_attr(r, put, NULL) : err;
}

static bool find_rows(struct dav_request *r, const struct put *put)
{
    struct dead_prop *list = NULL;

    return propstore_load(r->dav->propstore, put->real, r->pool, &list) == 0 && list;
}

/* All that takes time is done here, before the guard: content, properties, mode, sync. What is
 * replaced keeps its mode, owner and dead properties (RFC 4918 9.7.1). */
static int finish_upload(struct dav_request *r, struct put *put)
{
    struct fs_meta meta = { .set = 0 };
    struct fs_stat old;
    bool exists;

    int err = look_again(r, put, &exists, &old, &put->attr, &put->attr_len);
    if (err)
        return err;
    put->has_rows = exists && find_rows(r, put);
    put->has_mtime = method_oc_mtime(r, &meta.mtime_ns);
    if (put->has_mtime)
        meta.set |= FS_SET_MTIME;
    if (exists) {
        meta.set |= FS_SET_MODE | FS_SET_OWNER;
        meta.mode = old.mode;
        meta.uid = old.uid;
        meta.gid = old.gid;
    }
    if (put->checksum)
        err = staging_stat(r->upload, &put->content);
    if (put->has_mtime)
        put->content.mtime_ns = meta.mtime_ns;
    if (!err && (put->checksum || put->attr_len))
        err = stage_attr(r, put);
    return err ? err : staging_finish(r->upload, &meta, NULL, 0);
}

/* Properties may have been set while the body came. */
static int refresh_attr(struct dav_request *r, struct put *put, const void *attr, size_t attr_len)
{
    bool has_rows = r->exists && find_rows(r, put);

    if (has_rows == put->has_rows && attr_len == put->attr_len &&
        (!attr_len || memcmp(attr, put->attr, attr_len) == 0))
        return 0;
    put->has_rows = has_rows;
    put->attr = attr;
    put->attr_len = attr_len;
    int err = stage_attr(r, put);
    return err ? err : staging_finish(r->upload, NULL, NULL, 0);
}

/* One attempt, under the guard. EEXIST: something has appeared, look again. 0 without *out_done: the
 * request has been answered. */
static int publish_once(struct dav_request *r, struct put *put, bool *out_done, struct fs_stat *out)
{
    const void *attr = NULL;
    size_t attr_len = 0;

    int err = look_again(r, put, &r->exists, &r->st, &attr, &attr_len);
    if (err)
        return err;
    if (!method_is_allowed(r)) {
        method_not_allowed(r);
        return 0;
    }
    if (!check(r, put, r->exists ? &r->st : NULL) || reply_if_stopped(r))
        return 0;
    err = refresh_attr(r, put, attr, attr_len);
    if (!err && !r->exists)
        err = propstore_drop(r->dav->propstore, put->real);
    if (!err)
        err = staging_commit(r->upload, r->exists, out);
    *out_done = !err;
    return err;
}

/* Under the guard. */
static void publish(struct dav_request *r, struct put *put)
{
    struct fs_stat st;
    bool done = false;
    int err = EEXIST;

    for (int i = 0; err == EEXIST && i < ATTEMPTS; i++)
        err = publish_once(r, put, &done, &st);
    if (err)
        reply_errno(r, err, ROLE_PARENT);
    if (!done)
        return;
    reply_status(r, r->exists ? 204 : 201);
    reply_validators(r, &st);
    if (!r->exists)
        reply_location(r, r->path, false);
    if (put->checksum)
        reply_header(r, "Repr-Digest", digestfield_format_repr(r->pool, &put->verified));
    if (put->has_mtime)
        reply_header(r, "X-OC-Mtime", "accepted");
}

void put_run(struct dav_request *r)
{
    struct put *put = r->state;
    struct guard guard;

    if (!verify(r, put))
        return;
    int err = finish_upload(r, put);
    if (err) {
        reply_errno(r, err, ROLE_PARENT);
        return;
    }
    guard_take(r->dav->guards, &guard, r->path, put->real == r->path ? NULL : put->real);
    publish(r, put);
    guard_release(r->dav->guards, &guard);
}
