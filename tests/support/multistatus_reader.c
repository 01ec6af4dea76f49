/*
 * On top of webdav/xmlread, so that what we write is read by what reads our clients.
 */
#include "tests/support/multistatus_reader.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static int keep_all(const struct xml_element *element)
{
    (void)element;
    return 1;
}

const struct xml_element *answer_xml(const struct answer *a)
{
    struct xml_element *root = NULL;
    const char *message = "";
    struct xml_limits limits = { .elements = 10000, .depth = 100 };
    if (xml_parse(a->pool, a->body, a->size, &limits, keep_all, &root, &message) != 0)
        fail_msg("%s in: %s", message, a->body);
    return root;
}

static const struct xml_element *multistatus(const struct answer *a)
{
    const struct xml_element *root = answer_xml(a);
    if (a->status != 207 || !xml_is_dav(root, "multistatus"))
        fail_msg("status %d: %s", a->status, a->body);
    return root;
}

unsigned response_count(const struct answer *a)
{
    unsigned count = 0;
    for (const struct xml_element *response = multistatus(a)->first; response; response = response->next)
        count += xml_is_dav(response, "response") != 0;
    return count;
}

static const struct xml_element *find_response(const struct answer *a, const char *href)
{
    const struct xml_element *found = NULL;
    for (const struct xml_element *response = multistatus(a)->first; response; response = response->next) {
        const struct xml_element *own = xml_dav_child(response, "href");
        assert_non_null(own);
        if (strcmp(own->text, href) != 0)
            continue;
        if (found)
            fail_msg("%s is there twice", href);
        found = response;
    }
    return found;
}

bool has_response(const struct answer *a, const char *href)
{
    return find_response(a, href) != NULL;
}

/* "HTTP/1.1 404 Not Found" -> 404 */
static int status_of(const struct xml_element *parent)
{
    const struct xml_element *status = xml_dav_child(parent, "status");
    return status && strncmp(status->text, "HTTP/1.1 ", 9) == 0 ? atoi(status->text + 9) : 0;
}

int response_status(const struct answer *a, const char *href)
{
    const struct xml_element *response = find_response(a, href);
    return response ? status_of(response) : 0;
}

const struct xml_element *prop_of(const struct answer *a, const char *href, const char *ns, const char *name,
                                  int *out_status)
{
    const struct xml_element *response = find_response(a, href), *found = NULL;
    if (!response)
        fail_msg("no response for %s in: %s", href, a->body);
    *out_status = 0;
    for (const struct xml_element *stat = response->first; stat; stat = stat->next) {
        const struct xml_element *props = xml_dav_child(stat, "prop");
        for (const struct xml_element *prop = props ? props->first : NULL; prop; prop = prop->next) {
            if (strcmp(prop->ns, ns) != 0 || strcmp(prop->name, name) != 0)
                continue;
            if (found)
                fail_msg("{%s}%s is there twice", ns, name);
            found = prop;
            *out_status = status_of(stat);
        }
    }
    return found;
}

int prop_status(const struct answer *a, const char *href, const char *ns, const char *name)
{
    int status;
    prop_of(a, href, ns, name, &status);
    return status;
}

const char *prop_text(const struct answer *a, const char *href, const char *ns, const char *name)
{
    int status;
    const struct xml_element *prop = prop_of(a, href, ns, name, &status);
    return prop && status == 200 ? prop->text : NULL;
}
