/*
 * Addresses of clients: blocks of them ("10.0.0.0/8"), and who it was that a proxy speaks for.
 *
 * An IPv4 address is kept as the IPv6 one that stands for it (::ffff:192.0.2.1, RFC 4291 2.5.5.2), so that there is
 * one kind of them. Life: values without memory of their own. Threads: any. Nothing here asks a name server.
 */
#ifndef HOLDFAST_ADDRESSES_H
#define HOLDFAST_ADDRESSES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define ADDRESS_LISTS_MAX   64 /* blocks in one option */
#define ADDRESS_HOPS_MAX    64 /* of X-Forwarded-For that are looked at, from the right */
#define ADDRESS_CLIENT_BITS 64 /* what one client has of IPv6: it may use any address in there */

struct address {
    unsigned char bytes[16];
};

struct address_block {
    struct address address;
    unsigned bits; /* 0 to 128 */
};

struct address_list {
    struct address_block block[ADDRESS_LISTS_MAX];
    unsigned count;
};

/* "192.0.2.1", "2001:db8::1", "[2001:db8::1]", each with ":PORT" behind it or not. */
bool address_parse(const char *text, size_t len, struct address *out);

/* "192.0.2.1", "10.0.0.0/8", "fd00::/8". False if it is none, has bits set behind the mask, or the list is full. */
bool address_list_add(struct address_list *list, const char *text);

/* False for what is no Internet address. */
bool address_of_socket(const struct sockaddr *socket, struct address *out);

const char *address_text(const struct address *address, char text[INET6_ADDRSTRLEN]);

bool address_is_in(const struct address *address, const struct address_list *list);
bool address_is_loopback(const struct address *address);

/* The first so many bits of an IPv6 address; an IPv4 address whole. */
struct address address_network(const struct address *address, unsigned bits);

/* Behind proxies: each adds at the right of X-Forwarded-For whom it was asked by. `forwarded` are the values of all
 * these headers in order, with commas between. From the right the first address that is not itself `trusted`; `peer`,
 * or the last one understood, where a word is no address. */
struct address address_behind(const struct address *peer, const char *forwarded,
                              const struct address_list *trusted);

#endif
