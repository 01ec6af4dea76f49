/*
 * Addresses first: a port that is taken is the commonest reason not to start.
 */
#include "src/front.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/activation.h"
#include "src/optionrow.h"
#include "src/settings.h"

#define REDIRECT_NAME "redirect"

/* The default address is for who said nothing, in whatever way. */
static bool was_given(const struct options *o, const char *option)
{
    const struct option_row *row = option_row_find(option);
    return o->settings->all.of[row - option_rows].count > 0;
}

static int take_passed(apr_pool_t *pool, const struct options *o, struct front *front, unsigned count,
                       const char **out_message)
{
    for (unsigned i = 0; i < count; i++) {
        const char *name;
        int fd = -1;

        int error = activation_take(i, pool, &fd, &name, out_message);
        if (!error && strcmp(name, REDIRECT_NAME) == 0 && front->redirect_socket < 0) {
            front->redirect_socket = fd;
            continue;
        }
        if (!error)
            error = listeners_adopt(front->listeners, pool, fd, o->tls.cert, &front->urls[front->url_count],
                                    out_message);
        if (error)
            return error;
        front->url_count++;
    }
    return 0;
}

static int bind_given(apr_pool_t *pool, const struct options *o, struct front *front,
                      const char **out_message)
{
    for (unsigned i = 0; i < o->listen_count; i++) {
        int error = listeners_add(front->listeners, pool, o->listen[i], o->tls.cert,
                                  &front->urls[front->url_count], out_message);
        if (error)
            return error;
        front->url_count++;
    }
    return 0;
}

int front_open(apr_pool_t *pool, const struct options *o, struct front *out, const char **out_message)
{
    unsigned passed = activation_count();

    *out = (struct front){ .redirect_socket = -1 };
    int error = listeners_open(&out->listeners);
    if (error) {
        *out_message = apr_psprintf(pool, "cannot listen: %s", strerror(error));
        return error;
    }
    error = take_passed(pool, o, out, passed, out_message);
    if (!error && (!passed || was_given(o, "listen")))
        error = bind_given(pool, o, out, out_message);
    if (!error && o->redirect_listen && out->redirect_socket < 0)
        error =
            listener_bind(pool, "redirect-listen", o->redirect_listen, &out->redirect_socket, out_message);
    if (!error && out->url_count == 0) {
        *out_message = "there is no address to serve at";
        error = EINVAL;
    } else if (!error && out->redirect_socket >= 0 && !o->tls.cert) {
        *out_message = "a socket called " REDIRECT_NAME " leads to https, which needs --tls-cert";
        error = EINVAL;
    }
    if (!error && o->tls.cert)
        error = tls_open(&o->tls, pool, &out->tls, out_message);
    return error;
}

void front_close(struct front *front)
{
    listeners_free(front->listeners);
    if (front->redirect_socket >= 0)
        close(front->redirect_socket);
    tls_close(front->tls);
    *front = (struct front){ .redirect_socket = -1 };
}

unsigned front_port(const struct front *front)
{
    const char *colon = strrchr(front->urls[0], ':');
    return (unsigned)strtoul(colon + 1, NULL, 10);
}
