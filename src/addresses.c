/*
 * inet_pton decides what an address is; here are only the ways in which it is written in headers and options.
 */
#include "src/addresses.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAPPED_BITS 96 /* before the four bytes of IPv4 */

static const unsigned char mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static struct address of_ipv4(const struct in_addr *in)
{
    struct address address;
    memcpy(address.bytes, mapped_prefix, sizeof mapped_prefix);
    memcpy(address.bytes + sizeof mapped_prefix, in, 4);
    return address;
}

static bool is_ipv4(const struct address *address)
{
    return memcmp(address->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

/* The address alone; *out_is_ipv4: written as one. */
static bool parse_bare(const char *text, size_t len, struct address *out, bool *out_is_ipv4)
{
    char copy[INET6_ADDRSTRLEN];
    struct in_addr in;
    struct in6_addr in6;

    if (len >= sizeof copy)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    *out_is_ipv4 = inet_pton(AF_INET, copy, &in) == 1;
    if (*out_is_ipv4)
        *out = of_ipv4(&in);
    else if (inet_pton(AF_INET6, copy, &in6) == 1)
        memcpy(out->bytes, &in6, sizeof out->bytes);
    else
        return false;
    return true;
}

static bool is_port(const char *text, size_t len)
{
    if (len < 2 || len > 6 || *text != ':')
        return false;
    for (size_t i = 1; i < len; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    return true;
}

bool address_parse(const char *text, size_t len, struct address *out)
{
    struct address address;
    bool is_four, needs_four = false, is_bracketed = len && *text == '[';
    const char *end = is_bracketed ? memchr(text, ']', len) : memchr(text, ':', len);
    size_t behind = end ? len - (size_t)(end - text) - is_bracketed : 0;

    if (is_bracketed) {
        if (!end || (behind && !is_port(end + 1, behind)))
            return false;
        text++;
        len = (size_t)(end - text);
    } else if (end && is_port(end, behind)) {
        len -= behind;
        needs_four = true;
    }
    if (!parse_bare(text, len, &address, &is_four) || (needs_four && !is_four) || (is_bracketed && is_four))
        return false;
    *out = address;
    return true;
}

static bool has_bit(const struct address *address, unsigned bit)
{
    return address->bytes[bit / 8] & 0x80 >> bit % 8;
}

bool address_list_add(struct address_list *list, const char *text)
{
    struct address_block block;
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    bool is_four;
    char *end;

    if (list->count == ADDRESS_LISTS_MAX || !parse_bare(text, len, &block.address, &is_four))
        return false;
    unsigned long bits = is_four ? 32 : 128, max = bits;
    if (slash) {
        bits = strtoul(slash + 1, &end, 10);
        if (!isdigit((unsigned char)slash[1]) || *end || bits > max)
            return false;
    }
    block.bits = (unsigned)bits + (is_four ? MAPPED_BITS : 0);
    for (unsigned bit = block.bits; bit < 128; bit++)
        if (has_bit(&block.address, bit))
            return false;
    list->block[list->count++] = block;
    return true;
}

bool address_of_socket(const struct sockaddr *socket, struct address *out)
{
    if (socket && socket->sa_family == AF_INET)
        *out = of_ipv4(&((const struct sockaddr_in *)(const void *)socket)->sin_addr);
    else if (socket && socket->sa_family == AF_INET6)
        memcpy(out->bytes, &((const struct sockaddr_in6 *)(const void *)socket)->sin6_addr,
               sizeof out->bytes);
    else
        return false;
    return true;
}

const char *address_text(const struct address *address, char text[INET6_ADDRSTRLEN])
{
    if (is_ipv4(address))
        return inet_ntop(AF_INET, address->bytes + sizeof mapped_prefix, text, INET6_ADDRSTRLEN);
    return inet_ntop(AF_INET6, address->bytes, text, INET6_ADDRSTRLEN);
}

static bool is_within(const struct address *address, const struct address_block *block)
{
    unsigned whole = block->bits / 8, rest = block->bits % 8;

    if (memcmp(address->bytes, block->address.bytes, whole) != 0)
        return false;
    return !rest || (address->bytes[whole] ^ block->address.bytes[whole]) >> (8 - rest) == 0;
}

bool address_is_in(const struct address *address, const struct address_list *list)
{
    for (unsigned i = 0; i < list->count; i++)
        if (is_within(address, &list->block[i]))
            return true;
    return false;
}

bool address_is_loopback(const struct address *address)
{
    static const struct address one = { { [15] = 1 } };
    return memcmp(address, &one, sizeof one) == 0 ||
           (is_ipv4(address) && address->bytes[sizeof mapped_prefix] == 127);
}

struct address address_network(const struct address *address, unsigned bits)
{
    struct address network = *address;

    for (unsigned bit = bits; bit < 128 && !is_ipv4(address); bit++)
        network.bytes[bit / 8] &= (unsigned char)~(0x80 >> bit % 8);
    return network;
}

/* The last word of the list before `end`, without blanks; returns where the rest ends, NULL when that was the first. */
static const char *last_word(const char *list, const char *end, const char **out_word, size_t *out_len)
{
    const char *begin = end;
    while (begin > list && begin[-1] != ',')
        begin--;
    const char *rest = begin > list ? begin - 1 : NULL;
    while (begin < end && isspace((unsigned char)*begin))
        begin++;
    while (end > begin && isspace((unsigned char)end[-1]))
        end--;
    *out_word = begin;
    *out_len = (size_t)(end - begin);
    return rest;
}

struct address address_behind(const struct address *peer, const char *forwarded,
                              const struct address_list *trusted)
{
    struct address client = *peer;
    const char *end = forwarded ? forwarded + strlen(forwarded) : NULL;

    for (unsigned i = 0; end && i < ADDRESS_HOPS_MAX && address_is_in(&client, trusted); i++) {
        const char *word;
        size_t len;
        end = last_word(forwarded, end, &word, &len);
        if (!address_parse(word, len, &client))
            break;
    }
    return client;
}
