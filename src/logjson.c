/*
 * Names are our own and need no check; values are checked by jansson, which takes nothing but UTF-8.
 */
#include "src/logjson.h"

#include <stdlib.h>
#include <string.h>

#include "src/logline.h"

static json_t *must(json_t *value)
{
    if (!value)
        abort(); /* no memory */
    return value;
}

json_t *logjson_new(void)
{
    json_t *object = must(json_object());
    struct logline time;

    logline_init(&time);
    logline_add_time(&time);
    logjson_add_text(object, "time", time.text, time.size);
    return object;
}

static json_t *escaped(const char *text, size_t size)
{
    struct logline line;

    logline_init(&line);
    logline_add_bytes(&line, text, size, "");
    return json_stringn_nocheck(line.text, line.size);
}

void logjson_add_text(json_t *object, const char *name, const char *text, size_t size)
{
    json_t *value = json_stringn(text, size);
    json_object_set_new_nocheck(object, name, must(value ? value : escaped(text, size)));
}

void logjson_add_field(json_t *object, const char *name, const char *text)
{
    if (text && *text)
        logjson_add_text(object, name, text, strnlen(text, LOGLINE_FIELD_MAX));
}

void logjson_add_number(json_t *object, const char *name, int64_t number)
{
    json_object_set_new_nocheck(object, name, must(json_integer(number)));
}

void logjson_add_true(json_t *object, const char *name)
{
    json_object_set_new_nocheck(object, name, json_true());
}

char *logjson_end(json_t *object, size_t *out_size)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(object);
    if (!text)
        abort();
    *out_size = strlen(text);
    return text;
}
