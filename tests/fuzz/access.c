/*
 * Rules and who may do what: the answers agree with each other, and no other spelling of a name leads past a rule.
 *
 * Lines: the user, a path, then rules; "home PATH" and "member GROUP USER" say so.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "fs/path.h"
#include "fs/unicode.h"
#include "tests/fuzz/fuzz.h"
#include "webdav/access.h"

#define LINES_MAX 100

/* False where the operator would be told, and nothing served. */
static bool add_line(struct access *access, const char *line)
{
    char group[64], user[64];
    const char *message = NULL;

    if (strncmp(line, "home ", 5) == 0)
        message = access_add_home(access, "", line + 5);
    else if (sscanf(line, "member %63s %63s", group, user) == 2)
        message = access_add_member(access, group, user);
    else
        message = access_add(access, "", line);
    assert(!message || (*message && !strchr(message, '\n')));
    return !message;
}

static void check_path(const struct access *access, const struct access_view *view, const char *user,
                       const char *path)
{
    enum access_right right = access_right(view, path);
    enum access_right least = access_least(view, path), most = access_most(view, path);

    assert(right <= ACCESS_WRITE && right == access_of(access, user, path));
    assert(least <= most && (right == ACCESS_PASS || (least <= right && right <= most)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    const char *path;
    bool slash;

    apr_pool_t *pool = fuzz_begin(data, size, &in);
    const char *user = fuzz_line(&in), *target = fuzz_line(&in);
    struct access *access = access_new();
    bool is_sound = true;
    for (int i = 0; i < LINES_MAX && in.left; i++)
        is_sound &= add_line(access, fuzz_line(&in));
    access_unknown_group(access);
    const struct access_view *view = access_view(access, pool, user);
    if (path_canonical(pool, target, strlen(target), &path, &slash) == 0) {
        check_path(access, view, user, path);
        const char *nfc = unicode_nfc(pool, path), *nfd = unicode_nfd(pool, path);
        if (nfc)
            assert(access_right(view, nfc) == access_right(view, path));
        if (nfd)
            assert(access_right(view, nfd) == access_right(view, path));
        if (*path && access_right(view, path) > ACCESS_PASS) /* there is a way to it */
            assert(access_right(view, path_parent(pool, path)) >= ACCESS_PASS);
    }
    const char *home = access_home(view);
    if (home && is_sound)
        assert(access_touches_home(view, home) && access_right(view, home) == ACCESS_WRITE);
    access_free(access);
    return 0;
}
