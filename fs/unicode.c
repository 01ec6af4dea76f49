/*
 * Normal forms by libunistring, which brings the tables. Its results come from malloc and move to
 * the pool at once.
 */
#include "fs/unicode.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <uninorm.h>
#include <unistr.h>

#include "fs/fs.h"

bool unicode_is_ascii(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)bytes[i] > 0x7f)
            return false;
    return true;
}

static const char *normalize(apr_pool_t *pool, uninorm_t form, const char *name)
{
    const uint8_t *bytes = (const uint8_t *)name;
    size_t len = strlen(name), form_len;
    const char *result = NULL;

    if (unicode_is_ascii(name, len) || u8_check(bytes, len)) /* which normalizing would replace */
        return NULL;
    uint8_t *normal = u8_normalize(form, bytes, len, NULL, &form_len);
    if (!normal)
        return NULL;
    if (form_len <= FS_NAME_MAX && (form_len != len || memcmp(normal, bytes, len) != 0))
        result = apr_pstrmemdup(pool, (const char *)normal, form_len);
    free(normal);
    return result;
}

const char *unicode_nfc(apr_pool_t *pool, const char *name)
{
    return normalize(pool, UNINORM_NFC, name);
}

const char *unicode_nfd(apr_pool_t *pool, const char *name)
{
    return normalize(pool, UNINORM_NFD, name);
}
