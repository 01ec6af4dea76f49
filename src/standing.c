/*
 * Which files those are follows from the table of options: whoever adds an option that names a file need not think of
 * this. Files may be replaced by others of the same name while the server runs, which Landlock takes for different
 * ones, so it is always the folder that can be reached, and that of the file itself where the name is a link.
 */
#include "src/standing.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/confine.h"
#include "src/layout.h"
#include "src/log.h"
#include "src/optionrow.h"
#include "src/privileges.h"

/* What is read after the start without being named by an option: randomness, the types of files, the database's driver, and how
 * many processors there are. Nobody's secrets are there. */
static const char *const common[] = {
    "/dev/urandom", "/etc/mime.types", "/etc/ld.so.cache",        "/lib",
    "/usr/lib",     "/usr/local/lib",  "/sys/devices/system/cpu",
};

/* ---- what the options name ---- */

/* NULL: the folder that is to be served is not there, which is told when it is opened. */
static const char *state_of(apr_pool_t *pool, const struct share_options *share)
{
    char *real = realpath(share->root, NULL);
    const char *state = real ? layout_state(pool, share, real) : NULL;
    free(real);
    return state;
}

static bool is_word(const struct option_row *row, const char *value)
{
    for (const char *const *word = row->words; word && *word; word++)
        if (strcmp(*word, value) == 0)
            return true;
    return false;
}

/* The value of a row that names one file, and not a share's; NULL: it is none, or names none. */
static const char *file_of(const struct option_row *row, const struct options *o)
{
    if (!(row->flags & OPTION_FILE) || row->flags & OPTION_SHARE || row->read != option_read_text)
        return NULL;
    const char *file = *(const char *const *)((const char *)o + row->field);
    return file && !is_word(row, file) ? file : NULL;
}

/* ---- the user ---- */

static int become(apr_pool_t *pool, const struct options *o, const char **out_message)
{
    struct privileges user;

    int error = privileges_find(o->user, pool, &user, out_message);
    for (unsigned i = 0; i < o->share_count && !error && geteuid() == 0; i++) {
        const char *state = state_of(pool, &o->shares[i]);
        if (state)
            privileges_give_folder(&user, state, pool);
    }
    if (!error)
        error = privileges_drop(&user, pool, out_message);
    for (unsigned i = 0; i < option_row_count && !error; i++) {
        const char *file = file_of(&option_rows[i], o);
        if (file)
            privileges_warn_unreachable(file, option_rows[i].flags & OPTION_WRITTEN);
    }
    return error;
}

/* ---- the files ---- */

static void allow_folder_of(struct confine *c, apr_pool_t *pool, const char *file, enum confine_access access)
{
    const char *slash = strrchr(file, '/');

    if (slash)
        confine_allow(c, slash == file ? "/" : apr_pstrmemdup(pool, file, (apr_size_t)(slash - file)),
                      access);
}

static void allow_file(struct confine *c, apr_pool_t *pool, const char *file, enum confine_access access)
{
    char *real = realpath(file, NULL);

    allow_folder_of(c, pool, file, access);
    if (real && strcmp(real, file) != 0)
        allow_folder_of(c, pool, real, access);
    free(real);
}

static void allow_share(struct confine *c, apr_pool_t *pool, const struct share_options *share)
{
    const struct privileges self = { .user = "", .uid = geteuid(), .gid = getegid() };
    const char *state = state_of(pool, share);

    confine_allow(c, share->root, CONFINE_ALL);
    if (state) {
        privileges_give_folder(&self, state, pool); /* a rule takes a folder that is there */
        confine_allow(c, state, CONFINE_ALL);
        setenv("SQLITE_TMPDIR", state,
               1); /* where else the database would put its temporary files is out of reach */
    }
}

static int confine(apr_pool_t *pool, const struct options *o, struct standing *standing,
                   const char **out_message)
{
    struct confine c;

    standing->lacks_landlock = !confine_begin(&c);
    for (unsigned i = 0; i < o->share_count; i++)
        allow_share(&c, pool, &o->shares[i]);
    for (unsigned i = 0; i < option_row_count; i++) {
        const char *file = file_of(&option_rows[i], o);
        if (file)
            allow_file(&c, pool, file, option_rows[i].flags & OPTION_WRITTEN ? CONFINE_APPEND : CONFINE_READ);
    }
    for (unsigned i = 0; i < sizeof common / sizeof *common; i++)
        confine_allow(&c, common[i], CONFINE_READ);

    int error = confine_enforce(&c);
    standing->lacks_seccomp = error == ENOSYS;
    if (standing->lacks_seccomp)
        error = 0;
    if (error)
        *out_message = apr_psprintf(pool, "cannot confine the process (--confine off serves without): %s",
                                    strerror(error));
    return error;
}

int standing_settle(apr_pool_t *pool, const struct options *o, struct standing *out, const char **out_message)
{
    int error = o->user ? become(pool, o, out_message) : 0;
    if (error)
        return error;
    privileges_settle(o->tls.cert || o->users_file);
    *out = (struct standing){ 0 };
    return o->confines ? confine(pool, o, out, out_message) : 0;
}

void standing_tell(const struct standing *standing, const struct options *o)
{
    if (standing->lacks_landlock)
        log_info("not confined to its files: there is no Landlock");
    if (standing->lacks_seccomp)
        log_info("no system calls are forbidden: there is no seccomp");
    if (geteuid() == 0 && !o->user)
        log_warning("serving as root; --user NAME would be safer");
}
