/*
 * The new file is written beside the old one and renamed over it, so that a server that reads it
 * meanwhile sees one or the other.
 */
#include "src/passwd.h"

#include <apr_general.h>
#include <apr_md5.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define PASSWORD_MAX 256
#define BCRYPT_COST  10
#define SALT_SIZE    16

static int fail(const char *what, const char *which)
{
    fprintf(stderr, "holdfast: %s %s: %s\n", what, which, strerror(errno));
    return 1;
}

/* One line without its end; false at end of file. Echo is off on a terminal. */
static bool read_password(const char *prompt, char out[PASSWORD_MAX])
{
    struct termios old;
    bool is_terminal = tcgetattr(STDIN_FILENO, &old) == 0;
    if (is_terminal) {
        struct termios silent = old;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        fputs(prompt, stderr);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    bool is_read = fgets(out, PASSWORD_MAX, stdin) != NULL;
    if (is_terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
        fputc('\n', stderr);
    }
    if (is_read)
        out[strcspn(out, "\r\n")] = '\0';
    return is_read && *out;
}

/* On a terminal the password is asked for twice. */
static bool ask_password(char out[PASSWORD_MAX])
{
    char again[PASSWORD_MAX];
    if (!read_password("Password: ", out)) {
        fprintf(stderr, "holdfast: no password given\n");
        return false;
    }
    if (!isatty(STDIN_FILENO))
        return true;
    if (!read_password("Again: ", again) || strcmp(out, again) != 0) {
        fprintf(stderr, "holdfast: the passwords differ\n");
        return false;
    }
    return true;
}

static bool is_line_of(const char *line, const char *user)
{
    size_t len = strlen(user);
    return strncmp(line, user, len) == 0 && line[len] == ':';
}

/* Every line of the old file but the user's, then the user's. */
static bool write_users(FILE *to, FILE *from, const char *user, const char *hash)
{
    char line[1024];
    while (from && fgets(line, sizeof line, from)) {
        if (is_line_of(line, user))
            continue;
        fputs(line, to);
        if (!strchr(line, '\n'))
            fputc('\n', to);
    }
    fprintf(to, "%s:%s\n", user, hash);
    return fflush(to) == 0 && fsync(fileno(to)) == 0;
}

static int replace_file(apr_pool_t *pool, const char *file, const char *user, const char *hash)
{
    struct stat st;
    mode_t mode = stat(file, &st) == 0 ? st.st_mode & 0777 : 0600;
    char *new_file = apr_psprintf(pool, "%s.XXXXXX", file);
    FILE *from = fopen(file, "re");
    if (!from && errno != ENOENT)
        return fail("cannot read", file);

    int fd = mkostemp(new_file, O_CLOEXEC);
    FILE *to = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool is_written = to && fchmod(fd, mode) == 0 && write_users(to, from, user, hash);
    if (from)
        fclose(from);
    if (to && fclose(to) != 0)
        is_written = false;
    if (is_written && rename(new_file, file) == 0)
        return 0;
    int status = fail("cannot write", file);
    unlink(new_file);
    return status;
}

static int set_password(const char *file, const char *user)
{
    char password[PASSWORD_MAX], hash[128];
    unsigned char salt[SALT_SIZE];
    apr_pool_t *pool;

    if (!*user || strpbrk(user, ":\r\n")) {
        fprintf(stderr, "holdfast: a user name is not empty and has no colon\n");
        return 2;
    }
    if (!ask_password(password))
        return 1;
    if (apr_generate_random_bytes(salt, sizeof salt) != APR_SUCCESS ||
        apr_bcrypt_encode(password, BCRYPT_COST, salt, sizeof salt, hash, sizeof hash) != APR_SUCCESS) {
        fprintf(stderr, "holdfast: the password could not be hashed\n");
        return 1;
    }
    apr_pool_create(&pool, NULL);
    int status = replace_file(pool, file, user, hash);
    apr_pool_destroy(pool);
    return status;
}

int passwd_main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf("usage: holdfast passwd FILE USER\n\n"
               "Adds USER to the password FILE, or changes the password (bcrypt). The password is read\n"
               "from the terminal, or as one line from standard input.\n");
        return 0;
    }
    if (argc != 3) {
        fprintf(stderr, "holdfast: usage: holdfast passwd FILE USER\n");
        return 2;
    }
    return set_password(argv[1], argv[2]);
}
