/*
 * The configuration file: an error is one line that names the place; what is accepted is printed (`holdfast check`) as
 * a file that says the same.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/configfile.h"
#include "src/options.h"
#include "tests/fuzz/fuzz.h"

/* As a text of its own; NULL: it does not go together. */
static char *read_and_print(apr_pool_t *pool, const char *text, size_t size, size_t *out_size)
{
    struct settings *file = settings_new(pool, "f");
    struct options *options = apr_pcalloc(pool, sizeof *options);
    char *printed = NULL;

    const char *message = configfile_parse(file, text, size, "/folder");
    if (message) {
        assert(strncmp(message, "f", 1) == 0 && !strpbrk(message, "\r\n"));
        return NULL;
    }
    struct settings *merged = settings_merge(pool, settings_new(pool, NULL), file, NULL);
    message = settings_read(merged, options);
    if (message) {
        assert(*message && !strchr(message, '\n'));
        return NULL;
    }
    assert(options->share_count <= OPTIONS_MAX_SHARES && options->listen_count <= OPTIONS_MAX_LISTENERS);
    FILE *to = open_memstream(&printed, out_size);
    assert(to);
    settings_print(merged, to);
    fclose(to);
    return printed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    size_t printed_size, again_size;

    apr_pool_t *pool = fuzz_begin(data, size, &in);
    char *printed = read_and_print(pool, in.at, in.left, &printed_size);
    if (printed) {
        char *again = read_and_print(pool, printed, printed_size, &again_size);
        assert(again && again_size == printed_size && memcmp(again, printed, again_size) == 0);
        free(again);
    }
    free(printed);
    return 0;
}
