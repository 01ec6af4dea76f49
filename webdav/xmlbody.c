/*
 * One answer to each way in which an XML body can be wrong.
 */
#include "webdav/xmlbody.h"

#include <errno.h>

bool xmlbody_parse(struct dav_request *r, const char *root, xml_keep_fn *keep, struct xml_element **out)
{
    struct xml_element *document = NULL;
    const char *message = "";
    struct xml_limits limits = { .elements = r->config->limits.xml_elements,
                                 .depth = r->config->limits.xml_depth };
    switch (xml_parse(r->pool, r->body.data, r->body.size, &limits, keep, &document, &message)) {
    case 0:
        break;
    case EPERM: /* RFC 4918 16, 20.6 */
        reply_condition(r, 403, CONDITION_NO_EXTERNAL_ENTITIES, NULL);
        return false;
    case E2BIG:
        reply_limit(r, 413, limits.met, "The XML body is too large: %s", message);
        return false;
    default: /* RFC 4918 8.2 */
        reply_error(r, 400, "The XML body cannot be read: %s", message);
        return false;
    }
    if (!xml_is_dav(document, root)) {
        reply_error(r, 400, "The XML body is not a DAV:%s.", root);
        return false;
    }
    *out = document;
    return true;
}
