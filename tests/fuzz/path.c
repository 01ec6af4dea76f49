/*
 * Request targets, Destination and the tags of If: a path that comes out is canonical, stays what it is when it is
 * made again or sent as href, never leads out of the root, and means the same for source and destination.
 *
 * Lines: the URI, the Host, the prefix as an operator writes it, another path's bytes.
 */
#include <apr_strings.h>
#include <assert.h>
#include <string.h>

#include "fs/path.h"
#include "fs/unicode.h"
#include "tests/fuzz/fuzz.h"
#include "webdav/uri.h"

static void assert_canonical(const char *path)
{
    size_t len = strlen(path);

    assert(len <= FS_PATH_MAX);
    if (!len)
        return;
    for (const char *name = path;; name++) {
        size_t name_len = strcspn(name, "/");
        assert(name_len > 0 && name_len <= FS_NAME_MAX);
        assert(!(name_len == 1 && *name == '.') && !(name_len == 2 && name[0] == '.' && name[1] == '.'));
        name += name_len;
        if (!*name)
            return;
    }
}

/* No escape may make a name of two. */
static unsigned slashes(const char *text)
{
    unsigned count = 0;

    for (; *text; text++)
        count += *text == '/';
    return count;
}

static void check_names(apr_pool_t *pool, const char *path)
{
    const char *name = path_name(path);
    const char *spelt[] = { unicode_nfc(pool, name), unicode_nfd(pool, name) };

    assert(!*path || *name);
    for (int i = 0; i < 2; i++) {
        if (!spelt[i])
            continue;
        assert(!unicode_is_ascii(name, strlen(name)));
        assert(*spelt[i] && strlen(spelt[i]) <= FS_NAME_MAX && !strchr(spelt[i], '/'));
        assert(strcmp(spelt[i], ".") != 0 && strcmp(spelt[i], "..") != 0);
        assert(path_name_is_reserved("a", spelt[i]) == path_name_is_reserved("a", name));
    }
    if (*path) {
        const char *parent = path_parent(pool, path);
        assert(path_is_within(path, parent) && strcmp(path_join(pool, parent, name), path) == 0);
        assert(strcmp(path_rebase(pool, path, parent, "x"), path_join(pool, "x", name)) == 0);
        assert(!path_is_reserved(parent) || path_is_reserved(path));
    }
}

/* What is sent as an href comes back as the same path. */
static void check_href(apr_pool_t *pool, const char *path, const struct uri_self *self)
{
    for (int is_collection = 0; is_collection < 2; is_collection++) {
        const char *back, *href = uri_from_path(pool, uri_base(pool, self->prefix), path, is_collection);
        bool slash;
        assert(uri_to_path(pool, href, self, &back, &slash) == 0);
        assert(strcmp(back, path) == 0 && slash == (is_collection || (!*path && !*self->prefix)));
        for (const char *c = href; *c; c++)
            assert(*c > ' ' && *c <= '~' && !strchr("<>\"&?#", *c));
    }
}

static void check_prefix(apr_pool_t *pool, const char *prefix)
{
    const char *again;

    assert(strlen(prefix) <= URI_PREFIX_MAX);
    if (!*prefix)
        return;
    assert(*prefix == '/');
    assert_canonical(prefix + 1);
    assert(!path_is_reserved(prefix + 1));
    assert(uri_parse_prefix(pool, prefix, &again) == 0 && strcmp(prefix, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    const char *path, *again;
    bool slash, slash_again;

    apr_pool_t *pool = fuzz_begin(data, size, &in);
    const char *uri = fuzz_line(&in), *host = fuzz_line(&in), *prefix = fuzz_line(&in);
    struct uri_self self = { .host = *host ? host : NULL, .prefix = "" };

    if (*prefix && uri_parse_prefix(pool, prefix, &self.prefix) == 0)
        check_prefix(pool, self.prefix);

    if (self.host)
        assert(uri_same_host(self.host, self.host) || !uri_same_host(self.host, "localhost"));
    const char *clean = uri_without_credentials(pool, uri);
    assert(uri_without_credentials(pool, clean) == clean);
    if (uri_to_path(pool, uri, &self, &path, &slash) == 0) {
        assert(uri_to_path(pool, clean, &self, &again, &slash_again) == 0);
        assert(strcmp(path, again) == 0 && slash == slash_again);
        assert_canonical(path);
        assert(!*path || slashes(path) < slashes(uri));
        check_names(pool, path);
        check_href(pool, path, &self);
    }
    if (path_canonical(pool, in.at, in.left, &path, &slash) == 0) {
        assert_canonical(path);
        assert(path_canonical(pool, path, strlen(path), &again, &slash_again) == 0);
        assert(strcmp(path, again) == 0);
        check_names(pool, path);
        check_href(pool, path, &self);
    }
    return 0;
}
