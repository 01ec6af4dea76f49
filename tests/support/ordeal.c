/*
 * A fresh world for each fault: one that had faults before would prove less. What a request does without a
 * fault is found out by doing it; only its status is written down.
 */
#include "tests/support/ordeal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <cmocka.h>

#include "fs/path.h"
#include "tests/support/fs_mem.h"
#include "tests/support/support.h"
#include "webdav/props.h"
#include "webdav/propstore.h"
#include "webdav/status.h"

/* Dead properties as they are stored (deadprops.c). */
#define OLD_PROP "\1u:\0x\0<x xmlns=\"u:\">old</x>"

/* What a client can see: files as support_list tells them, and the roots of locks. */
struct view {
    const char *files, *locks;
};

struct world {
    const struct ordeal_request *request;
    struct exchange *x;
    const char *headers; /* the request's, with the token in them */
    struct view old;
    char about[200]; /* the request, the call, the error */
    bool is_lost;
};

/* What is there when nothing fails. */
struct outcome {
    struct world world;
    const struct answer *answer;
    struct view view;
    const char *both; /* files if the MOVE were a COPY; NULL if that must not be seen */
};

/* ---- before ---- */

static const char *const with_props[] = { "file", "other", "tree", "tree/a" };

#define WITH_PROPS (sizeof(with_props) / sizeof(with_props[0]))

static void set_prop(struct fs *fs, const char *path)
{
    struct fs_dir *dir;
    const char *name;

    assert_int_equal(path_open_parent(fs, path, &dir, &name), 0);
    assert_int_equal(fs_set_attr(dir, name, OLD_PROP, sizeof(OLD_PROP)), 0);
    fs_dir_close(dir);
}

static void build(struct fs *fs)
{
    support_fs_mkdir(fs, "mnt");
    assert_int_equal(fs_mem_mount(fs, "mnt"), 0);
    support_fs_mkdir(fs, "mnt/o");
    support_fs_write(fs, "mnt/o/x", "X");
    support_fs_write(fs, "mnt/f", "F");
    support_fs_mkdir(fs, "d");
    support_fs_write(fs, "d/f", "F");
    support_fs_write(fs, "file", "old");
    assert_int_equal(fs_mem_symlink(fs, "link", "file"), 0);
    support_fs_mkdir(fs, "other");
    support_fs_write(fs, "other/x", "X");
    support_fs_mkdir(fs, "tree");
    support_fs_write(fs, "tree/a", "AA");
    support_fs_mkdir(fs, "tree/sub");
    support_fs_write(fs, "tree/sub/b", "B");
    for (size_t i = 0; i < WITH_PROPS; i++)
        set_prop(fs, with_props[i]);
}

/* Where the file system keeps none. */
static void set_props_elsewhere(struct exchange *x)
{
    for (size_t i = 0; i < WITH_PROPS; i++)
        assert_int_equal(exchange(x, "PROPPATCH", apr_pstrcat(x->pool, "/", with_props[i], NULL), NULL,
                                  "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop><x xmlns=\"u:\">old</x>"
                                  "</D:prop></D:set></D:propertyupdate>")
                             ->status,
                         207);
}

/* The lines that are not about names of ours. */
static const char *without_hidden(apr_pool_t *pool, const char *list)
{
    const char *text = "";

    for (size_t len; *list; list += len + (list[len] == '\n')) {
        len = strcspn(list, "\n");
        const char *line = apr_pstrmemdup(pool, list, len);
        if (strncmp(line, PATH_RESERVED_PREFIX, strlen(PATH_RESERVED_PREFIX)) != 0 &&
            !strstr(line, "/" PATH_RESERVED_PREFIX))
            text = apr_pstrcat(pool, text, line, "\n", NULL);
    }
    return text;
}

/* Properties that the file system had no room for (propstore.h). */
static char *kept_elsewhere(void *ctx, const char *path, size_t *out_len)
{
    struct exchange *x = ctx;
    struct dead_prop *list = NULL;
    const char *value;

    if (propstore_load(x->dav->propstore, path, x->pool, &list) != 0 || !list)
        return NULL;
    assert_int_equal(props_serialize(x->pool, list, &value, out_len), 0);
    char *copy = malloc(*out_len);
    memcpy(copy, value, *out_len);
    return copy;
}

static const char *all_files(struct exchange *x)
{
    char *list = support_list_with(x->fs, kept_elsewhere, x);
    const char *copy = apr_pstrdup(x->pool, list);

    free(list);
    return copy;
}

/* The hrefs between the two marks, a line each. */
static const char *hrefs(apr_pool_t *pool, const char *text, const char *before)
{
    const char *found = "";

    while ((text = strstr(text, before)) != NULL) {
        text += strlen(before);
        found = apr_pstrcat(pool, found, apr_pstrmemdup(pool, text, strcspn(text, "<")), "\n", NULL);
    }
    return found;
}

static struct view look(struct world *world)
{
    static const char discovery[] =
        "<D:propfind xmlns:D='DAV:'><D:prop><D:lockdiscovery/></D:prop></D:propfind>";
    struct exchange *x = world->x;
    const struct answer *answer = exchange(x, "PROPFIND", "/", "Depth: infinity", discovery);

    assert_int_equal(answer->status, 207);
    return (struct view){ .files = without_hidden(x->pool, all_files(x)),
                          .locks = hrefs(x->pool, answer->body, "<D:lockroot><D:href>") };
}

static const char *lock_token(struct exchange *x, const char *target)
{
    const struct answer *answer =
        exchange(x, "LOCK", target, NULL,
                 "<D:lockinfo xmlns:D='DAV:'><D:lockscope><D:exclusive/></D:lockscope>"
                 "<D:locktype><D:write/></D:locktype></D:lockinfo>");
    const char *token = answer_header(answer, "Lock-Token");

    assert_int_equal(answer->status, 200);
    return apr_pstrmemdup(x->pool, token + 1, strlen(token) - 2);
}

static void world_init(struct world *world, const struct ordeal_request *request)
{
    static const struct dav_config config;
    struct fs *fs;

    *world = (struct world){ .request = request, .headers = request->headers };
    snprintf(world->about, sizeof(world->about), "%s, no fault", request->about);
    assert_int_equal(fs_mem_open(&fs), 0);
    build(fs);
    fs_mem_quirks(fs, request->quirks);
    world->x = exchange_open_on(fs, &config);
    if (request->quirks & FS_MEM_NO_ATTRS)
        set_props_elsewhere(world->x);
    if (request->locked) {
        const char *token = lock_token(world->x, request->locked);
        const char *at = strstr(request->headers, "%s");
        world->headers = apr_pstrcat(
            world->x->pool, apr_pstrmemdup(world->x->pool, request->headers, (size_t)(at - request->headers)),
            token, at + 2, NULL);
    }
    world->old = look(world);
}

static void world_release(struct world *world)
{
    exchange_close(world->x);
}

static const struct answer *ask(struct world *world)
{
    const struct ordeal_request *request = world->request;

    return exchange(world->x, request->method, request->target, world->headers, request->body);
}

/* ---- afterwards ---- */

#define LOST(world, ...)                                                                                     \
    do {                                                                                                     \
        print_error("%s: ", (world)->about);                                                                 \
        print_error(__VA_ARGS__);                                                                            \
        print_error("\n");                                                                                   \
        (world)->is_lost = true;                                                                             \
    } while (0)

/* Some status in the body is not that of a success. */
static bool names_failure(const char *body)
{
    for (const char *at = body; (at = strstr(at, "HTTP/1.1 ")) != NULL; at++)
        if (at[9] != '2' && strncmp(at + 9, "404", 3) != 0)
            return true;
    return false;
}

/* What the path is called in the copy; NULL if it is not in what is copied. */
static const char *copied_name(struct world *world, const char *href)
{
    const struct ordeal_request *request = world->request;
    const char *dest = strstr(world->headers, "dav.example/") + strlen("dav.example/");
    size_t len = strlen(request->target);

    if (strncmp(href, request->target, len) != 0)
        return NULL;
    return apr_pstrcat(world->x->pool, apr_pstrmemdup(world->x->pool, dest, strcspn(dest, "\n")), href + len,
                       NULL);
}

/* The files without those lines that are about `path` and what is in it. */
static const char *without_path(apr_pool_t *pool, const char *files, const char *path)
{
    size_t path_len = strlen(path);
    const char *text = "";

    if (path_len && path[path_len - 1] == '/')
        path_len--;
    for (size_t len; *files; files += len + (files[len] == '\n')) {
        len = strcspn(files, "\n");
        if (strncmp(files, path, path_len) != 0 || !strchr("/ ", files[path_len]))
            text = apr_pstrcat(pool, text, apr_pstrmemdup(pool, files, len), "\n", NULL);
    }
    return text;
}

/* Files as they are when all is done but for the members that the 207 names. */
static const char *partly(struct world *world, const struct answer *answer, const char *files)
{
    apr_pool_t *pool = world->x->pool;
    char *state, *list = apr_pstrdup(pool, hrefs(pool, answer->body, "<D:href>"));

    for (char *href = apr_strtok(list, "\n", &state); href; href = apr_strtok(NULL, "\n", &state)) {
        const char *path = copied_name(world, href);
        if (path)
            files = without_path(pool, files, path);
    }
    return files;
}

static bool is_copy_or_move(const struct ordeal_request *request)
{
    return strcmp(request->method, "COPY") == 0 || strcmp(request->method, "MOVE") == 0;
}

/* Is the request done, by its answer? */
static bool claims_success(const struct world *world, const struct answer *answer)
{
    return answer->status == world->request->status && !answer->broken && !names_failure(answer->body);
}

static void check_status(struct world *world, const struct answer *answer, int error)
{
    const struct ordeal_request *request = world->request;
    int status = answer->status;

    if (status == request->status || status == status_from_errno(error, ROLE_SUBJECT))
        return;
    if (status == 207 && is_copy_or_move(request) && names_failure(answer->body))
        return;
    if (status == 409 && request->crosses) /* that it has not been changed could not be seen */
        return;
    LOST(world, "answered %d %s", status, answer->body);
}

/* Of what went wrong, is this what may be there? */
static bool is_sound(struct world *world, const struct answer *answer, const struct outcome *wanted,
                     const char *files)
{
    if (answer->status == 207 && is_copy_or_move(world->request) &&
        strcmp(partly(world, answer, files), partly(world, answer, wanted->view.files)) == 0)
        return true;
    return !claims_success(world, answer) &&
           (strcmp(files, world->old.files) == 0 || (wanted->both && strcmp(files, wanted->both) == 0));
}

static void check_files(struct world *world, const struct answer *answer, const struct outcome *wanted)
{
    const char *files = without_hidden(world->x->pool, all_files(world->x));

    if (strcmp(files, wanted->view.files) != 0 && !is_sound(world, answer, wanted, files))
        LOST(world, "answered %d %s, and there is\n%swanted\n%s", answer->status, answer->body, files,
             wanted->view.files);
}

/* The locks of what is gone may stay until they end: dropping them is no condition for the answer. */
static void check_locks(struct world *world, const struct answer *answer, const struct view *wanted)
{
    const char *method = world->request->method, *locks = look(world).locks;
    bool is_new = strcmp(locks, wanted->locks) == 0, is_old = strcmp(locks, world->old.locks) == 0;
    bool is_strict = strcmp(method, "LOCK") == 0 || strcmp(method, "UNLOCK") == 0;

    if (!is_new && !is_old)
        LOST(world, "answered %d, and the locks are\n%s", answer->status, locks);
    if (is_strict && (claims_success(world, answer) ? !is_new : !is_old))
        LOST(world, "answered %d, and the locks are\n%s", answer->status, locks);
}

static unsigned count_entries(const char *body)
{
    unsigned count = 0;

    for (const char *at = body; (at = strstr(at, "href")) != NULL; at++)
        count++;
    return count;
}

/* A listing or content that is not whole must not look as if it were. */
static void check_body(struct world *world, const struct answer *answer, const struct answer *wanted)
{
    unsigned count = count_entries(wanted->body);

    if (claims_success(world, answer) &&
        (count_entries(answer->body) != count || (!count && strcmp(answer->body, wanted->body) != 0)))
        LOST(world, "answered %d %s", answer->status, answer->body);
}

static bool has_strays(struct world *world)
{
    const char *all = all_files(world->x);

    return strcmp(all, without_hidden(world->x->pool, all)) != 0;
}

static void check_handles(struct world *world, unsigned fds)
{
    if (fs_mem_handles(world->x->fs))
        LOST(world, "%u handles are open", fs_mem_handles(world->x->fs));
    if (support_open_fds() != fds)
        LOST(world, "%u descriptors are open, %u were", support_open_fds(), fds);
}

/* ---- the ordeal ---- */

static void outcome_init(struct outcome *outcome, const struct ordeal_request *request)
{
    world_init(&outcome->world, request);
    outcome->answer = ask(&outcome->world);
    outcome->view = look(&outcome->world);
    outcome->both = NULL;
    if (outcome->answer->status != request->status)
        LOST(&outcome->world, "answered %d %s", outcome->answer->status, outcome->answer->body);
}

static void outcome_add_both(struct outcome *outcome)
{
    struct ordeal_request copying = *outcome->world.request;
    struct world world;

    copying.method = "COPY";
    world_init(&world, &copying);
    ask(&world);
    outcome->both = apr_pstrdup(outcome->world.x->pool, look(&world).files);
    world_release(&world);
}

static void outcome_release(struct outcome *outcome)
{
    world_release(&outcome->world);
}

static void check_again(struct world *world, const struct outcome *wanted)
{
    if (strcmp(look(world).files, world->old.files) != 0 || strcmp(look(world).locks, world->old.locks) != 0)
        return;
    const struct answer *answer = ask(world);
    if (!claims_success(world, answer) || strcmp(look(world).files, wanted->view.files) != 0 ||
        strcmp(look(world).locks, wanted->view.locks) != 0)
        LOST(world, "sent again, answered %d %s", answer->status, answer->body);
}

/* What is aside, or rows in the database that have not followed a rename, the next start puts right. */
static bool mends_at_start(const struct ordeal_request *request)
{
    return request->quirks & (FS_MEM_NO_EXCHANGE | FS_MEM_NO_ATTRS);
}

/* False: there was no n-th call. */
static bool one_fault(const struct ordeal_fault *fault, const struct outcome *wanted, unsigned nth, int error,
                      struct ordeal_count *count)
{
    struct world world;

    world_init(&world, wanted->world.request);
    snprintf(world.about, sizeof(world.about), "%s, call %u, %s", world.request->about, nth, strerror(error));
    unsigned fds = support_open_fds();
    fault->arm(world.x, nth, error);
    const struct answer *answer = ask(&world);
    bool has_struck = fault->disarm(world.x);
    if (has_struck) {
        check_handles(&world, fds);
        check_status(&world, answer, error);
        if (!mends_at_start(world.request) || claims_success(&world, answer))
            check_files(&world, answer, wanted);
        check_locks(&world, answer, &wanted->view);
        check_body(&world, answer, wanted->answer);
        count->left += has_strays(&world);
        exchange_restart(world.x);
        if (has_strays(&world))
            LOST(&world, "strays after the restart\n%s", all_files(world.x));
        check_files(&world, answer, wanted);
        check_locks(&world, answer, &wanted->view);
        check_again(&world, wanted);
    }
    count->faults += has_struck;
    count->lost += world.is_lost;
    world_release(&world);
    return has_struck;
}

void ordeal_run(const struct ordeal_fault *fault, const int *errors, struct ordeal_count *count)
{
    for (const struct ordeal_request *request = ordeal_requests; request->method; request++) {
        struct outcome outcome;
        outcome_init(&outcome, request);
        if (request->crosses)
            outcome_add_both(&outcome);
        for (const int *error = errors; *error; error++)
            for (unsigned nth = 1; one_fault(fault, &outcome, nth, *error, count); nth++)
                ;
        count->requests++;
        count->lost += outcome.world.is_lost;
        outcome_release(&outcome);
    }
}
