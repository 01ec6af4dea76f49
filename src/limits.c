/*
 * What the numbers mean where they are not the limit themselves.
 */
#include "src/limits.h"

#include <string.h>

#include "src/head.h"

unsigned limits_connections(const struct limits *limits, uint64_t descriptors)
{
    return limits->connections ? limits->connections : (unsigned)(descriptors / 2);
}

unsigned limits_per_address(const struct limits *limits, unsigned all)
{
    unsigned quarter = (all + 3) / 4;
    if (limits->connections_per_address)
        return limits->connections_per_address;
    return quarter < LIMITS_PER_ADDRESS ? quarter : LIMITS_PER_ADDRESS;
}

const char *limits_head(const struct limits *limits, const struct head *head, int *out_status)
{
    size_t fields = (size_t)apr_table_elts(head->headers)->nelts;

    if (strlen(head->target) > limits->url) {
        *out_status = 414;
        return "max-url";
    }
    if (head->size + fields * LIMITS_FIELD > limits->header) {
        *out_status = 431;
        return "max-header";
    }
    return NULL;
}

const char *limits_of_daemon(const char *line)
{
    if (strstr(line, "response code is 414"))
        return "max-url";
    return strstr(line, "response code is 431") ? "max-header" : NULL;
}
