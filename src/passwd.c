/*
 * A user has one line: who gets a new password cannot enter with an old one of the other kind.
 */
#include "src/passwd.h"

#include <apr_general.h>
#include <apr_md5.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "src/prompt.h"
#include "src/userfile.h"
#include "src/userlines.h"

#define BCRYPT_COST 10
#define BCRYPT_MAX  72 /* bytes; it does not look further */
#define SALT_SIZE   16

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum deed { SET_HASH, SET_DIGEST, DELETE, CHECK, HELP };

static int complain(int status, const char *message)
{
    fprintf(stderr, "holdfast: %s\n", message);
    return status;
}

static int ask(char out[PROMPT_MAX], bool is_new)
{
    switch (prompt_password("Password: ", is_new ? "Again: " : NULL, out)) {
    case PROMPT_OK:
        return EXIT_OK;
    case PROMPT_NOTHING:
        return complain(EXIT_FAILED, "no password given");
    case PROMPT_TOO_LONG:
        return complain(EXIT_FAILED, "the password is too long");
    case PROMPT_ODD:
        return complain(EXIT_FAILED, "a password cannot have a NUL in it");
    case PROMPT_DIFFERS:
        break;
    }
    return complain(EXIT_FAILED, "the passwords differ");
}

static const char *hash_line(apr_pool_t *pool, const char *user, const char *password)
{
    unsigned char salt[SALT_SIZE];
    char hash[128];

    if (apr_generate_random_bytes(salt, sizeof salt) != APR_SUCCESS ||
        apr_bcrypt_encode(password, BCRYPT_COST, salt, sizeof salt, hash, sizeof hash) != APR_SUCCESS)
        return NULL;
    return apr_pstrcat(pool, user, ":", hash, NULL);
}

static const char *digest_line(apr_pool_t *pool, const char *user, const char *password)
{
    unsigned char digest[USERFILE_DIGEST_SIZE];

    userfile_digest(user, password, digest);
    const char *line = apr_pstrcat(pool, user, ":" USERFILE_REALM ":", NULL);
    for (unsigned i = 0; i < sizeof digest; i++)
        line = apr_psprintf(pool, "%s%02x", line, digest[i]);
    return line;
}

static int write_line(const char *file, const char *user, const char *line)
{
    int error = userlines_set(file, user, line);

    if (error == ENOENT && !line)
        fprintf(stderr, "holdfast: %s has no user %s\n", file, user);
    else if (error)
        fprintf(stderr, "holdfast: cannot change %s: %s\n", file, strerror(error));
    return error ? EXIT_FAILED : EXIT_OK;
}

static int set_password(apr_pool_t *pool, const char *file, const char *user, bool is_digest)
{
    char password[PROMPT_MAX];

    int status = ask(password, true);
    if (status == EXIT_OK && !is_digest && strlen(password) > BCRYPT_MAX)
        status =
            complain(EXIT_FAILED, "bcrypt looks at 72 bytes of a password and no more: take a shorter one");
    if (status == EXIT_OK) {
        const char *line = is_digest ? digest_line(pool, user, password) : hash_line(pool, user, password);
        status =
            line ? write_line(file, user, line) : complain(EXIT_FAILED, "the password could not be hashed");
    }
    explicit_bzero(password, sizeof password);
    return status;
}

static bool is_right(const struct user *user, const char *password)
{
    unsigned char digest[USERFILE_DIGEST_SIZE];

    userfile_digest(user->name, password, digest);
    return (user->digest && memcmp(digest, user->digest, sizeof digest) == 0) ||
           (user->hash && apr_password_validate(password, user->hash) == APR_SUCCESS);
}

static int check_password(apr_pool_t *pool, const char *file, const char *name)
{
    char password[PROMPT_MAX];
    struct userfile users;
    const char *message;

    if (userfile_read(pool, file, &users, &message) != 0)
        return complain(EXIT_FAILED, message);
    int status = ask(password, false);
    if (status != EXIT_OK)
        return status;
    const struct user *user = userfile_find(&users, name);
    if (!user || !is_right(user, password))
        status = complain(EXIT_FAILED, "wrong name or password");
    explicit_bzero(password, sizeof password);
    return status;
}

static int help(void)
{
    printf("usage: holdfast passwd [OPTION] FILE USER\n\n"
           "Adds USER to the password FILE, or changes the password (bcrypt). The password is read\n"
           "from the terminal, or as one line from standard input. Send the server SIGHUP afterwards.\n\n"
           "  --digest  write a line for Digest authentication instead of a hash\n"
           "  --delete  remove USER\n"
           "  --check   is it the password? Exit status 0: yes, 1: no\n"
           "  --help    print this\n");
    return EXIT_OK;
}

/* At most one option. */
static bool read_options(int argc, char **argv, enum deed *out)
{
    static const struct option options[] = { { "digest", no_argument, NULL, SET_DIGEST },
                                             { "delete", no_argument, NULL, DELETE },
                                             { "check", no_argument, NULL, CHECK },
                                             { "help", no_argument, NULL, HELP },
                                             { NULL, 0, NULL, 0 } };
    int count = 0;

    *out = SET_HASH;
    opterr = 0;
    optind = 1;
    for (int which; (which = getopt_long(argc, argv, "", options, NULL)) != -1; count++) {
        if (which == '?')
            return false;
        *out = (enum deed)which;
    }
    return *out == HELP || (count <= 1 && optind == argc - 2);
}

int passwd_main(int argc, char **argv)
{
    enum deed deed;
    apr_pool_t *pool;
    int status;

    if (!read_options(argc, argv, &deed))
        return complain(EXIT_USAGE, "usage: holdfast passwd [--digest | --delete | --check] FILE USER");
    if (deed == HELP)
        return help();
    const char *file = argv[optind], *user = argv[optind + 1];
    if (!userfile_is_name(user))
        return complain(EXIT_USAGE,
                        "a user name is 1 to 256 bytes, without colons and control characters, and does "
                        "not begin with #");
    apr_pool_create(&pool, NULL);
    if (deed == DELETE)
        status = write_line(file, user, NULL);
    else if (deed == CHECK)
        status = check_password(pool, file, user);
    else
        status = set_password(pool, file, user, deed == SET_DIGEST);
    apr_pool_destroy(pool);
    return status;
}
