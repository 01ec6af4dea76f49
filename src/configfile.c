/*
 * inih takes lines apart, we give it the lines: so we know their numbers, a line too long is refused and not split, and
 * one that begins with a blank is no continuation of the line before.
 */
#include "src/configfile.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <string.h>

struct reading {
    struct settings *settings;
    struct settings_section *section;
    const char *folder;
    const char *at, *end; /* what is still to be read */
    unsigned line;
    const char *message; /* the first error; nothing is read after it */
};

static char *wrong(struct reading *r, const char *message)
{
    if (!r->message)
        r->message = apr_psprintf(r->settings->pool, "%s:%u: %s", r->settings->file, r->line, message);
    return NULL;
}

/* "[share NAME]", without blanks around it */
static char *begin_section(struct reading *r, const char *text, size_t size)
{
    struct settings *s = r->settings;

    if (size < 2 || text[size - 1] != ']')
        return wrong(r, "not a [share NAME] line");
    const char *name = apr_pstrndup(s->pool, text + 1, size - 2);
    if (strncmp(name, "share ", 6) != 0)
        return wrong(r, apr_psprintf(s->pool, "unknown section [%s]; there is [share NAME] only", name));
    const char *message = settings_add_share(s, name + 6 + strspn(name + 6, " \t"), r->line);
    if (message)
        return wrong(r, message);
    r->section = &s->share[s->share_count - 1];
    return NULL;
}

static bool has_control(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (iscntrl((unsigned char)text[i]) && text[i] != '\t')
            return true;
    return false;
}

/* The next line for inih, without blanks around it and with a line feed; NULL at the end or after an error. */
static char *next_line(char *out, int room, void *ctx)
{
    struct reading *r = ctx;

    if (r->message || r->at == r->end)
        return NULL;
    const char *text = r->at, *feed = memchr(text, '\n', (size_t)(r->end - text));
    const char *end = feed ? feed : r->end;
    r->at = feed ? feed + 1 : r->end;
    r->line++;
    if (r->line == 1 && end - text >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3; /* Notepad's mark */
    if (end > text && end[-1] == '\r')
        end--;
    while (text < end && (*text == ' ' || *text == '\t'))
        text++;
    while (text < end && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    size_t size = (size_t)(end - text);
    if (size + 2 > (size_t)room)
        return wrong(r, apr_psprintf(r->settings->pool, "a line is longer than %d bytes", room - 2));
    if (has_control(text, size))
        return wrong(r, "a control character in the line");
    if (size && *text == '[') {
        begin_section(r, text, size);
        size = 0;
    }
    memcpy(out, text, size);
    memcpy(out + size, "\n", 2);
    return r->message ? NULL : out;
}

static const char *add(struct reading *r, const struct option_row *row, const char *value)
{
    struct settings *s = r->settings;
    bool is_for_all = r->section == &s->all;

    if (row->flags & OPTION_COMMAND)
        return "it is for the command line only";
    if (is_for_all && row->flags & OPTION_SECTION)
        return "it belongs below a [share NAME]";
    if (!is_for_all && !(row->flags & OPTION_SHARE))
        return "it is for all shares: it belongs above the first [share NAME]";
    if (!*value)
        return "a value is missing";
    return settings_add(s, r->section, row, value, r->folder, r->line);
}

/* The section is ours to know. */
static int take(void *ctx, const char *section, const char *key, const char *value)
{
    struct reading *r = ctx;
    const struct option_row *row = option_row_find(key);

    (void)section;
    if (r->message)
        return 0;
    const char *message = row ? add(r, row, value) : "there is no such key";
    if (message)
        wrong(r, apr_pstrcat(r->settings->pool, key, ": ", message, NULL));
    return !message;
}

const char *configfile_parse(struct settings *s, const char *text, size_t size, const char *folder)
{
    struct reading r = {
        .settings = s, .section = &s->all, .folder = folder, .at = text, .end = text + size
    };

    /* Debian's inih has these as variables. */
    ini_max_line = CONFIGFILE_LINE_MAX;
    ini_allow_multiline = false;
    ini_allow_inline_comments = false;
    ini_stop_on_first_error = true;
    if (ini_parse_stream(next_line, &r, take, &r) != 0 && !r.message)
        wrong(&r, "not a KEY = VALUE line");
    return r.message;
}

static int read_file(apr_pool_t *pool, const char *file, char **out, apr_size_t *out_size)
{
    apr_file_t *f;
    apr_status_t status = apr_file_open(&f, file, APR_FOPEN_READ, 0, pool);

    if (status != APR_SUCCESS)
        return status;
    *out = apr_palloc(pool, CONFIGFILE_MAX + 1);
    status = apr_file_read_full(f, *out, CONFIGFILE_MAX + 1, out_size);
    apr_file_close(f);
    if (status != APR_SUCCESS && !APR_STATUS_IS_EOF(status))
        return status;
    return *out_size > CONFIGFILE_MAX ? EFBIG : 0;
}

const char *configfile_read(struct settings *s, const char *file)
{
    apr_pool_t *scratch;
    char *text = NULL;
    apr_size_t size = 0;

    apr_pool_create(&scratch, s->pool);
    int error = read_file(scratch, file, &text, &size);
    const char *slash = strrchr(file, '/');
    const char *folder = slash ? apr_pstrndup(s->pool, file, (size_t)(slash - file)) : NULL;
    const char *message = error ? apr_psprintf(s->pool, "cannot read %s: %s", file, strerror(error))
                                : configfile_parse(s, text, size, folder);
    apr_pool_destroy(scratch);
    return message;
}
