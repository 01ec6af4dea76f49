/*
 * The live properties: one table, one switch that writes values.
 *
 * A listing writes these ten thousand times, so what does not change is one piece of text, what
 * does is put into room that is there, and nothing here allocates. Values stand in plain elements without
 * attributes: there are clients that take an element with an attribute for a structure (FIELD C9). The one namespace that is not
 * DAV: is declared where it is used.
 */
#include "webdav/props.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "webdav/digeststore.h"
#include "webdav/etag.h"
#include "webdav/httpdate.h"
#include "webdav/locks.h"
#include "webdav/mime.h"
#include "webdav/multistatus.h"
#include "webdav/resource.h"
#include "webdav/uri.h"

#define NS_DAV    "DAV:"
#define NS_APACHE "http://apache.org/dav/props/"
#define NS_OC     DIGESTSTORE_NS

/* What many clients look for to know a folder, though no registry has it. */
#define COLLECTION_TYPE "httpd/unix-directory"

#define LOCK_ENTRY(scope)                                                                                    \
    "<D:lockentry><D:lockscope><D:" scope "/></D:lockscope>"                                                 \
    "<D:locktype><D:write/></D:locktype></D:lockentry>"

enum { ON_FILES = 1, ON_COLLECTIONS = 2, ON_BOTH = 3 };

#define DAV_PROP(text) NS_DAV, text, "<D:" text ">", "</D:" text ">", "<D:" text "/>"

/* RFC 4331 3: quota is for those who ask for it by name, as it costs a look at the file system. */
static const struct {
    const char *ns, *name;
    const char *start, *end, *empty;
    unsigned on;
    bool in_allprop;
} live[LIVE_COUNT] = {
    [LIVE_NONE] = { "", "", "", "", "", 0, false },
    [LIVE_CREATIONDATE] = { DAV_PROP("creationdate"), ON_BOTH, true },
    [LIVE_DISPLAYNAME] = { DAV_PROP("displayname"), ON_BOTH, true },
    [LIVE_GETCONTENTLENGTH] = { DAV_PROP("getcontentlength"), ON_FILES, true },
    [LIVE_GETCONTENTTYPE] = { DAV_PROP("getcontenttype"), ON_BOTH, true },
    [LIVE_GETETAG] = { DAV_PROP("getetag"), ON_BOTH, true },
    [LIVE_GETLASTMODIFIED] = { DAV_PROP("getlastmodified"), ON_BOTH, true },
    [LIVE_LOCKDISCOVERY] = { DAV_PROP("lockdiscovery"), ON_BOTH, true },
    [LIVE_RESOURCETYPE] = { DAV_PROP("resourcetype"), ON_BOTH, true },
    [LIVE_SUPPORTEDLOCK] = { DAV_PROP("supportedlock"), ON_BOTH, true },
    [LIVE_QUOTA_AVAILABLE] = { DAV_PROP("quota-available-bytes"), ON_COLLECTIONS, false },
    [LIVE_QUOTA_USED] = { DAV_PROP("quota-used-bytes"), ON_COLLECTIONS, false },
    /* RFC 3744 5: not for who does not ask. */
    [LIVE_PRIVILEGES] = { DAV_PROP("current-user-privilege-set"), ON_BOTH, false },
    [LIVE_EXECUTABLE] = { NS_APACHE, "executable", "<A:executable xmlns:A=\"" NS_APACHE "\">",
                          "</A:executable>", "<A:executable xmlns:A=\"" NS_APACHE "\"/>", ON_FILES, true },
    [LIVE_CHECKSUMS] = { NS_OC, DIGESTSTORE_NAME, "<oc:checksums xmlns:oc=\"" NS_OC "\">", "</oc:checksums>",
                         "<oc:checksums xmlns:oc=\"" NS_OC "\"/>", ON_FILES, false },
};

enum live_prop props_live(const char *ns, const char *name)
{
    for (int prop = LIVE_NONE + 1; prop < LIVE_COUNT; prop++)
        if (strcmp(name, live[prop].name) == 0 && strcmp(ns, live[prop].ns) == 0)
            return (enum live_prop)prop;
    return LIVE_NONE;
}

bool props_is_in_allprop(enum live_prop prop)
{
    return live[prop].in_allprop;
}

bool props_applies(enum live_prop prop, const struct fs_stat *st)
{
    return (live[prop].on & (st->type == FS_DIR ? ON_COLLECTIONS : ON_FILES)) != 0;
}

void props_write_name(enum live_prop prop, struct buffer *out)
{
    buffer_puts(out, live[prop].empty);
}

/* ---- values that differ from one resource to the next ---- */

#define OTHERS_MAX 512 /* all but name and type, with what they write beyond their ends */

_Static_assert(OTHERS_MAX >= 2 * HTTPDATE_SIZE + ETAG_SIZE + 24 + 1, "the others must fit");

/* The root's is told by the prefix alone. */
static const char *displayname(const struct prop_subject *subject)
{
    return *subject->name || !subject->dav ? subject->name : subject->dav->root_name;
}

size_t props_values_max(const struct prop_subject *subject)
{
    return XML_ESCAPED_MAX * (strlen(displayname(subject)) + MIME_TYPE_MAX) + OTHERS_MAX;
}

static char *put_number(uint64_t number, char *out)
{
    char text[24], *at = text + sizeof(text);
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    size_t len = (size_t)(text + sizeof(text) - at);
    memcpy(out, at, len);
    return out + len;
}

static char *put_type(const struct prop_subject *subject, char *out)
{
    const char *type =
        subject->st->type == FS_DIR ? COLLECTION_TYPE : mime_type(subject->dav->mime, subject->name);
    return xml_put(out, type, strlen(type));
}

static char *put_displayname(const struct prop_subject *subject, char *out)
{
    const char *name = displayname(subject);
    return xml_put(out, name, strlen(name));
}

char *props_put_value(enum live_prop prop, const struct prop_subject *subject, char *out)
{
    const struct fs_stat *st = subject->st;
    switch (prop) {
    case LIVE_CREATIONDATE:
        return out + httpdate_format_iso(st->btime_ns, out);
    case LIVE_DISPLAYNAME:
        return put_displayname(subject, out);
    case LIVE_GETCONTENTLENGTH:
        return put_number(st->size, out);
    case LIVE_GETCONTENTTYPE:
        return put_type(subject, out);
    case LIVE_GETETAG:
        return out + etag_format(st, out);
    case LIVE_GETLASTMODIFIED:
        return out + httpdate_format(st->mtime_ns, out);
    case LIVE_EXECUTABLE:
        *out = st->mode & 0111 ? 'T' : 'F';
        return out + 1;
    default:
        assert(!"not such a value");
        return out;
    }
}

static void write_own(enum live_prop prop, const struct prop_subject *subject, struct buffer *out)
{
    struct prop_holes *holes = subject->holes;
    if (holes) {
        holes->hole[holes->count].at = out->size;
        holes->hole[holes->count++].prop = prop;
        return;
    }
    char *at = buffer_reserve(out, props_values_max(subject));
    if (at)
        out->size += (size_t)(props_put_value(prop, subject, at) - at);
}

/* ---- values that are looked up ---- */

static bool write_quota(enum live_prop prop, const struct prop_subject *subject, struct buffer *out)
{
    uint64_t available, used;
    char text[24];
    if (subject->holes) {
        subject->holes->has_unknown = true;
        return true;
    }
    if (resource_space(subject->dav, subject->path, &available, &used) != 0)
        return false;
    buffer_append(out, text,
                  (size_t)(put_number(prop == LIVE_QUOTA_AVAILABLE ? available : used, text) - text));
    return true;
}

#define PRIVILEGE(name) "<D:privilege><D:" name "/></D:privilege>"

/* RFC 3744 5.4, aggregates and what is in them. Whose lock it is decides UNLOCK, so nobody has DAV:unlock (3.5). What
 * only the file system forbids is not told. */
static void write_privileges(const struct prop_subject *subject, struct buffer *out)
{
    if (subject->holes) {
        subject->holes->has_unknown = true;
        return;
    }
    buffer_puts(out, PRIVILEGE("read") PRIVILEGE("read-current-user-privilege-set"));
    if (subject->right < ACCESS_WRITE || subject->dav->config->read_only)
        return;
    buffer_puts(out, PRIVILEGE("write") PRIVILEGE("write-content") PRIVILEGE("write-properties"));
    if (subject->st->type == FS_DIR)
        buffer_puts(out, PRIVILEGE("bind") PRIVILEGE("unbind"));
}

/* All in one element, as ownCloud writes them. */
static bool write_checksums(const struct prop_subject *subject, struct buffer *out)
{
    if (!subject->checksums)
        return false;
    buffer_puts(out, "<oc:checksum>");
    buffer_puts(out, subject->checksums);
    buffer_puts(out, "</oc:checksum>");
    return true;
}

/* ---- locks (RFC 4918 14.1, 15.8) ---- */

static void write_lockroot(const char *base, const struct lock *lock, bool is_collection, struct buffer *out)
{
    char *at = buffer_reserve(out, uri_size(base, lock->root));
    if (at)
        out->size += (size_t)(uri_put(at, base, lock->root, is_collection) - at);
}

static void write_activelock(const char *base, const struct lock *lock, bool is_collection, int64_t now_ns,
                             struct buffer *out)
{
    int64_t left_ns = lock->expires_ns - now_ns;
    buffer_puts(out, "<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope>");
    buffer_puts(out, lock->exclusive ? "<D:exclusive/>" : "<D:shared/>");
    buffer_puts(out, "</D:lockscope><D:depth>");
    buffer_puts(out, lock->deep ? "infinity" : "0");
    buffer_puts(out, "</D:depth>");
    if (*lock->owner) { /* as it was sent, and by its reader made to stand on its own */
        buffer_puts(out, "<D:owner>");
        buffer_puts(out, lock->owner);
        buffer_puts(out, "</D:owner>");
    }
    buffer_puts(out, "<D:timeout>");
    if (lock->expires_ns == INT64_MAX)
        buffer_puts(out, "Infinite");
    else
        buffer_printf(out, "Second-%" PRId64, left_ns > 0 ? (left_ns + 999999999) / 1000000000 : 0);
    buffer_puts(out, "</D:timeout><D:locktoken><D:href>");
    xml_escape(out, lock->token, strlen(lock->token));
    buffer_puts(out, "</D:href></D:locktoken><D:lockroot><D:href>");
    write_lockroot(base, lock, is_collection, out);
    buffer_puts(out, "</D:href></D:lockroot></D:activelock>");
}

/* A lock from further up is on a collection, else it would not cover the subject. */
static void write_lockdiscovery(const struct prop_subject *subject, struct buffer *out)
{
    int64_t now_ns = subject->locks ? locks_now() : 0;
    for (const struct lock *lock = subject->locks; lock; lock = lock->next) {
        bool is_own = strcmp(lock->root, subject->path) == 0;
        bool is_collection = !is_own || subject->st->type == FS_DIR;
        write_activelock(subject->dav->base, lock, is_collection, now_ns, out);
    }
}

/* ---- the switch ---- */

static bool write_value(enum live_prop prop, const struct prop_subject *subject, struct buffer *out)
{
    switch (prop) {
    case LIVE_CREATIONDATE:
    case LIVE_DISPLAYNAME:
    case LIVE_GETCONTENTLENGTH:
    case LIVE_GETCONTENTTYPE:
    case LIVE_GETETAG:
    case LIVE_GETLASTMODIFIED:
    case LIVE_EXECUTABLE:
        write_own(prop, subject, out);
        return true;
    case LIVE_LOCKDISCOVERY:
        write_lockdiscovery(subject, out);
        return true;
    case LIVE_RESOURCETYPE:
        if (subject->st->type == FS_DIR)
            buffer_puts(out, "<D:collection/>");
        return true;
    case LIVE_SUPPORTEDLOCK:
        buffer_puts(out, LOCK_ENTRY("exclusive") LOCK_ENTRY("shared"));
        return true;
    case LIVE_QUOTA_AVAILABLE:
    case LIVE_QUOTA_USED:
        return write_quota(prop, subject, out);
    case LIVE_CHECKSUMS:
        return write_checksums(subject, out);
    case LIVE_PRIVILEGES:
        write_privileges(subject, out);
        return true;
    case LIVE_NONE:
    case LIVE_COUNT:
        break;
    }
    assert(!"not a live property");
    return false;
}

static unsigned count_holes(const struct prop_subject *subject)
{
    return subject->holes ? subject->holes->count : 0;
}

bool props_write_live(enum live_prop prop, const struct prop_subject *subject, struct buffer *out)
{
    if (!props_applies(prop, subject->st))
        return false;
    size_t before = out->size;
    unsigned holes = count_holes(subject);
    buffer_puts(out, live[prop].start);
    size_t start = out->size;
    if (!write_value(prop, subject, out)) {
        out->size = before;
        return false;
    }
    if (out->size == start && count_holes(subject) == holes &&
        !out->overflow) { /* nothing in it: the short form */
        out->size = before;
        buffer_puts(out, live[prop].empty);
    } else {
        buffer_puts(out, live[prop].end);
    }
    return true;
}
