/*
 * /etc/mime.types, as the package media-types has it: "type ext ext ...", "#" begins a comment. An
 * extension that several types claim belongs to the first. Types are stored as they are sent.
 */
#include "webdav/mime.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_FILE  "/etc/mime.types"
#define DEFAULT_TYPE  "application/octet-stream"
#define BLANKS        " \t\r\n"
#define CHARSET       "; charset=utf-8"
#define EXTENSION_MAX 32

struct mime {
    apr_hash_t *types; /* lower-case extension -> value of Content-Type */
};

/* Into `out`, NUL-terminated; 0 if it is empty or longer than any extension that means something. */
static size_t lower_case(const char *text, char out[EXTENSION_MAX + 1])
{
    size_t len = strlen(text);
    if (len > EXTENSION_MAX)
        return 0;
    for (size_t i = 0; i <= len; i++)
        out[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
    return len;
}

static void add_line(struct mime *mime, char *line)
{
    apr_pool_t *pool = apr_hash_pool_get(mime->types);
    char *rest = line;
    line[strcspn(line, "#")] = '\0';
    const char *type = strtok_r(line, BLANKS, &rest);
    if (!type || !strchr(type, '/') || strlen(type) > MIME_TYPE_MAX - strlen(CHARSET))
        return;

    const char *value = NULL;
    const char *word;
    while ((word = strtok_r(NULL, BLANKS, &rest))) {
        char extension[EXTENSION_MAX + 1];
        size_t len = lower_case(word, extension);
        if (len == 0 || apr_hash_get(mime->types, extension, (apr_ssize_t)len))
            continue;
        if (!value)
            value = apr_pstrcat(pool, type, strncmp(type, "text/", 5) == 0 ? CHARSET : "", NULL);
        apr_hash_set(mime->types, apr_pstrmemdup(pool, extension, len), (apr_ssize_t)len, value);
    }
}

int mime_open(apr_pool_t *pool, const char *file, struct mime **out)
{
    struct mime *mime = apr_palloc(pool, sizeof *mime);
    mime->types = apr_hash_make(pool);

    FILE *in = fopen(file ? file : DEFAULT_FILE, "re");
    if (!in) {
        if (errno != ENOENT)
            return errno;
        *out = mime;
        return 0;
    }

    char *line = NULL;
    size_t capacity = 0;
    errno = 0;
    while (getline(&line, &capacity, in) >= 0)
        add_line(mime, line);
    int error = ferror(in) ? errno : 0;
    free(line);
    fclose(in);
    if (error)
        return error;
    *out = mime;
    return 0;
}

const char *mime_type(const struct mime *mime, const char *name)
{
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name) /* ".profile" is a name, not an extension */
        return DEFAULT_TYPE;

    char extension[EXTENSION_MAX + 1];
    size_t len = lower_case(dot + 1, extension);
    if (len == 0)
        return DEFAULT_TYPE;
    const char *type = apr_hash_get(mime->types, extension, (apr_ssize_t)len);
    return type ? type : DEFAULT_TYPE;
}
