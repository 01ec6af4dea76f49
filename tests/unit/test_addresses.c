/*
 * Addresses: how they are written, which block they are in, and whom a chain of proxies speaks for.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/addresses.h"

static struct address of(const char *text)
{
    struct address address = { { 0 } };
    if (!address_parse(text, strlen(text), &address))
        fail_msg("%s", text);
    return address;
}

static void addresses_are_read_as_headers_write_them(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "192.0.2.1", "192.0.2.1" },
        { "192.0.2.1:8080", "192.0.2.1" },
        { "2001:DB8::1", "2001:db8::1" },
        { "[2001:db8::1]", "2001:db8::1" },
        { "[2001:db8::1]:443", "2001:db8::1" },
        { "::ffff:192.0.2.1", "192.0.2.1" },
        { "::1", "::1" },
        { "::", "::" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[INET6_ADDRSTRLEN];
        struct address address = of(rows[i][0]);
        assert_string_equal(address_text(&address, text), rows[i][1]);
    }
}

static void what_is_no_address_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "unknown",
        "_hidden",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.1:",
        "192.0.2.1:x",
        "192.0.2.1:123456",
        "[192.0.2.1]",
        "[2001:db8::1",
        "2001:db8::1]",
        "[2001:db8::1]x",
        "[2001:db8::1]:",
        "[]",
        "[",
        "fe80::1%eth0",
        "1:2:3:4:5:6:7:8:9",
        " 192.0.2.1",
        "localhost",
        "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff:0000:1111:2222:3333",
    };
    const struct address before = of("198.51.100.7");
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address address = before;
        if (address_parse(rows[i], strlen(rows[i]), &address))
            fail_msg("%s", rows[i]);
        assert_memory_equal(&address, &before, sizeof before);
    }
}

static void blocks_hold_what_begins_like_them(void **state)
{
    (void)state;
    static const struct {
        const char *block, *address;
        bool is_in;
    } rows[] = {
        { "192.0.2.1", "192.0.2.1", true },
        { "192.0.2.1", "192.0.2.2", false },
        { "10.0.0.0/8", "10.255.255.255", true },
        { "10.0.0.0/8", "11.0.0.0", false },
        { "192.0.2.128/25", "192.0.2.129", true },
        { "192.0.2.128/25", "192.0.2.127", false },
        { "172.16.0.0/12", "172.31.0.1", true },
        { "172.16.0.0/12", "172.32.0.1", false },
        { "0.0.0.0/0", "203.0.113.9", true },
        { "0.0.0.0/0", "2001:db8::1", false },
        { "::/0", "2001:db8::1", true },
        { "::/0", "203.0.113.9", true },
        { "2001:db8::/33", "2001:db8:7fff::", true },
        { "2001:db8::/33", "2001:db8:8000::", false },
        { "::1", "::1", true },
        { "::1", "127.0.0.1", false },
        { "10.0.0.0/8", "::ffff:10.1.2.3", true },
        { "::ffff:10.0.0.0/104", "10.1.2.3", true },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address_list list = { .count = 0 };
        struct address address = of(rows[i].address);
        assert_true(address_list_add(&list, rows[i].block));
        if (address_is_in(&address, &list) != rows[i].is_in)
            fail_msg("%s in %s", rows[i].address, rows[i].block);
    }
}

static void odd_blocks_are_refused_and_their_number_is_bounded(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",           "10.0.0.0/33",    "::/129", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "10.0.0.0/8x",
        "10.0.0.1/8", "2001:db8::1/64", "host/8", "/8",        "[::1]/128",  "10.0.0.0:80"
    };
    struct address_list list = { .count = 0 };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        if (address_list_add(&list, rows[i]))
            fail_msg("%s", rows[i]);
    assert_int_equal(list.count, 0);
    for (unsigned i = 0; i < ADDRESS_LISTS_MAX; i++)
        assert_true(address_list_add(&list, "10.0.0.0/8"));
    assert_false(address_list_add(&list, "10.0.0.0/8"));
}

static void a_chain_of_proxies_is_followed_as_far_as_it_is_trusted(void **state)
{
    (void)state;
    static const struct {
        const char *peer, *forwarded, *client;
    } rows[] = {
        { "203.0.113.9", "192.0.2.1", "203.0.113.9" }, /* not trusted: says what it likes */
        { "10.0.0.1", NULL, "10.0.0.1" },
        { "10.0.0.1", "", "10.0.0.1" },
        { "10.0.0.1", "192.0.2.1", "192.0.2.1" },
        { "10.0.0.1", "evil, 192.0.2.1", "192.0.2.1" },
        { "10.0.0.1", "198.51.100.1, 192.0.2.1", "192.0.2.1" }, /* what the client itself sent is left */
        { "10.0.0.1", "198.51.100.1,192.0.2.1 , 10.0.0.2", "192.0.2.1" },
        { "10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3" },
        { "10.0.0.1", "192.0.2.1, unknown", "10.0.0.1" },
        { "10.0.0.1", "192.0.2.1, unknown, 10.0.0.2", "10.0.0.2" },
        { "10.0.0.1", "192.0.2.1,", "10.0.0.1" },
        { "10.0.0.1", "\"[2001:db8::7]:99\"", "10.0.0.1" },
        { "10.0.0.1", "[2001:db8::7]:99", "2001:db8::7" },
        { "10.0.0.1", "192.0.2.1:4711", "192.0.2.1" },
        { "::1", "192.0.2.1", "192.0.2.1" },
    };
    struct address_list trusted = { .count = 0 };
    assert_true(address_list_add(&trusted, "10.0.0.0/8"));
    assert_true(address_list_add(&trusted, "::1"));
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[INET6_ADDRSTRLEN];
        const struct address peer = of(rows[i].peer);
        struct address client = address_behind(&peer, rows[i].forwarded, &trusted);
        if (strcmp(address_text(&client, text), rows[i].client) != 0)
            fail_msg("%s by %s: %s", rows[i].forwarded, rows[i].peer, text);
    }
}

static void hops_are_counted(void **state)
{
    (void)state;
    char forwarded[(ADDRESS_HOPS_MAX + 10) * 9 + 32] = "192.0.2.1", text[INET6_ADDRSTRLEN];
    struct address_list trusted = { .count = 0 };
    const struct address peer = of("10.0.0.1");
    assert_true(address_list_add(&trusted, "10.0.0.0/8"));
    for (unsigned i = 0; i < ADDRESS_HOPS_MAX + 5; i++)
        memcpy(forwarded + strlen(forwarded), ",10.0.0.2", sizeof ",10.0.0.2");
    struct address client = address_behind(&peer, forwarded, &trusted);
    assert_string_equal(address_text(&client, text), "10.0.0.2");
}

static void clients_of_one_network_are_one(void **state)
{
    (void)state;
    const struct address a = of("2001:db8:1:2:3::1"), b = of("2001:db8:1:2:ffff::2"),
                         c = of("2001:db8:1:3::1"), four = of("192.0.2.1"), other = of("192.0.2.2");
    struct address x = address_network(&a, ADDRESS_CLIENT_BITS), y = address_network(&b, ADDRESS_CLIENT_BITS);
    assert_memory_equal(&x, &y, sizeof x);
    y = address_network(&c, ADDRESS_CLIENT_BITS);
    assert_memory_not_equal(&x, &y, sizeof x);
    x = address_network(&four, ADDRESS_CLIENT_BITS);
    y = address_network(&other, ADDRESS_CLIENT_BITS);
    assert_memory_equal(&x, &four, sizeof x);
    assert_memory_not_equal(&x, &y, sizeof x);
}

static void loopback_is_known(void **state)
{
    (void)state;
    static const char *const yes[] = { "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1" };
    static const char *const no[] = { "126.0.0.1", "128.0.0.1", "::", "::2", "0.0.0.0", "7f00::1" };
    for (unsigned i = 0; i < sizeof yes / sizeof *yes; i++) {
        struct address address = of(yes[i]);
        assert_true(address_is_loopback(&address));
    }
    for (unsigned i = 0; i < sizeof no / sizeof *no; i++) {
        struct address address = of(no[i]);
        assert_false(address_is_loopback(&address));
    }
}

static void addresses_come_from_sockets(void **state)
{
    (void)state;
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    struct sockaddr local = { .sa_family = AF_UNIX };
    char text[INET6_ADDRSTRLEN];
    struct address address;
    assert_true(address_of_socket((struct sockaddr *)&in, &address));
    assert_string_equal(address_text(&address, text), "192.0.2.1");
    assert_true(address_of_socket((struct sockaddr *)&in6, &address));
    assert_string_equal(address_text(&address, text), "::1");
    assert_false(address_of_socket(&local, &address));
    assert_false(address_of_socket(NULL, &address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_as_headers_write_them),
        cmocka_unit_test(what_is_no_address_is_refused_and_changes_nothing),
        cmocka_unit_test(blocks_hold_what_begins_like_them),
        cmocka_unit_test(odd_blocks_are_refused_and_their_number_is_bounded),
        cmocka_unit_test(a_chain_of_proxies_is_followed_as_far_as_it_is_trusted),
        cmocka_unit_test(hops_are_counted),
        cmocka_unit_test(clients_of_one_network_are_one),
        cmocka_unit_test(loopback_is_known),
        cmocka_unit_test(addresses_come_from_sockets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
