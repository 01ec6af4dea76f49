/*
 * Room for all is asked for once; after that nothing looks at the buffer's bounds. An href has no character
 * that XML would want escaped (uri.h).
 */
#include "webdav/outline.h"

#include "webdav/multistatus.h"

static char *put(char *at, const char *text, size_t len)
{
    memcpy(at, text, len);
    return at + len;
}

void outline_write(const struct outline *outline, const char *href, size_t href_len,
                   const struct prop_subject *subject, struct buffer *out)
{
    static const char begin[] = MULTISTATUS_RESPONSE_BEGIN, end[] = MULTISTATUS_HREF_END;
    const struct prop_holes *holes = &outline->holes;
    const char *text = outline->text.data;
    size_t done = 0;

    char *at = buffer_reserve(out, sizeof begin + href_len + sizeof end + outline->text.size +
                                       props_values_max(subject));
    if (!at)
        return;
    at = put(at, begin, sizeof begin - 1);
    at = put(at, href, href_len);
    at = put(at, end, sizeof end - 1);
    for (unsigned i = 0; i < holes->count; i++) {
        at = put(at, text + done, holes->hole[i].at - done);
        at = props_put_value(holes->hole[i].prop, subject, at);
        done = holes->hole[i].at;
    }
    at = put(at, text + done, outline->text.size - done);
    out->size = (size_t)(at - out->data);
}

void outline_release(struct outline *outline)
{
    buffer_release(&outline->text);
}
