/*
 * Each step is checked, and then whether there is a way back: a server that goes on as root after it said otherwise
 * is worse than one that does not start.
 */
#include "src/privileges.h"

#include <apr_strings.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/log.h"

/* "33", but no "-1", which setresuid takes for "as it is". */
static bool is_number(const char *text, unsigned long *out)
{
    char *end;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    *out = strtoul(text, &end, 10);
    return *end == '\0' && errno == 0 && *out < UINT_MAX;
}

static bool find_user(const char *name, struct privileges *p)
{
    unsigned long number;
    const struct passwd *user = getpwnam(name);

    if (!user && is_number(name, &number))
        user = getpwuid((uid_t)number);
    if (!user)
        return false;
    p->uid = user->pw_uid;
    p->gid = user->pw_gid;
    return true;
}

static bool find_group(const char *name, struct privileges *p)
{
    unsigned long number;
    const struct group *group = getgrnam(name);

    if (group)
        p->gid = group->gr_gid;
    else if (is_number(name, &number))
        p->gid = (gid_t)number;
    else
        return false;
    return true;
}

int privileges_find(const char *name, apr_pool_t *pool, struct privileges *out, const char **out_message)
{
    const char *colon = strchr(name, ':');
    struct privileges found = { .name = name };

    found.user = colon ? apr_pstrmemdup(pool, name, (apr_size_t)(colon - name)) : name;
    if (!find_user(found.user, &found)) {
        *out_message = apr_psprintf(pool, "--user %s: there is no user %s", name, found.user);
        return ENOENT;
    }
    if (colon && !find_group(colon + 1, &found)) {
        *out_message = apr_psprintf(pool, "--user %s: there is no group %s", name, colon + 1);
        return ENOENT;
    }
    *out = found;
    return 0;
}

/* ---- giving ---- */

static void give_one(const struct privileges *p, const char *folder)
{
    if (mkdir(folder, 0700) == 0 && lchown(folder, p->uid, p->gid) != 0)
        log_warning("%s cannot be given to %s: %s", folder, p->user, strerror(errno));
}

void privileges_give_folder(const struct privileges *p, const char *folder, apr_pool_t *pool)
{
    char *path = apr_pstrdup(pool, folder);

    for (char *slash = *path ? path + 1 : path; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        give_one(p, path);
        *slash = '/';
    }
    give_one(p, path);
}

/* ---- dropping ---- */

static bool is_only(uid_t a, uid_t b, uid_t c, uid_t wanted)
{
    return a == wanted && b == wanted && c == wanted;
}

static bool has_become(const struct privileges *p)
{
    uid_t uid, euid, suid;
    gid_t gid, egid, sgid;

    return getresuid(&uid, &euid, &suid) == 0 && getresgid(&gid, &egid, &sgid) == 0 &&
           is_only(uid, euid, suid, p->uid) && is_only(gid, egid, sgid, p->gid);
}

static bool can_come_back(const struct privileges *p)
{
    if (p->uid == 0)
        return false; /* it was asked to stay */
    return setresuid((uid_t)-1, 0, (uid_t)-1) == 0 || setuid(0) == 0 || (p->gid != 0 && setgid(0) == 0);
}

int privileges_drop(const struct privileges *p, apr_pool_t *pool, const char **out_message)
{
    if (geteuid() != 0 && has_become(p))
        return 0;
    if (initgroups(p->user, p->gid) != 0 || setresgid(p->gid, p->gid, p->gid) != 0 ||
        setresuid(p->uid, p->uid, p->uid) != 0) {
        int error = errno;
        *out_message = apr_psprintf(pool, "--user %s: cannot become that user: %s", p->name, strerror(error));
        return error;
    }
    if (!has_become(p) || can_come_back(p)) {
        *out_message = apr_psprintf(pool, "--user %s: root's rights could not be given up", p->name);
        return EPERM;
    }
    unsetenv("HOME"); /* it is root's, and nothing of this user's belongs there */
    return 0;
}

void privileges_settle(bool has_secrets)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        log_warning("programs that this one starts could gain rights: %s", strerror(errno));
    if (has_secrets && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        log_warning("secrets could land in a core: %s", strerror(errno));
}

void privileges_warn_unreachable(const char *file, bool is_log)
{
    if (faccessat(AT_FDCWD, file, is_log ? W_OK : R_OK, AT_EACCESS) != 0)
        log_warning("%s cannot be %s as this user, as SIGHUP would: %s", file, is_log ? "written" : "read",
                    strerror(errno));
}
