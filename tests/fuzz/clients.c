/*
 * Client rules and User-Agents: one treatment for everybody, of those that there are; a rule of the operator that
 * matches decides over the built-in table, and HTTP/1.0 gets no interims.
 *
 * Lines: the User-Agent, which rules (bit 0 HTTP/1.1, 1 behind a proxy, 2 Prefer, 3 no User-Agent), rules.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "src/clients.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct treatment *treatment, const struct client *client)
{
    assert(treatment->kind == BEAT_NONE || treatment->kind == BEAT_INTERIM ||
           treatment->kind == BEAT_MULTISTATUS);
    assert(treatment->cap <= CLIENTS_MAX_CAP && treatment->pace_ms >= 0 && treatment->rule);
    assert(client->http_1_1 || treatment->kind != BEAT_INTERIM);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct client_rules rules;
    struct fuzz_input in;

    apr_pool_t *pool = fuzz_begin(data, size, &in);
    const char *agent = fuzz_line(&in);
    unsigned flags = (unsigned)strtoul(fuzz_line(&in), NULL, 10);
    const struct client client = { .agent = flags & 8 ? NULL : agent,
                                   .http_1_1 = flags & 1,
                                   .has_proxy_marks = flags & 2,
                                   .prefers_processing = flags & 4 };

    rules.count = 0;
    while (in.left && rules.count < CLIENTS_MAX_RULES)
        if (clients_parse_rule(pool, fuzz_line(&in), &rules.rule[rules.count]))
            rules.count++;
    for (enum heartbeat_mode mode = HEARTBEAT_AUTO; mode <= HEARTBEAT_OFF; mode++) {
        struct treatment treatment = clients_decide(&rules, mode, &client);
        check(&treatment, &client);
        treatment = clients_decide(NULL, mode, &client);
        check(&treatment, &client);
    }
    return 0;
}
