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

bool unicode_is_same(const char *name, size_t len, const char *nfc, size_t nfc_len)
{
    uint8_t
        room[3 * FS_NAME_MAX + 1]; /* as much as NFC can make of a name (Unicode Standard Annex 15, 11.1) */
    size_t form_len = sizeof room;

    if (len == nfc_len && memcmp(name, nfc, len) == 0)
        return true;
    if (unicode_is_ascii(name, len) || u8_check((const uint8_t *)name, len))
        return false;
    uint8_t *form = u8_normalize(UNINORM_NFC, (const uint8_t *)name, len, room, &form_len);
    bool is_same = form && form_len == nfc_len && memcmp(form, nfc, nfc_len) == 0;
    if (form != room)
        free(form);
    return is_same;
}
