/*
 * XML request bodies: whatever is accepted is a tree within the bounds, and markup that is kept stands on its own:
 * read again it is the same element.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "webdav/dav.h"
#include "webdav/xmlread.h"

static const struct dav_limits initial = DAV_LIMITS_DEFAULT;

static int keep_inner(const struct xml_element *element)
{
    return xml_is_dav(element, "owner") || (element->parent && xml_is_dav(element->parent, "prop"));
}

static unsigned check_tree(const struct xml_element *element, unsigned depth)
{
    unsigned count = 1;

    assert(depth <= initial.xml_depth && *element->name && element->ns && element->text);
    assert(!element->outer == !element->inner);
    for (const struct xml_element *child = element->first; child; child = child->next) {
        assert(child->parent == element);
        count += check_tree(child, depth + 1);
    }
    return count;
}

static void check_kept(apr_pool_t *pool, const struct xml_element *element, bool is_inside)
{
    struct xml_element *again;
    const char *message;

    assert(!is_inside || !element->outer);
    if (element->outer) {
        struct xml_limits limits = { .elements = initial.xml_elements, .depth = initial.xml_depth };
        assert(xml_parse(pool, element->outer, strlen(element->outer), &limits, NULL, &again, &message) == 0);
        assert(strcmp(again->ns, element->ns) == 0 && strcmp(again->name, element->name) == 0);
        assert(strcmp(again->text, element->text) == 0);
        assert(!element->lang || (again->lang && strcmp(again->lang, element->lang) == 0));
    }
    for (const struct xml_element *child = element->first; child; child = child->next)
        check_kept(pool, child, is_inside || element->outer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    struct xml_element *root;
    const char *message = NULL;

    struct xml_limits limits = { .elements = initial.xml_elements, .depth = initial.xml_depth };
    apr_pool_t *pool = fuzz_begin(data, size, &in);
    int error = xml_parse(pool, in.at, in.left, &limits, keep_inner, &root, &message);
    assert(error == 0 || error == EINVAL || error == EPERM || error == E2BIG);
    if (error) {
        assert(message && *message && !strchr(message, '\n'));
        return 0;
    }
    assert(check_tree(root, 1) <= initial.xml_elements);
    check_kept(pool, root, false);
    return 0;
}
