/*
 * What a 207 says, read the way a client does.
 *
 * The body is parsed anew for each question; one that cannot be parsed, or says the same thing twice,
 * fails the test. Results live as long as the answer.
 */
#ifndef HOLDFAST_TESTS_MULTISTATUS_READER_H
#define HOLDFAST_TESTS_MULTISTATUS_READER_H

#include "tests/support/exchange.h"
#include "webdav/xmlread.h"

/* The root element of any XML answer. */
const struct xml_element *answer_xml(const struct answer *a);

unsigned response_count(const struct answer *a);

/* Is there a response for this href? */
bool has_response(const struct answer *a, const char *href);

/* The status of a response that is only a status; 0 if there is no response or it has propstats. */
int response_status(const struct answer *a, const char *href);

/* The property's element in that response and its status; NULL and 0 if it is not there. */
const struct xml_element *prop_of(const struct answer *a, const char *href, const char *ns, const char *name,
                                  int *out_status);
int prop_status(const struct answer *a, const char *href, const char *ns, const char *name);

/* Character data of a property that was found (200); NULL if it was not. */
const char *prop_text(const struct answer *a, const char *href, const char *ns, const char *name);

#endif
